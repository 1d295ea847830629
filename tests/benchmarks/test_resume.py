"""A training that was stopped at any moment ends as if nothing had happened, bit for bit, whatever the loss and the task."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from benchmarks import cell_folder, records
from benchmarks.channel import Channel
from benchmarks.execute import PAUSED, execute
from benchmarks.lock import TakenError, cell_lock
from benchmarks.plan import Cell
from benchmarks.preparation import missing_cells, recorded_cells, retry
from gan_losses.data import load_data
from gan_losses.data.base import DataSet, Split
from gan_losses.data.store import save_dataset
from gan_losses.metrics import Place
from tests.benchmarks.conftest import SHARED

PARTS = ("train", "validation", "test")
CONTROLLED = {"optimizer": "adam", "learning_rate": 2e-4, "betas": [0.5, 0.999], "n_critic": 1}
DCGAN = {
    **SHARED,
    **CONTROLLED,
    "discriminator_norm": "group",
    "steps": 9,
    "log_every": 4,
    "eval_every": 3,
    "channels_last": True,
    "image_size": 16,
    "channels": 1,
    "loss_definition": "…",
    "data_digest": "…",
    "metrics": ["fid", "kid"],
}
CYCLEGAN = {
    **DCGAN,
    **{"channels": 3, "blocks": 1, "layers": 1, "discriminator_width": 4, "pool": 3, "batch_size": 2},
    **{"generator_norm": "instance", "discriminator_norm": "instance", "channels_last": False, "features": "random"},
    **{"schedule": "linear", "flip": True, "steps": 5, "eval_every": 2},
}


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def cell(loss: str, task: str = "dcgan", **more: object) -> Cell:
    settings, data = {"dcgan": (DCGAN, "digits"), "cyclegan": (CYCLEGAN, "shapes2stripes")}[task]
    return Cell(task, data, "controlled", loss, 3, {**settings, **more})


def few_images(data: DataSet) -> DataSet:
    return replace(data, **{part: Split({d: i[:24] for d, i in getattr(data, part).images.items()}) for part in PARTS})


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Callable[[str], Path]:
    """The stored data set of a name, at 16 pixels, with few images in its test and validation splits."""
    folder = tmp_path_factory.mktemp("stores")

    def stored(name: str) -> Path:
        if not (folder / name).exists():
            save_dataset(few_images(load_data(name, 16)), folder / name)
        return folder / name

    return stored


def stopping_at(count: int) -> Callable[[], bool]:
    """Asked to stop from the count-th time on that the training looks."""
    looks = SimpleNamespace(left=count)

    def stopping() -> bool:
        looks.left -= 1
        return looks.left < 0

    return stopping


def results(folder: Path) -> dict[str, object]:
    record = records.read_json(folder / "record.json")
    kept = {name: value for name, value in record.items() if name not in ("time", "memory", "environment")}
    return {**kept, **cell_folder.digests(folder)}


def train(cell: Cell, out: Path, store: Path, *stops: int, every: float = 0.0) -> tuple[dict[str, object], int]:
    """The results of a cell that is stopped at these moments, and how often it was."""
    out.mkdir(exist_ok=True)
    paused = 0
    for stop in stops:
        channel = Channel(stopping=stopping_at(stop))
        paused += execute(cell, out, store, Place(), None, channel, every) == PAUSED
    execute(cell, out, store, Place(), None, every=every)
    return results(out / cell.folder), paused


CASES = {
    "published critic, layer norm": cell("wgangp", discriminator_norm="layer", n_critic=2, betas=[0.0, 0.9]),
    "memory of a penalty": cell("bce+lecam"),
    "a penalty that is due now and then": cell("bce+r1:every=3"),
    "averages and augmentation": cell("lsgan", ema=0.9, augment="diffaugment"),
    "clipping and RMSprop": cell("wgan", optimizer="rmsprop"),
    "spectral norm and paired logits": cell("r3gan", discriminator_norm="spectral"),
    "batch norm, a rate that falls, flips": cell("bce", discriminator_norm="batch", schedule="decay", flip=True),
    "short floats": cell("hinge", precision="bf16"),
    "pools and cycles": cell("lsgan", "cyclegan"),
    "no adversary": cell("none", "cyclegan"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_stopped_training_ends_as_an_unbroken_one(name: str, store, tmp_path) -> None:
    case = CASES[name]
    whole, _ = train(case, tmp_path / "whole", store(case.data))
    assert whole["status"] == "done"
    for number, stops in enumerate([(6, 3, 2), (12,)]):
        broken, paused = train(case, tmp_path / str(number), store(case.data), *stops)
        assert paused == len(stops)
        assert broken == whole


def test_every_moment_will_do(store, tmp_path) -> None:
    """Between any two steps and between any two chunks of fakes, first, last and final evaluations included."""
    case = cell("bce", steps=4, eval_every=2, log_every=3, ema=0.9)
    whole, _ = train(case, tmp_path / "whole", store(case.data))
    moments = 0
    while True:
        broken, paused = train(case, tmp_path / str(moments), store(case.data), moments)
        assert broken == whole
        if not paused:
            break
        moments += 1
    assert moments >= 12


def test_random_numbers_of_a_users_own_loss_go_on_as_well(store, tmp_path, monkeypatch) -> None:
    import random

    import numpy as np

    from gan_losses.losses.cross_entropy import BCE

    def noisy(self, fake, real=None):
        noise = torch.rand(()) + random.random() + np.random.rand()  # noqa: NPY002
        return -fake.mean() * noise

    monkeypatch.setattr(BCE, "generator", noisy)
    case = cell("bce")
    whole, _ = train(case, tmp_path / "whole", store(case.data))
    broken, paused = train(case, tmp_path / "broken", store(case.data), 10)
    assert paused == 1
    assert broken == whole


def test_seconds_are_those_of_all_parts_and_breaks_are_counted(store, tmp_path) -> None:
    case = cell("bce")
    train(case, tmp_path, store(case.data), 7, 3)
    time = records.read_json(tmp_path / case.folder / "record.json")["time"]
    assert time["resumed"] == 2
    assert 0 < time["seconds_judging"] < time["seconds"]


def checkpoints(folder: Path) -> list[Path]:
    return sorted((folder / "checkpoints").glob("*.checkpoint"))


def stop_with_two(case: Cell, out: Path, store: Path) -> list[Path]:
    """A cell that was stopped twice, and its two checkpoints."""
    out.mkdir(exist_ok=True)
    for stop in (7, 3):
        assert execute(case, out, store, Place(), None, Channel(stopping=stopping_at(stop))) == PAUSED
    return checkpoints(out / case.folder)


def test_a_third_checkpoint_takes_the_place_of_the_first_and_a_record_of_all(store, tmp_path) -> None:
    case = cell("bce")
    first, second = stop_with_two(case, tmp_path, store(case.data))
    execute(case, tmp_path, store(case.data), Place(), None, Channel(stopping=stopping_at(0)))
    assert not first.exists()
    assert second in checkpoints(tmp_path / case.folder)
    assert len(checkpoints(tmp_path / case.folder)) == 2
    assert execute(case, tmp_path, store(case.data), Place(), None) == "done"
    assert not (tmp_path / case.folder / "checkpoints").exists()


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def foreign(path: Path) -> None:
    """That of another cell, whole as it is."""
    content = path.read_bytes().replace(b"seed3", b"seed4", 1)
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [flip, cut, empty, foreign])
def test_a_damaged_checkpoint_is_named_set_aside_and_the_one_before_is_used(damage, store, tmp_path) -> None:
    case, told = cell("bce"), []
    whole, _ = train(case, tmp_path / "whole", store(case.data))
    out = tmp_path / "broken"
    first, second = stop_with_two(case, out, store(case.data))
    damage(second)
    kept = second.read_bytes()
    execute(case, out, store(case.data), Place(), None, Channel(say=told.append))
    assert results(out / case.folder) == whole
    assert second.name in told[0]
    assert "set aside as" in told[0]
    assert told[1] == f"goes on after step {int(first.stem.removeprefix('step'))}"
    assert second.with_name(f"{second.name}.damaged-1").read_bytes() == kept


def test_without_a_usable_checkpoint_the_training_begins_anew(store, tmp_path) -> None:
    case, told = cell("bce"), []
    whole, _ = train(case, tmp_path / "whole", store(case.data))
    out = tmp_path / "broken"
    for path in stop_with_two(case, out, store(case.data)):
        flip(path)
    execute(case, out, store(case.data), Place(), None, Channel(say=told.append))
    assert results(out / case.folder) == whole
    assert len(told) == 2


def test_a_checkpoint_of_other_code_is_not_gone_on_from(store, tmp_path, monkeypatch) -> None:
    case, told = cell("bce"), []
    stop_with_two(case, tmp_path, store(case.data))
    monkeypatch.setattr("benchmarks.checkpoint.code_digest", lambda: "another")
    execute(case, tmp_path, store(case.data), Place(), None, Channel(say=told.append))
    assert len([line for line in told if "another version of the suite" in line]) == 2


def test_curves_with_a_torn_last_line_are_mended(store, tmp_path) -> None:
    case = cell("bce")
    whole, _ = train(case, tmp_path / "whole", store(case.data))
    out = tmp_path / "broken"
    stop_with_two(case, out, store(case.data))
    with (out / case.folder / "curves.jsonl").open("a") as file:
        file.write('{"step": 8, "te')
    execute(case, out, store(case.data), Place(), None)
    assert results(out / case.folder) == whole


def test_curves_that_were_changed_make_their_checkpoints_unusable(store, tmp_path) -> None:
    case, told = cell("bce"), []
    whole, _ = train(case, tmp_path / "whole", store(case.data))
    out = tmp_path / "broken"
    stop_with_two(case, out, store(case.data))
    path = out / case.folder / "curves.jsonl"
    path.write_text(path.read_text().replace('"step":4', '"step":5'))
    execute(case, out, store(case.data), Place(), None, Channel(say=told.append))
    assert results(out / case.folder) == whole
    assert len([line for line in told if "no longer begins with" in line]) == 2


def test_what_cannot_be_read_back_safely_is_not_saved_and_the_training_goes_on(store, tmp_path, monkeypatch) -> None:
    from gan_losses.penalties.lecam import LeCam

    value = LeCam.__call__

    def odd(self, update):
        update.memory["odd"] = SimpleNamespace()
        return value(self, update)

    case = cell("bce+lecam")
    whole, _ = train(case, tmp_path / "whole", store(case.data))
    monkeypatch.setattr(LeCam, "__call__", odd)
    broken, paused = train(case, tmp_path / "broken", store(case.data), 10)
    assert paused == 1
    assert broken == whole


def test_a_cell_that_another_process_trains_is_left_to_it(store, tmp_path) -> None:
    case = cell("bce")
    with cell_lock(tmp_path / case.folder), pytest.raises(TakenError, match=r"process [0-9]+ on "):
        execute(case, tmp_path, store(case.data), Place(), None)
    assert execute(case, tmp_path, store(case.data), Place(), None) == "done"


def test_a_cell_that_another_run_has_finished_is_not_trained_again(store, tmp_path) -> None:
    case = cell("bce")
    _, _ = train(case, tmp_path, store(case.data))
    before = (tmp_path / case.folder / "record.json").stat().st_mtime_ns
    assert execute(case, tmp_path, store(case.data), Place(), None) == "done"
    assert (tmp_path / case.folder / "record.json").stat().st_mtime_ns == before


def test_a_vanished_output_folder_is_not_made_again(store, tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match="the output folder is gone"):
        execute(cell("bce"), tmp_path / "gone", store("digits"), Place(), None)
    assert not (tmp_path / "gone").exists()


def test_an_output_folder_that_vanishes_meanwhile_is_the_disks_fault(store, tmp_path) -> None:
    case, out = cell("bce"), tmp_path / "out"
    out.mkdir()

    def vanish(step: int, terms: dict) -> None:
        shutil.rmtree(out)

    with pytest.raises(OSError, match="No such file"):
        execute(case, out, store(case.data), Place(), None, Channel(progress=vanish))
    assert not out.exists()


@pytest.mark.parametrize("error", [SystemExit(3), OSError("of its own"), FileNotFoundError(2, "gone", "mine.txt")])
def test_what_a_loss_does_costs_its_cell_alone_and_leaves_a_traceback(error, store, tmp_path, monkeypatch) -> None:
    from gan_losses.losses.cross_entropy import BCE

    def broken(self, fake, real=None):
        raise error

    monkeypatch.setattr(BCE, "generator", broken)
    case = cell("bce")
    assert execute(case, tmp_path, store(case.data), Place(), None) == "failed"
    record = json.loads((tmp_path / case.folder / "record.json").read_text())
    assert type(error).__name__ in record["reason"]
    assert "traceback.txt" in record["files"]
    assert "in broken" in (tmp_path / case.folder / "traceback.txt").read_text()
    assert missing_cells(tmp_path, [case], print) == []  # it stays so until it is asked for again


def test_a_damaged_record_is_told_once_and_its_cell_is_missing(store, tmp_path) -> None:
    """Whatever else looks at the records before: cells to be timed beside, cells to be tried again."""
    case, other, told = cell("bce"), cell("lsgan"), []
    for each in (case, other):
        train(each, tmp_path, store(case.data))
    flip(tmp_path / case.folder / "record.json")
    assert [each.loss for each in recorded_cells(tmp_path, [case, other])] == []
    retry(tmp_path, [case, other], ("failed",))
    assert missing_cells(tmp_path, [case, other], told.append) == [case]
    assert len(told) == 1
    assert "damaged and is set aside" in told[0]
    retry(tmp_path, [case, other], ("done",))
    assert missing_cells(tmp_path, [case, other], told.append) == [case, other]

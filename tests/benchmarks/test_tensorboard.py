"""What TensorBoard shows is what the records hold, and writing it changes nothing."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.metadata import parse_session_start_info_plugin_data

from benchmarks import cell_folder, events, records
from benchmarks.boards import Boards
from benchmarks.cell_folder import TENSORBOARD
from benchmarks.channel import Channel
from benchmarks.event_files import PATTERN, EventFile, histogram, scalar
from benchmarks.execute import PAUSED, execute
from benchmarks.plan import Cell
from benchmarks.run import main
from benchmarks.verification import Check
from benchmarks.verification_cells import check_cells
from gan_losses.data import load_data
from gan_losses.data.store import save_dataset
from gan_losses.metrics import Place
from tests.benchmarks.test_resume import cell, few_images, results, stopping_at
from tests.benchmarks.test_run import TINY

ROOT = Path(__file__).parent.parent.parent
CASE = cell("bce", ema=0.9)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("store") / "digits"
    save_dataset(few_images(load_data("digits", 16)), folder)
    return folder


def train(case: Cell, out: Path, store: Path, boards: Boards | None, stop: int = 10**6) -> str:
    """As a run does it: the cell tells, the boards hear it."""
    out.mkdir(exist_ok=True)

    def hear(kind: str, detail: object = None) -> None:
        if boards is not None:
            boards.take(events.Event(kind, case, detail=detail))

    channel = Channel(
        progress=lambda step, terms: hear("progress"),
        evaluated=lambda found: hear("evaluated", found),
        stopping=stopping_at(stop),
    )
    status = execute(case, out, store, Place(), None, channel)
    hear("paused" if status == PAUSED else "ended", status)
    return status


@pytest.fixture(scope="module")
def run(store, tmp_path_factory) -> Path:
    """A run of one cell, followed while it trained."""
    out = tmp_path_factory.mktemp("run") / "out"
    assert train(CASE, out, store, Boards(out)) == "done"
    return out


def board(out: Path, case: Cell = CASE) -> EventAccumulator:
    return EventAccumulator(str(out / TENSORBOARD / case.folder), {"scalars": 0, "histograms": 0, "images": 0}).Reload()


def points(shown: EventAccumulator) -> dict[str, list[tuple[int, float]]]:
    return {tag: [(point.step, point.value) for point in shown.Scalars(tag)] for tag in shown.Tags()["scalars"]}


def leaves(tree: dict, tag: str) -> Iterator[tuple[str, float]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{tag}/{name}")
        elif value is not None:
            yield f"{tag}/{name}", float(np.float32(value))


def expected(out: Path, case: Cell = CASE) -> dict[str, list[tuple[int, float]]]:
    """Every number of the curves and of the evaluations, by its tag."""
    found: dict[str, list[tuple[int, float]]] = {}
    quality = records.read_json(out / case.folder / "record.json")["quality"]
    named = {"metrics": "validation", "averaged": "validation of averaged weights", "spread": "spread"}
    per_point = {name: name for name in ("terms", "saturation", "layers")}
    for rows, names in (
        (records.read_curves(out / case.folder / "curves.jsonl"), per_point),
        (quality["along"], named),
    ):
        for row in rows:
            for name, tag in names.items():
                for leaf, value in leaves(row.get(name, {}), tag):
                    found.setdefault(leaf, []).append((row["step"], value))
    return found


def test_every_number_of_the_curves_and_evaluations_stands_at_its_step(run) -> None:
    shown, known = points(board(run)), expected(run)
    assert {"terms/adversarial_image", "layers/generator/last.weight", "spread/image"} <= set(known)
    assert {tag: shown[tag] for tag in known} == known
    rest = {tag.partition("/")[0] for tag in set(shown) - set(known)}
    results = {f"test{of}, {kind}" for of in ("", " of averaged weights") for kind in ("best", "final")}
    assert rest == {"lowest so far", "test, untrained", *results}


def test_results_and_the_lowest_so_far_are_those_of_the_record(run) -> None:
    shown, quality = points(board(run)), records.read_json(run / CASE.folder / "record.json")["quality"]
    metric = quality["selection_metric"]
    best = quality["best"]
    assert shown[f"test, best/{metric}"] == [(best["step"], np.float32(best["metrics"][metric]))]
    along = [np.float32(row["metrics"][metric]) for row in quality["along"]]
    assert [value for _, value in shown[f"lowest so far/{metric}"]] == np.minimum.accumulate(along).tolist()


def test_histograms_hold_the_counts_of_the_curves(run) -> None:
    rows = [row for row in records.read_curves(run / CASE.folder / "curves.jsonl") if row["histograms"]]
    shown = board(run).Histograms("log10 of sizes/image/slope")
    assert [point.step for point in shown] == [row["step"] for row in rows]
    for point, row in zip(shown, rows, strict=True):
        counted = row["histograms"]["image"]["slope"]
        right = {counted["low"] + counted["width"] * place: count for place, count in enumerate(counted["counts"])}
        drawn = point.histogram_value
        kept = dict(zip(drawn.bucket_limit, drawn.bucket, strict=True))
        assert kept == {edge: right[edge] for edge in kept}
        assert sum(kept.values()) == drawn.num == sum(counted["counts"]) > 0


def test_a_histogram_of_nothing_is_empty() -> None:
    assert histogram("none", -1.0, 0.5, [0, 0, 0]).histo.num == 0


def test_samples_are_the_pictures_byte_for_byte(run) -> None:
    shown = board(run).Images("samples")
    pictures = sorted((run / CASE.folder / "samples").glob("*.png"))
    assert [image.step for image in shown] == [int(path.stem.removeprefix("step")) for path in pictures]
    assert [image.encoded_image_string for image in shown] == [path.read_bytes() for path in pictures]


def test_settings_are_told_as_text_and_as_hyperparameters(run) -> None:
    metadata = board(run).summary_metadata["_hparams_/session_start_info"]
    told = parse_session_start_info_plugin_data(metadata.plugin_data.content)
    assert told.group_name == CASE.folder
    assert told.hparams["loss"].string_value == "bce"
    assert told.hparams["learning_rate"].number_value == CASE.settings["learning_rate"]
    assert told.hparams["channels_last"].bool_value is True
    assert "seconds" not in told.hparams  # None
    (text,) = board(run).Tensors("settings")
    assert json.loads(text.tensor_proto.string_val[0])["betas"] == CASE.settings["betas"]
    assert board(run).Tensors("status")[0].tensor_proto.string_val[0].strip() == b"done"


def test_nothing_of_the_run_is_changed(run, store, tmp_path) -> None:
    train(CASE, tmp_path / "plain", store, None)
    assert not (tmp_path / "plain" / TENSORBOARD).exists()
    assert results(tmp_path / "plain" / CASE.folder) == results(run / CASE.folder)


def test_what_is_trained_already_is_copied_from_its_record(run, tmp_path) -> None:
    shutil.copytree(run / CASE.folder, tmp_path / CASE.folder)
    boards = Boards(tmp_path)
    boards.take(events.Event("ended", CASE))
    assert points(board(tmp_path)) == points(board(run))
    assert [image.step for image in board(tmp_path).Images("samples")] == [0, 3, 6, 9]
    (first,) = (tmp_path / TENSORBOARD / CASE.folder).glob(PATTERN)
    Boards(tmp_path).take(events.Event("ended", CASE))
    assert list((tmp_path / TENSORBOARD / CASE.folder).glob(PATTERN)) == [first]  # once


def test_a_resumed_cell_shows_every_point_once(run, store, tmp_path) -> None:
    """Stopped with the boards closed, stopped with them killed, begun without them: all end alike."""
    boards, whole = Boards(tmp_path), points(board(run))
    assert train(CASE, tmp_path, store, None, stop=8) == PAUSED
    assert train(CASE, tmp_path, store, boards, stop=3) == PAUSED
    assert train(CASE, tmp_path, store, boards, stop=3) == PAUSED
    seen = {step for series in points(board(tmp_path)).values() for step, _ in series}
    assert 0 in seen
    assert max(seen) < 9
    assert train(CASE, tmp_path, store, Boards(tmp_path)) == "done"
    assert points(board(tmp_path)) == whole
    *older, last = sorted((tmp_path / TENSORBOARD / CASE.folder).glob(PATTERN))
    assert older
    assert [path.stat().st_size for path in older] == [0] * len(older)  # also for who reads every file there is
    assert last.stat().st_size


def test_a_viewer_that_read_the_older_file_drops_its_points(tmp_path) -> None:
    older = EventFile(tmp_path)
    for step in (1, 2, 3):
        older.write(step, [scalar("terms/a", step)])
    shown = board_of(tmp_path)
    assert points(shown)["terms/a"] == [(1, 1.0), (2, 2.0), (3, 3.0)]
    EventFile(tmp_path).write(1, [scalar("terms/a", 7.0)])
    assert points(shown.Reload())["terms/a"] == points(board_of(tmp_path))["terms/a"] == [(1, 7.0)]


def board_of(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder)).Reload()


def test_a_killed_process_leaves_what_it_wrote(tmp_path) -> None:
    code = (
        "import os, sys, pathlib; from benchmarks.event_files import *;"
        "file = EventFile(pathlib.Path(sys.argv[1]));"
        "[file.write(step, [scalar('terms/a', step)]) for step in (1, 2)]; os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    assert killed.returncode == -9
    assert points(board_of(tmp_path))["terms/a"] == [(1, 1.0), (2, 2.0)]
    (path,) = tmp_path.glob(PATTERN)
    path.write_bytes(path.read_bytes()[:-5])  # the disk was full in the middle of the last
    assert points(board_of(tmp_path))["terms/a"] == [(1, 1.0)]


def test_half_a_line_is_left_until_it_is_whole(tmp_path) -> None:
    folder = tmp_path / CASE.folder
    folder.mkdir(parents=True)
    boards, lines = Boards(tmp_path), [records.line_of({"step": step, "terms": {"a": step}}) for step in (2, 4)]
    for size in (len(lines[0]) + 9, 2 * len(lines[0])):
        (folder / "curves.jsonl").write_bytes(b"".join(lines)[:size])
        boards.take(events.Event("progress", CASE))
        if size < 2 * len(lines[0]):
            assert points(board(tmp_path))["terms/a"] == [(2, 2.0)]
    assert points(board(tmp_path))["terms/a"] == [(2, 2.0), (4, 4.0)]


def test_a_cell_that_died_keeps_its_points_and_says_why(tmp_path) -> None:
    folder = tmp_path / CASE.folder
    folder.mkdir(parents=True)
    (folder / "curves.jsonl").write_bytes(records.line_of({"step": 2, "terms": {"a": None, "share[caf\udce9]": 1e300}}))
    record = {"status": "failed", "reason": "its process\nwas killed\udcff", "step": 2}
    records.write_json(folder / "record.json", record)
    Boards(tmp_path).take(events.Event("died", CASE))
    assert points(board(tmp_path)) == {"terms/share[caf\\udce9]": [(2, float("inf"))]}
    told = board(tmp_path).Tensors("status")[0].tensor_proto.string_val[0].decode()
    assert told == "    failed: its process\n    was killed\\udcff"


def test_no_folder_of_a_board_is_taken_for_a_cell(tmp_path) -> None:
    case = cell("seeds.py:Mine")  # whose folder stands where a cell's would
    (tmp_path / case.folder).mkdir(parents=True)
    records.write_json(tmp_path / case.folder / "record.json", {"status": "skipped", "reason": "…", "step": 0})
    Boards(tmp_path).take(events.Event("ended", case))
    shutil.rmtree(tmp_path / "dcgan")
    check = Check(tmp_path)
    assert check_cells(check, {}) == 0
    assert check.findings == []
    assert list(records.find_records(tmp_path)) == []


def test_the_command_writes_boards_of_new_cells_and_of_old_ones(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("benchmarks.run.Run._report", lambda run: None)
    out = tmp_path / "out"
    call = [*TINY, "--out", str(out), "--losses", "bce", "--workers", "1"]
    assert main([*call, "--seeds", "0"]) == 0
    (before,) = records.find_records(out)
    digests, record = cell_folder.digests(before), (before / "record.json").read_bytes()
    assert main([*call, "--seeds", "0-1", "--tensorboard"]) == 0
    assert (cell_folder.digests(before), (before / "record.json").read_bytes()) == (digests, record)
    for folder in records.find_records(out):
        content = records.read_json(folder / "record.json")
        case = Cell(**content["cell"], settings=content["settings"])
        assert "tensorboard" not in case.settings
        shown, known = points(board(out, case)), expected(out, case)
        assert {tag: shown.get(tag) for tag in known} == known
    assert len(list(out.glob(f"{TENSORBOARD}/**/{PATTERN}"))) == 2


def test_a_missing_package_is_told_before_anything_is_trained(tmp_path, monkeypatch, capsys) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "tensorboard"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    for name in ("benchmarks.boards", "benchmarks.event_files"):
        monkeypatch.delitem(sys.modules, name)
    assert main([*TINY, "--out", str(tmp_path / "out"), "--tensorboard"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "--tensorboard needs the package tensorboard: pip install -e '.[tensorboard]'" in said
    assert not (tmp_path / "out").exists()

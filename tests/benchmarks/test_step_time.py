from types import SimpleNamespace

import pytest

from benchmarks import comparisons, interleaved, pairs, records, step_time
from benchmarks.plan import LossFacts, make_plan
from benchmarks.step_time import interleave, main, median_steps, needed_rounds, read_timing, step_period, variants
from tests.benchmarks.conftest import DCGAN, DIGITS, PUBLISHED, SHARED


@pytest.fixture(autouse=True)
def _whatever_the_machine_does(monkeypatch) -> None:
    """Nothing is measured here: turns are short, and none is repeated because the machine is busy."""
    monkeypatch.setattr(pairs, "LIMIT", 1.0)
    monkeypatch.setattr(interleaved, "LIMIT", 1.0)
    monkeypatch.setattr(comparisons, "INTERVAL", 10)


def test_rounds_interleave_the_losses_and_turn_round() -> None:
    calls: list[str] = []
    told: list[int] = []
    interleave([lambda index, name=name: calls.append(f"{name}{index}") for name in "AB"], 3, told.append)
    assert calls == ["A0", "B0", "B1", "A1", "A2", "B2"]
    assert told == [1, 2, 3]


def test_seeds_and_lengths_share_one_timing(cells) -> None:
    assert len(cells) == 8
    kept = variants([*cells, *(cell.with_steps(99) for cell in cells)])
    assert [(cell.recipe, cell.loss) for cell in kept] == list(dict.fromkeys((c.recipe, c.loss) for c in cells))


def test_a_timing_record_is_taken_only_when_whole(cells, tmp_path) -> None:
    path = tmp_path / "t.json"
    assert read_timing(path, cells) is None
    entries = [{"recipe": cell.recipe, "digest": cell.step_digest} for cell in variants(cells)]
    records.write_json(path, {"status": "done", "rounds": 5, "entries": entries})
    assert read_timing(path, cells, rounds=5) is not None
    assert read_timing(path, cells, rounds=6) is None
    path.write_text('{"schema": 1, "entries": [{}]}')
    assert read_timing(path, cells) is None
    records.write_json(path, {"status": "done", "rounds": 5, "entries": entries[1:]})
    assert read_timing(path, cells) is None
    records.write_json(path, {"status": "failed", "rounds": 5, "entries": entries})
    assert read_timing(path, cells) is None


def test_the_median_step_is_device_time_where_there_is_one() -> None:
    entry = {"recipe": "published", "digest": "x", "wall": [3.0, 1.0, 2.0], "device": None, "period": 1}
    gpu = {**entry, "digest": "y", "device": [0.1, 0.3, 0.2]}
    assert median_steps({"entries": [entry, gpu]}) == {("published", "x"): 2.0, ("published", "y"): 0.2}


def test_a_lazy_penalty_repeats_after_as_many_steps_as_hold_whole_intervals_of_updates() -> None:
    def period(name: str, n_critic: int) -> int:
        facts = [LossFacts(name, name, {**PUBLISHED, "n_critic": n_critic})]
        return step_period(make_plan(DCGAN, "published", [0], [SHARED], facts, DIGITS).cells[0])

    assert period("bce+r1", 1) == 1
    assert period("bce+r1:every=16", 1) == 16
    assert period("bce+r1:every=16", 5) == 16
    assert period("bce+r1:every=16", 4) == 4
    assert period("bce+r1:every=4+gp:every=6", 1) == 12


def test_a_lazy_penalty_is_timed_over_two_periods_at_least() -> None:
    facts = [LossFacts("bce+r1:every=16", "…", {**PUBLISHED, "n_critic": 1})]
    lazy = make_plan(DCGAN, "published", [0], [SHARED], facts, DIGITS).cells
    assert [needed_rounds(lazy, rounds) for rounds in (5, 40)] == [32, 40]


def test_the_typical_step_of_a_lazy_penalty_counts_the_dear_steps_by_their_share() -> None:
    entry = {"recipe": "r", "digest": "x", "wall": [5.0, 1.0, 1.0, 1.0] * 3, "device": None, "period": 4}
    assert median_steps({"entries": [entry]}) == {("r", "x"): 2.0}


@pytest.mark.parametrize(
    "what", ["--probes", "--clock", "--harness", "--memory", "--against textbook", "--against textbook --as-shipped"]
)
def test_the_comparisons_print_a_line_per_loss(what, capsys) -> None:
    small = "--losses bce,wgangp --image-size 16 --width 4 --batch-size 4 --rounds 4 --threads 1".split()
    assert main([*what.split(), *small]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "dcgan, image size 16, width 4, latents 100, batch 4, fp32" in lines[0]
    assert ("as shipped" in lines[0]) == ("--as-shipped" in what)
    assert {line.split()[0].removeprefix("dcgan/") for line in lines[1:]} == {"bce", "wgangp"}


def test_cyclegan_has_its_own_yardstick(capsys) -> None:
    small = "--task cyclegan --losses lsgan --image-size 16 --width 4 --blocks 1 --layers 1 --discriminator-width 4"
    assert main([*small.split(), "--against", "textbook", "--rounds", "4", "--threads", "1"]) == 0
    title, line = capsys.readouterr().out.splitlines()
    assert "cyclegan, image size 16, width 4, blocks 1" in title
    assert line.split()[0] == "cyclegan/lsgan"
    assert main(["--against", "textbook", "--task", "cyclegan", "--latents", "4"]) == 2
    assert "--latents is no setting of task cyclegan" in capsys.readouterr().err


def test_recipe_norm_and_updates_can_be_chosen(capsys) -> None:
    small = "--losses wgangp --image-size 16 --width 4 --batch-size 4 --rounds 2 --threads 1".split()
    chosen = "--recipe published --discriminator-norm none --n-critic 2".split()
    assert main(["--against", "textbook", *small, *chosen]) == 0
    assert "dcgan/wgangp" in capsys.readouterr().out


def test_a_precision_that_is_not_there_is_a_sentence(capsys) -> None:
    assert main(["--against", "textbook", "--precision", "tf32"]) == 2
    assert "--precision tf32: only a GPU" in capsys.readouterr().err


def test_a_loss_without_a_textbook_step_is_a_sentence(capsys) -> None:
    assert main(["--against", "textbook", "--losses", "none"]) == 2
    assert "unknown textbook loss" in capsys.readouterr().err


def test_a_disturbed_round_of_the_timing_pass_is_repeated_in_whole_periods(cells, monkeypatch) -> None:
    shares = iter([0.5, 0.0, 0.3, 0.01])

    class Shares:
        def __init__(self, device: str, threads: int) -> None:
            self.share = 0.0

        def __enter__(self) -> "Shares":
            return self

        def __exit__(self, *error: object) -> None:
            self.share = next(shares)

    class Entry:
        def __init__(self, name: str) -> None:
            self.name, self.cell, self.clock = name, cells[0], SimpleNamespace(device=SimpleNamespace(type="cpu"))
            self.samples: list[int] = []

        def step(self, index: int) -> None:
            order.append(self.name)
            self.samples.append(len(order))

        def drop(self, steps: int) -> None:
            del self.samples[-steps:]

    monkeypatch.setattr(step_time, "Contention", Shares)
    monkeypatch.setattr(step_time, "step_period", lambda cell: 2)
    order: list[str] = []
    told: list[int] = []
    entries = [Entry("A"), Entry("B")]
    found = step_time._quiet_rounds(entries, 3, told.append)
    assert found == {"contention": pytest.approx(0.005), "rejected": 4}
    assert "".join(order) == "ABBA" + "ABBA" + "BAAB" + "BAAB"
    assert [entry.samples for entry in entries] == [[5, 8, 14, 15], [6, 7, 13, 16]]
    assert told == [2, 3]


def test_a_round_that_is_never_quiet_is_kept_at_last(cells, monkeypatch) -> None:
    monkeypatch.setattr(step_time.Contention, "__exit__", lambda self, *error: setattr(self, "share", 0.9))
    calls: list[int] = []
    entry = SimpleNamespace(
        cell=cells[0],
        clock=SimpleNamespace(device=SimpleNamespace(type="cpu")),
        step=calls.append,
        drop=lambda steps: None,
    )
    found = step_time._quiet_rounds([entry], 4, lambda count: None)
    assert found == {"contention": pytest.approx(0.9), "rejected": 8}
    assert len(calls) == 3 * 4

import io
import json
import math
import os
import signal
from pathlib import Path

import pytest
import torch

from benchmarks import records
from benchmarks.delays import DelayedClock
from benchmarks.interleaved import ATTEMPTS, LIMIT, TREE, Block, Recording, Side, record
from benchmarks.step_cases import step_case
from benchmarks.step_worker import serve
from benchmarks.workers import Worker
from gan_losses.errors import UsageError
from gan_losses.timing import PHASES

SIZES = {"image_size": 16, "width": 4, "channels": 1}
DCGAN = step_case("dcgan", "bce", SIZES, 4).as_json()
LAZY = step_case("dcgan", "bce+r1:every=4", SIZES, 4).as_json()
SMALL = {"image_size": 16, "width": 4, "blocks": 1, "layers": 1, "discriminator_width": 4, "channels": 3}
CYCLEGAN = step_case("cyclegan", "lsgan", SMALL, 1).as_json()


class Fakes:
    """Workers that take 10 ms for a step, and write down what they are asked; `shares` are their turns' contentions."""

    def __init__(self, shares=lambda turn: 0.0, periods=(1,)) -> None:
        self.shares, self.periods = shares, list(periods)
        self.asked: list[tuple] = []
        self.turns = self.closed = 0

    def __call__(self, name, tree, environment) -> "FakeWorker":
        return FakeWorker(self, name)

    @property
    def blocks(self) -> list[str]:
        """The sides in the order of their turns, without the first measurements."""
        return [name for name, do, more in self.asked if do == "turn"][2:]


class FakeWorker:
    def __init__(self, shared: Fakes, name: str) -> None:
        self.shared, self.name = shared, name

    def __enter__(self) -> "FakeWorker":
        return self

    def __exit__(self, *error: object) -> None:
        self.shared.closed += 1

    def start(self, cases, threads) -> None:
        self.shared.asked.append((self.name, "start", threads))

    def answer(self):
        kind = {"kind": "cpu", "threads": 1, "torch": "2", "allocator": True}
        return {**kind, "periods": self.shared.periods}

    def ask(self, do, **more):
        self.shared.asked.append((self.name, do, more))
        if do == "end":
            return {"peak_host_bytes": len(self.shared.asked), "peak_device_bytes": None}
        if do == "delay":
            return {}
        self.shared.turns += 1
        samples = {"step": [0.01] * more["steps"]}
        return {"samples": samples, "contention": self.shared.shares(self.shared.turns)}


def fake(*names: str, **more) -> list[Side]:
    return [Side(name, (DCGAN,), **more) for name in names]


def test_sides_take_turns_and_the_order_is_reversed_in_every_other_block() -> None:
    fakes, told = Fakes(), []
    recording = record(fake("a", "b", "c"), 3, 2, told=lambda *done: told.append(done), opened=fakes)
    first = list("abccbaabc")
    assert fakes.blocks == first + first
    assert told == [(done, 6) for done in range(1, 7)]
    assert [block.launch for block in recording.blocks] == [0, 0, 0, 1, 1, 1]
    assert fakes.closed == 6


def test_a_turn_has_as_many_steps_as_fill_its_time_and_whole_periods_of_a_lazy_penalty() -> None:
    def steps(seconds: float, period: int) -> int:
        fakes = Fakes(periods=(period,))
        recording = record(fake("a", "b"), 1, 1, seconds, opened=fakes)
        assert recording.periods == {"dcgan/bce": period}
        return len(recording.blocks[0].samples["b"]["step"])

    assert [steps(0.1, 1), steps(0.001, 1), steps(0.1, 4), steps(0.001, 16)] == [10, 1, 8, 16]


def test_a_block_that_others_disturbed_is_measured_again_later() -> None:
    fakes = Fakes(shares=lambda turn: 2 * LIMIT if turn == 4 else LIMIT / 2)  # turns 1, 2: the first measurement
    recording = record(fake("a", "b"), 2, 1, opened=fakes)
    assert (recording.rejected, len(recording.blocks)) == (1, 2)
    assert recording.contention == pytest.approx(LIMIT / 2)
    assert "".join(fakes.blocks) == "ab" + "ba" + "ab"  # the repeated block keeps its order


def test_repeats_have_a_limit_and_the_least_disturbed_attempts_are_kept() -> None:
    first = 2 * ATTEMPTS  # turns of the first measurement, which is repeated too

    def shares(turn: int) -> float:
        attempt = (turn - first + 1) // 2
        return 0.9 if attempt <= 0 else {3: 0.05, 4: 0.06}.get(attempt, 0.5)

    fakes = Fakes(shares)
    recording = record(fake("a", "b"), 2, 1, opened=fakes)
    assert fakes.turns == first + 2 * 2 * ATTEMPTS
    assert (len(recording.blocks), recording.rejected) == (2, 2 * ATTEMPTS - 2)
    assert recording.contention == pytest.approx(0.055)


def test_nothing_is_rejected_where_contention_cannot_be_told() -> None:
    recording = record(fake("a", "b"), 2, 1, opened=Fakes(shares=lambda turn: None))
    assert recording.rejected == 0
    assert math.isnan(recording.contention)
    written = json.loads(json.dumps(records.finite(recording.to_json())))
    assert math.isnan(Recording.from_json(written).contention)


def test_a_delay_is_a_share_of_the_first_sides_step() -> None:
    fakes = Fakes()
    sides = [*fake("base"), *fake("slow", delay={"generator": 0.05})]
    record(sides, 1, 2, opened=fakes)
    delays = [(name, more) for name, do, more in fakes.asked if do == "delay"]
    expected = {"case": 0, "phase": "generator", "seconds": pytest.approx(0.05 * 0.01)}
    assert delays == [("slow", expected)] * 2
    assert sum(name == "base" and do == "turn" for name, do, _ in fakes.asked) == 2 + 2  # measured first once


def test_the_highest_peak_of_all_launches_is_a_fact() -> None:
    fakes = Fakes()
    recording = record(fake("a"), 1, 2, opened=fakes)
    assert recording.facts["a"]["peak_host_bytes"] == len(fakes.asked)
    assert recording.facts["a"]["peak_device_bytes"] is None


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        ([], "1 or more sides, got 0"),
        (fake("a", "a"), "differ in their names, got a, a"),
        ([Side("a", (DCGAN,)), Side("b", (LAZY,))], "a: dcgan/bce; b: dcgan/bce"),
        ([Side("a", (DCGAN, DCGAN))], "each of them once"),
        ([Side("a", ())], "got a: none"),
    ],
)
def test_sides_that_cannot_be_compared_are_a_sentence(sides, message) -> None:
    with pytest.raises(UsageError, match=message.replace("+", r"\+")):
        record(sides, 1, 1, opened=Fakes())


def test_the_figure_of_a_block_is_its_median_or_the_mean_over_a_lazy_penaltys_period() -> None:
    samples = {"a": {"step": [1.0, 5.0, 1.0, 7.0, 1.0, 6.0], "penalty": [0.0, 4.0] * 3}}
    recording = Recording(("a",), ("x",), (Block("x", 0, samples),), 0, {}, 0.0)
    assert recording.medians("x", "step", "a") == [3.0]
    lazy = Recording(("a",), ("x",), (Block("x", 0, samples),), 0, {}, 0.0, {"x": 2})
    assert lazy.medians("x", "step", "a") == [3.5]
    assert lazy.medians("x", "penalty", "a") == [2.0]
    for wrong in (("y", "step", "a"), ("x", "lunch", "a"), ("x", "step", "b")):
        with pytest.raises(UsageError, match="unknown"):
            lazy.medians(*wrong)


def test_what_is_no_recording_is_a_sentence() -> None:
    with pytest.raises(records.RecordError, match="no recording"):
        Recording.from_json({"sides": []})


def test_ours_and_the_textbooks_steps_are_recorded_in_processes_of_their_own(tmp_path) -> None:
    cases = (DCGAN, CYCLEGAN)
    plain = tuple({**case, "step": "textbook"} for case in cases)
    recording = record([Side("ours", cases), Side("textbook", plain)], 2, 1, 0.01)
    assert sorted(block.case for block in recording.blocks) == sorted(recording.cases * 2)
    for block in recording.blocks:
        ours, textbook = block.samples["ours"], block.samples["textbook"]
        assert set(ours) == {*PHASES, "step"}
        assert set(textbook) == {"step"}
        assert {len(samples) for samples in [*ours.values(), *textbook.values()]} == {len(ours["step"])}
        for parts in zip(*(ours[phase] for phase in PHASES), ours["step"], strict=True):
            assert sum(parts[:-1]) == pytest.approx(parts[-1], rel=1e-6)
    assert recording.facts["ours"]["device"]["kind"] == "cpu"
    assert recording.facts["ours"]["threads"] == 1
    assert recording.facts["ours"]["peak_host_bytes"] > 2**20
    path = tmp_path / "recording.json"
    records.write_json(path, recording.to_json())
    assert Recording.from_json(records.read_json(path, "sides")) == recording


def served(*commands: dict) -> list[dict]:
    answers = io.StringIO()
    serve([json.dumps(command) for command in commands], answers)
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def test_a_delay_lengthens_the_phase_it_is_put_into_and_no_other(monkeypatch) -> None:
    monkeypatch.setenv("GAN_LOSSES_ALLOCATOR", "default")
    seconds = 0.2
    turn = {"do": "turn", "case": 0, "steps": 3}
    start, before, _, after, end = served(
        {"do": "start", "cases": [DCGAN], "threads": 1},
        turn,
        {"do": "delay", "case": 0, "phase": "discriminator", "seconds": seconds},
        turn,
        {"do": "end"},
    )
    assert start["allocator"] is False
    assert min(before["samples"]["discriminator"]) < seconds
    assert min(after["samples"]["discriminator"]) >= seconds
    assert min(after["samples"]["step"]) >= seconds
    assert all(min(after["samples"][phase]) < seconds for phase in PHASES if phase != "discriminator")
    assert end["peak_device_bytes"] is None


def test_a_delay_comes_once_in_a_step_however_often_its_phase_begins() -> None:
    waits: list[float] = []
    clock = DelayedClock(torch.device("cpu"))
    clock._wait = waits.append
    clock.delays["penalty"] = 0.5
    for _ in range(2):
        clock.begin()
        for phase in ("data", "penalty", "generator", "penalty"):
            clock(phase)
        assert set(clock.end()) == {"data", "penalty", "generator", "step"}
    assert waits == [0.5, 0.5]


def test_every_phase_has_one_sample_per_step_and_the_lazy_penaltys_period_is_told(monkeypatch) -> None:
    monkeypatch.setenv("GAN_LOSSES_ALLOCATOR", "default")
    start, turn = served({"do": "start", "cases": [LAZY], "threads": 1}, {"do": "turn", "case": 0, "steps": 8})
    assert start["periods"] == [4]
    assert {name: len(samples) for name, samples in turn["samples"].items()} == dict.fromkeys((*PHASES, "step"), 8)


def test_what_a_worker_cannot_do_is_told_with_the_case(monkeypatch) -> None:
    monkeypatch.setenv("GAN_LOSSES_ALLOCATOR", "default")
    unknown = {**DCGAN, "task": "sudoku", "name": "sudoku/bce"}
    _, delay, task = served(
        {"do": "start", "cases": [{**DCGAN, "step": "textbook"}], "threads": 1},
        {"do": "delay", "case": 0, "phase": "penalty", "seconds": 1.0},
        {"do": "start", "cases": [unknown], "threads": 1},
    )
    assert delay == {"error": "no phase 'penalty' can be delayed: this step has none.", "case": "dcgan/bce"}
    assert task["case"] == "sudoku/bce"
    assert "unknown task 'sudoku'" in task["error"]


def test_a_loss_that_a_side_does_not_know_names_side_and_case() -> None:
    lost = {**DCGAN, "loss": "no_loss", "name": "dcgan/no_loss"}
    with pytest.raises(UsageError, match=r"side 'new', dcgan/no_loss: unknown loss 'no_loss'"):
        record([Side("new", (lost,))], 1, 1)


def test_a_tree_without_the_suite_is_a_sentence(tmp_path) -> None:
    with pytest.raises(UsageError, match=r"side 'old': .* holds no gan_losses"):
        record([Side("old", (DCGAN,), tree=tmp_path)], 1, 1)


def test_a_worker_that_dies_leaves_its_last_words(tmp_path) -> None:
    package = tmp_path / "gan_losses"
    package.mkdir()
    (package / "__init__.py").write_text("print('noise')\nraise SystemExit('this tree is broken')\n")
    with pytest.raises(UsageError, match=r"side 'new': its process ended with exit code 1: this tree is broken"):
        record([Side("new", (DCGAN,), tree=tmp_path)], 1, 1)


def other_tree(folder: Path) -> Path:
    """A tree whose `gan_losses` is this one's, but noisy."""
    package = folder / "gan_losses"
    package.mkdir()
    lines = [
        "import os, sys",
        "print('noise', flush=True)",
        "os.system('echo noise')",
        f"__path__.append({str(TREE / 'gan_losses')!r})",
    ]
    (package / "__init__.py").write_text("\n".join(lines))
    return folder


def test_a_worker_imports_its_own_tree_survives_noise_and_can_be_killed(tmp_path) -> None:
    environment = {"GAN_LOSSES_ALLOCATOR": "default"}
    with Worker("new", other_tree(tmp_path), environment) as worker:
        worker.start([DCGAN], 1)
        assert worker.answer()["allocator"] is False
        worker._errors.seek(0)
        assert worker._errors.read().splitlines().count("noise") == 2
        os.kill(worker._process.pid, signal.SIGKILL)
        with pytest.raises(UsageError, match=r"side 'new', dcgan/bce: its process was killed by SIGKILL: noise"):
            worker.ask("turn", case=0, steps=1)
    assert worker._process.poll() is not None


def test_a_worker_ends_when_the_one_who_asks_is_gone() -> None:
    with Worker("new", TREE, {}) as worker:
        worker._process.stdin.close()
        assert worker._process.wait(timeout=60) == 0

"""Checkpoints: written when they are due, checked when they are read, and never run."""

import os
import pickle
import random
from pathlib import Path

import pytest
import torch

from benchmarks import checkpoint
from benchmarks.checkpoint import Checkpoints
from benchmarks.records import DamagedError, RecordError
from benchmarks.sealed import read_sealed, write_sealed


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes as the test says."""

    class Clock:
        now = 100.0

    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: Clock.now)
    return Clock


def test_one_is_due_after_the_interval_and_before_something_long(clock, tmp_path) -> None:
    checkpoints = Checkpoints(tmp_path, "cell", 30.0, print)
    clock.now += 29
    assert not checkpoints.due()
    assert checkpoints.due(ahead=1.0)
    clock.now += 1
    assert checkpoints.due()
    checkpoints.save(1, {})
    assert not checkpoints.due()


def test_saving_takes_at_most_two_percent_however_slow_the_disk_is(clock, tmp_path, monkeypatch) -> None:
    def slow(*arguments: object) -> None:
        clock.now += 3.0

    checkpoints = Checkpoints(tmp_path, "cell", 1.0, print)
    monkeypatch.setattr(checkpoint, "write_sealed", slow)
    checkpoints.save(1, {})
    assert checkpoints.cost == 3.0
    clock.now += 149
    assert not checkpoints.due()
    clock.now += 1
    assert checkpoints.due()


def test_without_an_interval_none_is_ever_due(clock, tmp_path) -> None:
    checkpoints = Checkpoints(tmp_path, "cell", 0.0, print)
    clock.now += 1e9
    assert not checkpoints.due()


def test_a_full_disk_leaves_those_before_and_nothing_torn(tmp_path, monkeypatch) -> None:
    checkpoints = Checkpoints(tmp_path, "cell", 30.0, print)
    checkpoints.save(1, {"step": 1})

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoints.save(2, {"step": 2})
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step000001.checkpoint"]


class Trap:
    """Runs code where it is unpickled."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self):
        return Path.touch, (self.victim,)


@pytest.mark.parametrize("save", [pickle.dumps, None])
def test_no_code_of_a_checkpoint_is_run_though_its_seal_fits(save, tmp_path) -> None:
    victim, told = tmp_path / "victim", []
    checkpoints = Checkpoints(tmp_path, "cell", 30.0, told.append)
    content = pickle.dumps(Trap(victim)) if save else b""
    if not save:
        torch.save({"training": Trap(victim)}, tmp_path / "trap")
        content = (tmp_path / "trap").read_bytes()
    facts = {"kind": "checkpoint", "cell": "cell", "code": checkpoints.code, "step": 1}
    write_sealed(tmp_path / "checkpoints" / "step000001.checkpoint", facts, content)
    assert checkpoints.restore(lambda state: pytest.fail("used")) is None
    assert not victim.exists()
    assert "no state of a training" in told[0]


def test_every_flipped_bit_and_every_cut_is_found(tmp_path) -> None:
    path = tmp_path / "file"
    write_sealed(path, {"kind": "checkpoint", "cell": "a", "step": 12}, bytes(range(256)) * 4)
    whole, draw = path.read_bytes(), random.Random(0)
    for _ in range(600):
        changed = bytearray(whole)
        changed[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
        with pytest.raises((DamagedError, RecordError)):
            read_sealed(path)
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedError):
            read_sealed(path)


@pytest.mark.parametrize(
    "line", [b"", b"[]\n", b"null\n", b'{"format": "x"}\n', b"[" * 60_000, b'{"format": 1}\n', b"\xff\n"]
)
def test_what_is_no_checkpoint_is_told(line: bytes, tmp_path) -> None:
    (tmp_path / "file").write_bytes(line)
    with pytest.raises(DamagedError, match="is damaged"):
        read_sealed(tmp_path / "file")


def test_one_of_a_newer_format_is_refused(tmp_path) -> None:
    (tmp_path / "file").write_bytes(b'{"format": 2, "bytes": 0}\n')
    with pytest.raises(RecordError, match="newer than 1"):
        read_sealed(tmp_path / "file")

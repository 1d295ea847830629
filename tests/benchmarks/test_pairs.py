"""Turns, their ratios, and what is done with a disturbed one. Nothing here measures."""

from collections.abc import Iterator

import pytest

from benchmarks import pairs
from benchmarks.pairs import ATTEMPTS, Pair


class Machine:
    """A clock that steps move, and a share of time that others take in each turn."""

    def __init__(self, monkeypatch, shares: Iterator[float]) -> None:
        self.now, self.calls = 0.0, list[str]()
        monkeypatch.setattr(pairs.time, "perf_counter", lambda: self.now)
        machine = self

        class Shares:
            def __init__(self, threads: int) -> None:
                self.share = 0.0

            def __enter__(self) -> "Shares":
                return self

            def __exit__(self, *error: object) -> None:
                self.share = next(shares)
                machine.now += 100 * self.share

        monkeypatch.setattr(pairs, "Contention", Shares)

    def step(self, name: str, seconds: float):
        def run(index: int) -> None:
            self.calls.append(f"{name}{index}")
            self.now += seconds

        return run


def test_a_turn_takes_both_steps_in_turns_and_goes_on_counting(monkeypatch) -> None:
    machine = Machine(monkeypatch, iter([0.0] * 9))
    pair = Pair(machine.step("a", 2.0), machine.step("b", 3.0), steps=3, warmup=1)
    assert list(pair.ratios(2)) == [pytest.approx(1.5)] * 2
    assert machine.calls[:2] == ["a0", "b0"]
    assert machine.calls[2:8] == ["a1", "b1", "b2", "a2", "a3", "b3"]
    assert machine.calls[8:] == ["b4", "a4", "a5", "b5", "b6", "a6"]


def test_a_disturbed_turn_is_thrown_away_and_repeated(monkeypatch) -> None:
    machine = Machine(monkeypatch, iter([0.0, 0.5, 0.0, 0.3, 0.0]))
    pair = Pair(machine.step("a", 2.0), machine.step("b", 3.0), steps=1, warmup=0)
    assert len(list(pair.ratios(3))) == 3
    assert pair.rejected == 2


def test_where_it_is_never_quiet_the_least_disturbed_are_taken(monkeypatch) -> None:
    shares = [0.9, 0.3, 0.8, 0.7, 0.6, 0.5]
    machine = Machine(monkeypatch, iter(shares))
    taken: list[float] = []
    pair = Pair(lambda index: None, lambda index: None, steps=1, warmup=0)
    monkeypatch.setattr(pair, "_turn", lambda: taken.append(0.0) or float(len(taken)))
    assert ATTEMPTS == 3
    assert list(pair.ratios(2)) == [2.0, 6.0]  # the second attempt was the quietest of the first five, then the last
    assert pair.rejected == 4
    assert not machine.calls

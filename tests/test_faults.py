import shutil
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from benchmarks import records

if sys.platform != "linux":
    pytest.skip("the harness finds processes by what Linux tells of them", allow_module_level=True)

from tests.faults.comparison import differences, leftovers, lost, snapshot, whole_records
from tests.faults.kinds import KINDS
from tests.faults.moments import EVENTS, Moment, Watch, draw, still_expected
from tests.faults.planning import plan
from tests.faults.rounds import Round, table
from tests.faults.scene import Reference, Scene, make_reference
from tests.faults.series import complete, strike

CELL = "dcgan/digits/controlled/bce/seed0-00000000"
RECORD = {
    "status": "done",
    "step": 40,
    "quality": {"best": {"step": 40, "metrics": {"kid[digits]": 0.125}}, "along": [{"step": 20}, {"step": 40}]},
    "environment": {"torch": "2.13.0", "commit": "a"},
    "memory": {"peak_host_bytes": 1},
    "time": {"seconds": 1.0},
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    out = tmp_path / "run"
    (out / CELL).mkdir(parents=True)
    records.write_json(out / CELL / "record.json", RECORD)
    records.write_bytes(out / CELL / "curves.jsonl", b'{"step":20}\n{"step":40}\n')
    records.write_bytes(out / CELL / "samples" / "step000040.png", b"picture")
    records.write_json(out / "losses.json", {"losses": [{"name": "bce"}]})
    records.write_json(out / "run.json", {"command": "a", "options": {}, "cells": [CELL]})
    return out


def rewrite(run: Path, **changed: object) -> None:
    records.write_json(run / CELL / "record.json", {**RECORD, **changed})


def test_a_run_equals_itself(run: Path) -> None:
    assert len(snapshot(run)) == 5
    assert differences(snapshot(run), snapshot(run)) == []


def test_time_memory_and_commit_may_differ(run: Path) -> None:
    before = snapshot(run)
    rewrite(run, time={"seconds": 9.0, "resumed": 3}, memory={}, environment={"torch": "2.13.0", "commit": "b"})
    assert differences(before, snapshot(run)) == []


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        (
            {"quality": {**RECORD["quality"], "best": {"step": 40, "metrics": {"kid[digits]": 0.1250001}}}},
            "kid[digits]",
        ),
        ({"quality": {**RECORD["quality"], "along": [{"step": 20}]}}, ".quality.along"),
        ({"quality": {**RECORD["quality"], "along": [{"step": 20}, {"step": 41}]}}, ".along[1].step"),
        ({"status": "collapsed"}, ".status"),
        ({"step": 40.0}, ".step"),
        ({"fault": {"kind": "stalled"}}, ".fault"),
        ({"environment": {"torch": "2.14.0"}}, ".environment.torch"),
    ],
)
def test_a_changed_value_of_a_record_is_named(run: Path, changed: dict[str, object], place: str) -> None:
    before = snapshot(run)
    rewrite(run, **changed)
    (line,) = differences(before, snapshot(run))
    assert line.startswith(f"{CELL}/record.json")
    assert place in line


@pytest.mark.parametrize("name", [f"{CELL}/curves.jsonl", f"{CELL}/samples/step000040.png", "losses.json"])
def test_a_changed_a_missing_and_a_new_file_are_named(run: Path, name: str) -> None:
    before = snapshot(run)
    (run / name).write_bytes((run / name).read_bytes() + b"x")
    assert [line.partition(":")[0] for line in differences(before, snapshot(run))] == [name]
    (run / name).unlink()
    assert differences(before, snapshot(run)) == [f"{name}: missing"]
    assert differences(snapshot(run), before) == [f"{name}: not in the unbroken run"]


def test_a_record_is_lost_if_it_is_gone_damaged_or_another(run: Path) -> None:
    held = whole_records(run)
    assert list(held) == [CELL]
    assert lost(held, run) == []
    rewrite(run, step=41)
    assert lost(held, run) == [CELL]
    (run / CELL / "record.json").write_text("{")
    assert lost(held, run) == [CELL]
    assert whole_records(run) == {}
    (run / CELL / "record.json").unlink()
    assert lost(held, run) == [CELL]


def test_failed_cells_are_to_be_trained_again_and_so_not_held(run: Path) -> None:
    rewrite(run, status="failed")
    assert whole_records(run) == {}


def test_leftovers_and_held_locks_are_named(run: Path, tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    assert leftovers(run) == []
    (run / CELL / ".maps.json.x1.tmp").touch()
    (run / ".report.abc").mkdir()
    records.write_bytes(run / CELL / "checkpoints" / "step000020.checkpoint", b"")
    (tmp_path / "locks").mkdir()
    with (tmp_path / "locks" / "some.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        found = leftovers(run, tmp_path / "locks")
    assert [line.rpartition("/")[2] for line in found] == [
        ".report.abc: left behind",
        ".maps.json.x1.tmp: left behind",
        "step000020.checkpoint: a checkpoint of a finished cell",
        "some.lock: a lock that is held",
    ]


def test_every_kind_is_dealt_equally_often_and_the_same_for_a_seed() -> None:
    series = plan(list(KINDS), 3 * len(KINDS), Random(5))
    dealt = [kind for one in series for kind in one]
    assert {kind: dealt.count(kind) for kind in KINDS} == dict.fromkeys(KINDS, 3)
    assert series == plan(list(KINDS), 3 * len(KINDS), Random(5))
    assert not any(KINDS[kind].completes for one in series for kind in one[:-1])


def test_a_watch_counts_what_appears_from_its_beginning(run: Path) -> None:
    watch = Watch(run)
    (run / CELL / "checkpoints").mkdir()
    (run / CELL / "checkpoints" / ".step000020.checkpoint.abc.tmp").touch()
    (run / ".report.abc" / "figures").mkdir(parents=True)
    (run / ".report.abc" / "report.md").touch()
    watch.look()
    watch.look()
    assert watch.counts == {"checkpoint": 1, "report": 1}


def test_moments_are_drawn_over_the_time_and_from_what_has_been_seen() -> None:
    seen = Watch(Path("nowhere")).counts
    seen.update({"sample": 2})
    moments = [draw(Random(seed), 10.0, seen) for seed in range(60)]
    assert {moment.event for moment in moments} == {None, "sample"} < {None, *EVENTS}
    assert {moment.occurrence for moment in moments if moment.event} == {1, 2}
    assert all(0 <= moment.seconds <= 10 for moment in moments)


def test_a_continued_run_promises_less_than_the_whole_one(run: Path) -> None:
    whole = Counter({"ladder": 1, "timing": 2, "sample": 16, "report": 2})
    assert still_expected(whole, 0.5, run) == {"ladder": 1, "timing": 1, "sample": 4, "report": 1}
    records.write_json(run / "ladders" / "digits-16.json", {})
    assert draw(Random(0), 1.0, still_expected(whole, 1.0, run), ("ladder", "sample")).event is None


def test_the_table_counts_missed_strikes_apart() -> None:
    rounds = [Round(0, "short", "kill_all", Moment()), Round(0, "short", "kill_all", Moment(), missed=True)]
    rounds[0].lost.append(CELL)
    assert table(rounds).splitlines()[1].split() == ["kill_all", "1", "1", "0", "0", "1"]


def test_a_run_survives_a_kill_a_signal_and_company(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("f")  # short: sockets lie below
    unknown = Reference({}, 2, 60.0, 60.0, Counter())
    scene = Scene("short", home / "s", home / "s" / "run", Random(1), unknown)
    rounds = [
        Round(0, "short", "kill_all", Moment(event="checkpoint", occurrence=3)),
        Round(0, "short", "terminate", Moment(event="curves")),
        Round(0, "short", "two_runners", Moment()),
    ]
    with ThreadPoolExecutor() as beside:
        unbroken = beside.submit(make_reference, "short", home / "r", again=False)
        for one in rounds:
            strike(scene, one)
        scene.reference = unbroken.result()
    complete(scene, rounds)
    assert not any(one.missed for one in rounds)
    assert [line for one in rounds for line in (one.lost, one.changed, one.unexpected) if line] == []
    shutil.rmtree(home)

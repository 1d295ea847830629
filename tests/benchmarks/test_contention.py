import time

import pytest

from benchmarks import contention
from benchmarks.contention import TICK, Contention, Reading, read, share


@pytest.mark.parametrize(("own", "lost"), [(2.0, 0.0), (1.5, 0.25), (0.0, 1.0), (2.1, 0.0)])
def test_one_thread_has_lost_what_it_lacks_of_the_wall_time(own: float, lost: float) -> None:
    assert share(Reading(5.0, 1.0, 0.0), Reading(7.0, 1.0 + own, own), cores=8) == pytest.approx(lost)


def test_several_threads_have_lost_the_time_for_which_they_waited_though_they_spun() -> None:
    before, after = Reading(0.0, 0.0, 0.0, waited=3.0), Reading(2.0, 4.0, 4.0, waited=3.5)
    assert share(before, after, cores=2, threads=2) == pytest.approx(0.25)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_neighbour_on_another_core_counts_by_its_share_of_all_cores(threads: int) -> None:
    before, after = Reading(0.0, 1.0, 10.0), Reading(2.0, 3.0, 10.0 + 2.0 + 1.0 + TICK)
    assert share(before, after, cores=4, threads=threads) == pytest.approx(1 / 4 / 2)


def test_a_tick_of_the_counters_is_no_neighbour() -> None:
    assert share(Reading(0.0, 0.0, 0.0), Reading(0.1, 0.1, 0.11), cores=2) == 0
    assert share(Reading(0.0, 0.0, 0.0), Reading(0.1, 0.1, 0.09), cores=2) == 0


def test_a_share_stays_between_nothing_and_all() -> None:
    assert share(Reading(0.0, 0.0, 0.0, 0.0), Reading(1.0, 0.0, 0.0, 3.0), cores=2, threads=2) == 1
    assert share(Reading(1.0, 1.0, 1.0), Reading(1.0, 1.0, 1.0), cores=2) == 0


def test_the_block_between_two_readings_is_judged() -> None:
    asked: list[int] = []
    readings = [Reading(0.0, 0.0, 0.0, 0.0), Reading(1.0, 2.0, 2.0, 0.125)]

    def clocks(threads: int) -> Reading:
        asked.append(threads)
        return readings[len(asked) - 1]

    with Contention("cpu", 2, clocks) as watched:
        assert watched.share is None
    assert watched.share == pytest.approx(0.125)
    assert asked == [2, 2]


def test_nothing_is_said_of_a_gpu() -> None:
    with Contention("cuda") as watched:
        time.sleep(0.001)
    assert watched.share is None


def test_a_process_that_sleeps_reads_as_disturbed() -> None:
    with Contention() as watched:
        time.sleep(0.05)
    assert watched.share is not None
    assert watched.share > 0.5


def test_the_clocks_run_forward() -> None:
    first, second = read(), read()
    assert second.wall > first.wall
    assert second.own >= first.own
    assert second.busy >= first.busy > 0


def test_waiting_is_read_for_several_threads_where_the_system_tells(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(contention, "TASKS", tmp_path / "missing")
    assert read(threads=2).waited is None
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "schedstat").write_text("10 2000000000 3\n")
    monkeypatch.setattr(contention, "TASKS", tmp_path)
    assert read(threads=2).waited == 2.0
    assert read(threads=1).waited is None

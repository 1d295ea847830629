from dataclasses import replace

import numpy as np
import pytest

from benchmarks import records
from benchmarks.experiments import calibration
from benchmarks.experiments.calibration import HANDICAPPED, Settings, examine, measure
from benchmarks.experiments.workplace import Workplace
from reports.verdicts import judge

SUITES = 150


@pytest.fixture
def pool(tmp_path, monkeypatch):
    """Runs whose truth is known: normal log qualities with a part that seeds have in common."""
    random = np.random.default_rng(0)
    common = random.normal(0, 0.05, 60)
    centres = {"bce": 2.5, "lsgan": 2.55, "wgangp": 2.4, HANDICAPPED: 2.9}
    values = {
        loss: {"best": np.exp(centre + common + random.normal(0, 0.1, 60)).tolist()} for loss, centre in centres.items()
    }
    path = tmp_path / "pool.json"
    records.write_json(path, {"values": values})
    monkeypatch.setattr(calibration, "RECORDED", path)
    return str(path)


def rate(piece, name):
    return piece[name]["sum"] / piece[name]["of"]


def test_sound_verdicts_pass(pool, tmp_path):
    found = examine(pool, 8, SUITES)
    assert found["alarm"]["of"] == SUITES
    assert 0 <= rate(found, "alarm") <= 0.10
    assert rate(found, "power") >= 0.75
    assert 0.90 <= rate(found, "covered_clones") <= 1
    assert rate(found, "noticed") == 1
    assert rate(found, "wrongly_equivalent") <= 0.10


def always(word):
    def change(values, **options):
        return [replace(verdict, word=word) for verdict in judge(values, **options)]

    return change


@pytest.mark.parametrize(
    ("word", "missed"),
    [("better", "told apart"), ("undecided", "power"), ("equivalent", "called equivalent")],
)
def test_a_tool_that_always_says_the_same_is_found_out(pool, tmp_path, monkeypatch, word, missed):
    monkeypatch.setattr(calibration, "judge", always(word))
    monkeypatch.setattr(Workplace, "map", lambda self, function, pieces: [function(**piece) for piece in pieces])
    result = measure(Settings(suites=40, counts=(8,)), Workplace(tmp_path / "place"))
    assert [check.what for check in result.checks if missed in check.what and not check.met]


def test_intervals_that_are_too_narrow_are_found_out(pool, monkeypatch):
    def narrow(values, **options):
        found = judge(values, **options)
        return [replace(each, low=each.ratio * 0.99, high=each.ratio * 1.01) for each in found]

    monkeypatch.setattr(calibration, "judge", narrow)
    found = examine(pool, 8, 40)
    assert rate(found, "covered_clones") < 0.6
    assert rate(found, "covered_pairs") < 0.6


def test_clones_never_share_a_run():
    chosen = np.concatenate(calibration._disjoint(60, 20, np.random.default_rng(0)))
    assert sorted(chosen) == list(range(60))
    with pytest.raises(ValueError, match="63 runs are needed"):
        calibration._disjoint(60, 21, np.random.default_rng(0))


def test_luck_is_the_share_of_pairs_that_far_apart():
    found = calibration._luck(np.log(np.array([1.0, 1.04, 1.3])))
    assert found == {"5 %": pytest.approx(2 / 3), "10 %": pytest.approx(2 / 3), "20 %": pytest.approx(2 / 3)}
    assert calibration._luck(np.log(np.array([1.0, 1.04])))["5 %"] == 0

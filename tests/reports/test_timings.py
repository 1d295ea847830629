import json

import numpy as np
import pytest

from benchmarks.records import read_json, typical_step, write_json
from reports.loading import load
from reports.panels import make_panels
from reports.timings import step_seconds, step_spread, step_times

ONE = ("controlled",)


def times_with(folder, **entries):
    """The step times of a run whose timing entries were changed: loss -> what of its entry."""
    path = folder / "timing" / "test-cpu.json"
    timing = read_json(path)
    for entry in timing["entries"]:
        entry |= entries.get(entry["loss"], {})
    write_json(path, timing)
    run = load(folder)
    panel = make_panels(run)[0]
    return {time.loss: time for time in step_times(run, panel)}, step_seconds(run, panel)


@pytest.mark.parametrize(("period", "expected"), [(1, 1.0), (2, 2.0), (4, 2.0), (8, 2.0)])
def test_the_typical_step_counts_every_step_of_the_period(period, expected):
    assert typical_step([1.0, 1.0, 1.0, 5.0] * 6, period) == expected


def test_a_disturbance_does_not_count_in_the_typical_step():
    samples = [1.0, 1.0, 1.0, 5.0] * 6
    samples[8], samples[11] = 100.0, 900.0
    assert typical_step(samples, 4) == 2.0


def test_steps_without_samples_are_left_out_of_the_typical_step():
    assert typical_step([2.0, 4.0], 16) == 3.0


@pytest.mark.parametrize(("samples", "period"), [([], 1), ([], 4), ([1.0], 0)])
def test_a_typical_step_of_nothing_is_refused(samples, period):
    with pytest.raises(ValueError, match="one or more samples"):
        typical_step(samples, period)


@pytest.mark.parametrize("period", [1, 3, 5])
def test_the_middle_of_the_spread_is_the_typical_step(period):
    samples = np.random.default_rng(period).gamma(2.0, size=32)
    middle, lower, upper = step_spread(samples, period)
    assert middle == pytest.approx(typical_step(list(samples), period))
    parts = [np.quantile(samples[first::period], [0.25, 0.75]) for first in range(period)]
    np.testing.assert_allclose([lower, upper], np.mean(parts, axis=0))
    assert lower < middle < upper


def test_every_figure_of_a_lazy_penalty_is_of_the_typical_step(make_run):
    folder = make_run(("bce", "bce+r1"), 1, recipes=ONE)
    wall, part = [1.0, 1.0, 1.0, 3.0] * 5, [0.5, 0.5, 0.5, 2.5] * 5
    phases = {"discriminator": {"wall": part, "device": None}}
    lazy = {"wall": wall, "period": 4, "phases": phases, "device": None}
    times, seconds = times_with(folder, **{"bce": {"wall": [0.5] * 20}, "bce+r1": lazy})
    time = times["bce+r1"]
    assert seconds == {"bce": 0.5, "bce+r1": 1.5}
    assert time.wall() == (1.5, 1.5, 1.5)
    assert time.phases() == {"discriminator": 1.0}
    assert time.per_update() == 1.5
    assert time.per_thousand() == 1000 * 1.5 / 64
    assert time.ratio() == (3.0, 3.0, 3.0)
    times, seconds = times_with(folder, **{"bce+r1": {"device": [0.1, 0.1, 0.1, 0.5] * 5}})
    assert times["bce+r1"].device_time() == pytest.approx((0.2, 0.2, 0.2))
    assert seconds["bce+r1"] == pytest.approx(0.2)


def test_a_drift_cancels_in_the_ratio_of_lazy_penalties(make_run):
    folder = make_run(("bce", "lsgan", "lsgan+r1"), 1, recipes=ONE)
    drift = np.linspace(1, 3, 24)
    walls = {"lsgan": 2 * drift, "lsgan+r1": drift * np.array([1.0, 1.0, 4.0] * 8), "bce": drift}
    own = {loss: {"wall": list(wall), "period": 3 if "+" in loss else 1} for loss, wall in walls.items()}
    times, _ = times_with(folder, **own)
    np.testing.assert_allclose(times["lsgan+r1"].ratio(), [2.0, 2.0, 2.0])
    np.testing.assert_allclose(times["lsgan"].ratio(), [2.0, 2.0, 2.0])


def test_a_lazy_reference_is_brought_to_its_typical_step(make_run):
    folder = make_run(("bce+r1", "lsgan"), 1, recipes=ONE)
    lazy = [1.0, 3.0] * 10
    times, _ = times_with(folder, **{"bce+r1": {"wall": lazy, "period": 2}, "lsgan": {"wall": [3.0] * 20}})
    # Round by round the ratios are 3 and 1; of the typical steps it is 3 / 2.
    assert times["bce+r1"].ratio() == (1.0, 1.0, 1.0)
    assert times["lsgan"].ratio() == (1.5, 1.5, 1.5)


def test_records_without_a_period_have_plain_medians(run, run_folder):
    entries = json.loads((run_folder / "timing" / "test-cpu.json").read_text())["entries"]
    assert not any("period" in entry for entry in entries)
    time = step_times(run, make_panels(run)[0])[0]
    np.testing.assert_allclose(time.wall(), np.quantile(time.entry["wall"], [0.5, 0.25, 0.75]))
    assert time.period == 1

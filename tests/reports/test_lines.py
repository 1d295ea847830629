import json
from statistics import median

import pytest

from benchmarks.records import write_json
from reports.lines import lines, lines_of
from reports.loading import load
from reports.panels import make_panels
from reports.targets import attempts, targets
from reports.timings import step_seconds

ONE = ("controlled",)


def declare(folder, value):
    request = json.loads((folder / "run.json").read_text())
    request["options"]["target"] = {"fid[digits]": value}
    write_json(folder / "run.json", request)
    return load(folder)


def test_the_line_on_seconds_is_of_the_median_run(make_run) -> None:
    run = declare(make_run(("bce", "wgangp"), 6, recipes=ONE), 40.0)
    panel = make_panels(run)[0]
    [target] = targets(run, panel)
    each = step_seconds(run, panel)
    middles = {
        loss: each[loss] * sorted(attempt.steps for attempt in attempts(panel, loss, target))[2]
        for loss in panel.losses
    }
    assert middles["bce"] == pytest.approx(
        each["bce"] * median(attempt.steps for attempt in attempts(panel, "bce", target)), rel=1e-9
    )
    words = lines_of(run, panel)[-1].words
    assert "fid[digits] of 40.0 on validation (declared)" in words
    assert f"times the {middles['bce']:.3g}" in words
    assert f"wgangp {middles['wgangp'] / middles['bce']:.3g}" in words


def test_a_target_that_an_untrained_generator_reaches_is_no_measure_of_time(make_run) -> None:
    run = declare(make_run(("bce", "lsgan"), 6, recipes=ONE), 1e6)
    assert not any("seconds of steps" in line.words for line in lines(run, make_panels(run)))


def test_every_verdict_can_be_copied_with_what_it_rests_on(run) -> None:
    found = lines(run, make_panels(run))
    judged = [line for line in found if " than " in line.words or "undecided" in line.words]
    assert len(judged) == 6
    for line in judged:
        assert "Passport:\nextractor: digits" in line.copied
        assert "@software{gan-losses" in line.copied
    assert found[0].words.startswith("controlled: ")

import re
from dataclasses import replace
from math import exp, floor, log
from statistics import median

import pytest

from benchmarks.records import typical_step
from reports.asking.budget import buy, chosen, judged, on_test, untrained
from reports.asking.spending import seconds_of, spend
from reports.asking.words import AskError, unmarked
from reports.families import family
from reports.panels import make_panels
from reports.text import number
from reports.timings import step_times
from reports.wording import sentences

FID, KID = "fid[digits]", "kid[digits]"


@pytest.fixture(scope="module")
def panel(run):
    """Controlled: lsgan diverged in seed 7."""
    return make_panels(run)[0]


@pytest.fixture(scope="module")
def times(run, panel):
    return {time.loss: time for time in step_times(run, panel)}


def one_line(text):
    return " ".join(text.split())


def purchases(panel, times, seconds, metric=FID):
    return [buy(panel, time, seconds, metric) for time in times.values()]


def test_the_steps_are_those_that_fit_into_the_seconds(panel, times):
    for loss, time in times.items():
        typical = typical_step(time.entry["wall"], 1)
        for seconds in (1.0, 2.5, 60.0):
            assert buy(panel, time, seconds, FID).steps == floor(seconds / typical), loss


def test_the_state_is_the_one_that_the_records_rule_chose_by_then(panel, times):
    found = buy(panel, times["bce"], 2.5, FID)
    for cell in panel.of("bce"):
        rows = [row for row in cell.quality["along"] if 0 < row["step"] <= found.steps]
        lowest = min(rows, key=lambda row: row["metrics"][KID])
        assert found.values[cell.seed] == lowest["metrics"][FID]
        assert found.at[cell.seed] == lowest["step"]
    assert found.middle == median(found.values.values())


def with_along(cell, *values, name=KID, **quality):
    """The cell with such a selection: (step, kid, fid) each."""
    rows = [
        {"step": step, "discriminator_updates": step, "images": step, "metrics": {KID: kid, FID: fid}}
        for step, kid, fid in values
    ]
    own = {**cell.quality, "selection_metric": name, "along": rows, **quality}
    return replace(cell, record={**cell.record, "quality": own})


def test_a_distance_that_is_shown_does_not_choose(panel):
    cell = with_along(panel.cells[0], (0, 0.0, 0.0), (50, 0.3, 2.0), (100, 0.2, 9.0), (150, 0.2, 1.0), (200, 0.1, 1.0))
    assert [row and row["step"] for row in (chosen(cell, steps) for steps in (0, 49, 50, 120, 199, 200))] == [
        None,
        None,
        50,
        100,
        100,
        200,
    ]


def test_the_mean_of_the_domains_chooses_and_what_is_not_finite_does_not(panel):
    cell = panel.cells[0]
    rows = [
        {"step": 1, "discriminator_updates": 1, "images": 1, "metrics": {"kid@a": 0.1, "kid@b": 0.5}},
        {"step": 2, "discriminator_updates": 2, "images": 2, "metrics": {"kid@a": 0.2, "kid@b": 0.2}},
        {"step": 3, "discriminator_updates": 3, "images": 3, "metrics": {"kid@a": 0.0, "kid@b": None}},
    ]
    own = replace(cell, record={**cell.record, "quality": {"selection_metric": "kid", "along": rows}})
    assert chosen(own, 9)["step"] == 2
    unnamed = replace(cell, record={**cell.record, "quality": {"along": rows}})
    assert chosen(unnamed, 9) is None


def test_values_on_test_stand_only_where_the_state_is_the_best_of_the_training(panel, times):
    early, late = purchases(panel, times, 2.5), purchases(panel, times, 60.0)
    assert on_test(early) == []
    assert all(not each.tested for each in early)
    for each in on_test(late):
        best = {cell.seed: cell.metrics("best")[FID] for cell in panel.scored(each.loss)}
        assert {seed: value for seed, value in each.values.items() if value == value} == best


def test_a_budget_beyond_the_trainings_gives_the_reports_own_verdicts(run, panel, times):
    late = on_test(purchases(panel, times, 600.0))
    ceiling = median(cell.metrics("untrained")[FID] for cell in panel.cells if cell.quality)
    assert judged(run, panel, FID, late, ceiling).verdicts == family(run, panel, FID, "best").verdicts


def on_test_worse(cell):
    """The cell with three times its distance on test, if it is of bce."""
    best = cell.quality.get("best")
    if best is None or cell.loss != "bce":
        return cell
    metrics = {**best["metrics"], FID: 3 * best["metrics"][FID]}
    return replace(cell, record={**cell.record, "quality": {**cell.quality, "best": {**best, "metrics": metrics}}})


def test_the_sentences_are_of_the_values_that_stand(run, panel, times):
    unlike = replace(run, cells=tuple(map(on_test_worse, run.cells)))
    published = one_line(spend(unlike, 600.0).partition("recipe published")[2])
    report = sentences(family(unlike, make_panels(unlike)[1], FID, "best"))
    assert report != sentences(family(run, make_panels(run)[1], FID, "best"))
    assert all(unmarked(words) in published for words in report)
    early = sentences(judged(run, panel, FID, purchases(panel, times, 2.5), untrained(panel, FID)))
    assert all(unmarked(words) in one_line(spend(run, 2.5)) for words in early)


def test_a_failure_counts_as_the_worst_and_what_was_not_evaluated_is_in_no_pair(run, panel, times):
    bought = purchases(panel, times, 2.5)
    assert {each.loss: sum(value != value for value in each.values.values()) for each in bought} == {
        "bce": 0,
        "lsgan": 1,
        "wgangp": 0,
    }
    found = judged(run, panel, FID, bought, untrained(panel, FID))
    pair = next(verdict for verdict in found.verdicts if (verdict.first, verdict.second) == ("bce", "lsgan"))
    assert (pair.n, pair.failed) == (8, (0, 1))
    ours, theirs = (next(each.values for each in bought if each.loss == name) for name in ("bce", "lsgan"))
    worst = untrained(panel, FID)
    logs = [log(ours[seed] / (theirs[seed] if theirs[seed] == theirs[seed] else worst)) for seed in range(8)]
    assert pair.ratio == pytest.approx(exp(sum(logs) / 8))
    none = judged(run, panel, FID, [*bought[:2], replace(bought[2], values={})], worst)
    assert none.left_out == ("wgangp",)
    assert len(none.verdicts) == 1


def test_half_of_the_seeds_failed_is_no_median(panel, times):
    bought = buy(panel, times["lsgan"], 2.5, FID)
    failing = replace(bought, values={0: float("nan"), 1: float("nan"), 2: 3.0})
    assert failing.middle == float("inf")


def test_the_answer_names_the_best_median_and_what_the_seeds_say(run, panel, times):
    text = one_line(spend(run, 2.5).partition("recipe published")[0])
    middles = {each.loss: each.middle for each in purchases(panel, times, 2.5)}
    best = min(middles, key=middles.get)
    assert f"The best median on validation is that of {best}, {number(middles[best])}:" in text
    for loss, value in middles.items():
        steps = floor(2.5 / times[loss].typical)
        assert re.search(rf"{loss} +{steps} +500 +\d+( to \d+)? +8( \(1 failed\))? +{number(value)} ", text), loss
    assert "were trained for less" not in text


def test_more_seconds_than_were_trained_are_told_and_nothing_is_extrapolated(run, panel, times):
    text = one_line(spend(run, 600.0).partition("recipe published")[0])
    spent = {loss: f"{loss} ({500 * time.typical:.3g} s)" for loss, time in times.items()}
    words = f"{spent['bce']}, {spent['lsgan']} and {spent['wgangp']} were trained for less than 600 s: the last values"
    assert words in text
    middle = median(cell.metrics("best")[FID] for cell in panel.of("bce"))
    assert "The best median on test is that of" in text
    ends = [number(value) for value in sorted(buy(panel, times["bce"], 600.0, FID).values.values())]
    interval = rf"\[{ends[0]}, {ends[-1]}\]"  # of 8 values: 1 - 2 / 2⁸ is 99.2 %, and one further in 93.0 %
    assert re.search(rf"bce +[\d,]+ +500 +500 +8 +[\d.]+ {interval} +{number(middle)}", text)


def test_fewer_seconds_than_any_evaluation_give_no_answer(run):
    text = one_line(spend(run, 0.01))
    assert "no evaluation by then" in text
    assert "there is no answer" in text
    assert "best median" not in text


def test_each_device_that_was_timed_has_an_answer_of_its_own(run):
    fast = {**run.timings[0], "device": {"name": "Fast GPU", "kind": "cuda", "fingerprint": "f"}}
    entries = [{**entry, "device": [value / 100 for value in entry["wall"]]} for entry in fast["entries"]]
    several = replace(run, timings=(run.timings[0], {**fast, "entries": entries}))
    titles = [line for line in spend(several, 2.5).splitlines() if "; 2.50 s on" in line]
    assert [title.partition(" on ")[2].partition("; ")[2] for title in titles] == [
        "2.50 s on Test CPU, threads: 2",
        "2.50 s on Fast GPU, threads: 2",
    ] * 2


def test_a_loss_that_was_not_timed_says_so_and_is_not_judged(run):
    entries = [entry for entry in run.timings[0]["entries"] if entry["loss"] != "lsgan"]
    text = one_line(spend(replace(run, timings=({**run.timings[0], "entries": entries},)), 600.0))
    assert "lsgan not timed" in text
    assert "not judged on fid[digits]: lsgan" in text


def test_without_timings_and_without_quality_the_words_are_sensible(run):
    with pytest.raises(AskError, match=r"^no timing pass of these losses is in .*; the run's command, given again"):
        spend(replace(run, timings=()), 600.0)
    bare = tuple(
        replace(cell, record={name: value for name, value in cell.record.items() if name != "quality"})
        for cell in run.cells
    )
    assert "no cell has quality values." in spend(replace(run, cells=bare), 600.0)


def test_fewer_than_six_seeds_have_no_interval_and_no_verdict(run):
    few = replace(run, cells=tuple(cell for cell in run.cells if cell.seed < 5))
    text = one_line(spend(few, 2.5))
    assert "too few seeds (n < 6)" in text
    assert "with too few seeds for a verdict against" in text


@pytest.mark.parametrize(
    ("text", "seconds"), [("600s", 600), ("10m", 600), ("2h", 7200), ("90", 90), (" 0.5S ", 0.5), ("1e3", 1000)]
)
def test_times_are_read(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "0", "-5", "10 minutes", "1mm", "nan", "inf", "1e12", "10d", "٣x"])
def test_what_is_no_time_is_one_sentence(text):
    with pytest.raises(AskError, match=r"is no time above 0 .*; give 90, 600s, 10m or 2h\.$"):
        seconds_of(text)

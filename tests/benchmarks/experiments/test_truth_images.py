import math

import pytest
import torch

from benchmarks.experiments.truth_images import EXPERIMENT, FEATURES, GRADES, LADDERS, Settings, _data, climb, remember
from benchmarks.experiments.truth_verdicts import WORSE, checks, strays, table
from benchmarks.experiments.workplace import Workplace
from gan_losses.data.truth import MODES, factors_of, scenes
from gan_losses.data.truth_drawing import draw
from gan_losses.metrics.modes import seen_by_chance

COUNT = 60
# What a worse set of images does, written out anew.
SIGNS = {
    "fid[truth]": 1,
    "copy_rate": 1,
    "truth_precision": -1,
    "truth_residual": 1,
    "truth_modes": -1,
    "truth_coverage": -1,
    "truth_kl": 1,
}


@pytest.fixture(scope="module")
def data():
    return _data(16, COUNT, 100)


@pytest.fixture(scope="module")
def undisturbed():
    return draw(scenes(8 * COUNT, "truth-images/3"), 16)


def made(ladder, grade, data, seed=3):
    return LADDERS[ladder](grade, seed, data, COUNT)


def found(change=lambda metric, ladder, place: 0.0):
    """What perfect metrics would find: every one gets worse by 1 with each grade, and the exact ones are exact."""
    perfect = {"copy_rate": 0.01, "truth_precision": 1.0, "truth_coverage": 1.0}
    metrics = [
        "fid[truth]",
        "copy_rate",
        "truth_precision",
        "truth_residual",
        "truth_modes",
        "truth_coverage",
        "truth_kl",
    ]

    def values(ladder, seed):
        columns = {}
        for metric in metrics:
            sign, floor = SIGNS[metric], perfect.get(metric, 60.0) + 0.001 * seed
            columns[metric] = [floor + sign * place for place in range(1, 7)]
        columns["copy_rate"] = (
            [share + 0.01 * (1 - share) for share in GRADES["copies"]] if ladder == "copies" else [0.01] * 6
        )
        if ladder == "modes dropped":
            left = [MODES - round(share * MODES) for share in GRADES[ladder]]
            whole = seen_by_chance(COUNT, MODES)
            columns["truth_coverage"] = [seen_by_chance(COUNT, modes) / whole for modes in left]
        for metric, column in columns.items():
            columns[metric] = [value + change(metric, ladder, place) for place, value in enumerate(column)]
        return columns

    climbed = {ladder: [values(ladder, seed) for seed in range(2)] for ladder in GRADES}
    floors = [{metric: [perfect.get(metric, 60.0) - 0.001 * seed] for metric in metrics} for seed in range(3)]
    return climbed | {"none": floors, "random pixels": [{"truth_precision": [0.0]}]}


def missed(results):
    return {check.what for check in checks(results, GRADES, COUNT) if check.required and not check.met}


@pytest.mark.parametrize("ladder", LADDERS)
def test_every_ladder_makes_as_many_pictures_as_are_wanted(ladder, data):
    for grade in GRADES.get(ladder, (0.0,)):
        images = made(ladder, grade, data)
        assert (images.shape, images.dtype) == ((COUNT, 3, 16, 16), torch.uint8)
    assert torch.equal(images, made(ladder, grade, data))


def test_dropped_colours_are_missing_and_everything_else_stays(undisturbed, data):
    few = made("colours dropped", 1 / 2, data)
    known = factors_of(scenes(8 * COUNT, "truth-images/3"))["colour"]
    met = {int(known[(undisturbed == image).flatten(1).all(1)][0]) for image in few}
    assert 3 <= len(met) <= 6


def test_a_share_of_the_pictures_has_the_favoured_colour(undisturbed, data):
    pictures = made("proportions", 0.4, data)
    known = factors_of(scenes(8 * COUNT, "truth-images/3"))["colour"]
    colours = torch.stack([known[(undisturbed == image).flatten(1).all(1)][0] for image in pictures])
    assert (colours[-24:] == 3).all()
    assert len(colours[:-24].unique()) > 6


@pytest.mark.parametrize("share", GRADES["copies"])
def test_a_share_of_the_pictures_are_training_pictures(share, data):
    train = data.train.images["image"]
    copied = sum(bool((train == image).flatten(1).all(1).any()) for image in made("copies", share, data))
    assert copied == round(share * COUNT)


def test_noise_has_the_deviation_that_is_told(data, undisturbed):
    off = made("noise", 4.0, data).double() - undisturbed[:COUNT].double()
    inside = (undisturbed[:COUNT] > 30) & (undisturbed[:COUNT] < 225)
    assert off[inside].std().item() == pytest.approx(4.0, rel=0.05)


def test_a_climb_has_every_metric_at_every_grade():
    climbed = climb("copies", 0, 16, COUNT, 100)
    assert all(len(values) == 6 for values in climbed.values())
    assert {name.partition("[")[0] for name in climbed} <= set(WORSE)
    assert {name.partition("[")[2].rstrip("]") for name in climbed} == {"", *FEATURES}
    errors = [abs(rate - share) for rate, share in zip(climbed["copy_rate"], GRADES["copies"], strict=True)]
    assert max(errors) < 0.04
    assert climbed["copy_rate"][-1] == 1


def test_copies_are_found_until_noise_hides_them():
    found = remember(200, 16, COUNT)
    assert found["copies"][0] == 1
    assert found["copies"][-1] == 0
    assert found["unseen"] < 0.05


def test_perfect_metrics_meet_every_band():
    assert missed(found()) == set()


@pytest.mark.parametrize(
    ("metric", "ladder", "told"),
    [
        ("copy_rate", "copies", "copies: largest error of the copy rate"),
        ("truth_coverage", "modes dropped", "modes dropped: largest error of the coverage"),
    ],
)
def test_an_error_of_an_exact_metric_is_a_miss(metric, ladder, told):
    wrong = found(lambda *place: 0.2 * (place == (metric, ladder, 2)))
    assert told in missed(wrong)


def test_a_metric_that_goes_up_and_down_is_a_miss():
    wrong = found(lambda metric, ladder, place: 40.0 * (metric == "truth_kl" and place % 2))
    assert missed(wrong) == {"proportions: rank correlation of truth_kl (median)"}


def test_the_table_tells_what_is_seen_and_what_is_not():
    rows = {(row["metric"], row["ladder"]): row for row in table(found(), GRADES)}
    assert rows["fid[truth]", "noise"]["sees"] == "yes"
    assert rows["copy_rate", "blur"]["sees"] == "no"
    assert (rows["fid[truth]", "noise"]["rank correlation"], rows["fid[truth]", "noise"]["monotone seeds"]) == (1, 2)
    backwards = found(lambda metric, ladder, place: -30.0 * (place + 1))
    assert {row["sees"] for row in table(backwards, GRADES) if row["metric"] == "fid[truth]"} == {"wrong way"}


def test_what_is_undefined_at_the_top_is_told():
    nothing = found(lambda metric, ladder, place: math.nan if (metric, place) == ("truth_kl", 5) else 0.0)
    assert {row["sees"] for row in table(nothing, GRADES) if row["metric"] == "truth_kl"} == {"undefined"}


def test_straying_is_never_nothing():
    assert strays([2.0, 4.0]) == pytest.approx(math.sqrt(2))
    assert strays([1.0, 1.0, 1.0]) == pytest.approx(0.003)


@pytest.mark.slow
def test_the_whole_experiment_at_its_short_scale(tmp_path):
    result = EXPERIMENT.measure(Settings(count=120, train=200, seeds=(0,), floors=3, sizes=(200,)), Workplace(tmp_path))
    assert len(result.rows) == 6 * 18
    assert {row["ladder"] for row in result.rows} == set(GRADES)
    first = {check.what: check for check in result.checks}
    assert first["random pixels: highest precision"].met
    assert first["unseen pictures: lowest precision"].met

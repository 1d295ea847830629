"""Drawn points: independent, from the declared distribution, the first of more, and no other sampler's."""

import sys
import warnings

import numpy as np
import pytest
from scipy import stats

from benchmarks.options import read_options
from benchmarks.records import space_in_words
from benchmarks.tuning_space import DEFAULT, Range, as_json, draw, of_json, read_space
from gan_losses.errors import UsageError

WIDE = {"learning_rate": Range(1e-5, 1e-2, log=True), "beta1": Range(0.1, 0.9), "beta2": (0.9, 0.99, 0.999)}


@pytest.fixture(scope="module")
def points() -> list[dict]:
    return draw(WIDE, 1000)


def test_rates_are_uniform_in_their_logarithm_and_betas_as_they_are(points) -> None:
    rates, beta1 = (
        np.array(column) for column in zip(*((p["learning_rate"], p["betas"][0]) for p in points), strict=True)
    )
    assert stats.kstest(np.log(rates), stats.uniform(np.log(1e-5), np.log(1e3)).cdf).pvalue > 0.001
    assert stats.kstest(rates, stats.uniform(1e-5, 1e-2).cdf).pvalue < 1e-6
    assert stats.kstest(beta1, stats.uniform(0.1, 0.8).cdf).pvalue > 0.001
    counts = [sum(point["betas"][1] == value for point in points) for value in (0.9, 0.99, 0.999)]
    assert stats.chisquare(counts).pvalue > 0.001


def test_no_point_depends_on_those_before_it(points) -> None:
    rates = np.log([point["learning_rate"] for point in points])
    beta1 = [point["betas"][0] for point in points]
    for first, second in ((rates[:-1], rates[1:]), (rates, beta1), (rates[:-1], beta1[1:])):
        assert stats.spearmanr(first, second).pvalue > 0.001


def test_a_draw_is_the_beginning_of_a_longer_one_and_of_one_seed_only(points) -> None:
    assert draw(WIDE, 7) == points[:7]
    assert draw(WIDE, 7, seed=1) != points[:7]
    assert len({point["learning_rate"] for point in points}) == 1000


def test_the_default_space_lies_around_dcgans_rate_with_its_momentum_and_without() -> None:
    found = draw(DEFAULT, 200)
    assert all(5e-5 <= point["learning_rate"] <= 5e-4 for point in found)
    assert {tuple(point["betas"]) for point in found} == {(0.0, 0.999), (0.5, 0.999)}


def test_optuna_is_left_as_it_was_and_says_nothing(capfd) -> None:
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = optuna.logging.get_verbosity()
        draw(DEFAULT, 2)
    assert optuna.logging.get_verbosity() == before
    assert capfd.readouterr() == ("", "")


def test_without_the_package_one_sentence_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UsageError, match=r"^--tune needs the package optuna: pip install -e '\.\[tune\]'\.$"):
        draw(DEFAULT, 1)


def test_what_is_left_out_is_as_in_the_default() -> None:
    found = read_space(["learning-rate=1e-5..1e-3", "beta2=0.9, 0.999"])
    assert found == {**DEFAULT, "learning_rate": Range(1e-5, 1e-3, log=True), "beta2": (0.9, 0.999)}
    assert read_space(["beta1=0..0.9"])["beta1"] == Range(0.0, 0.9)
    assert of_json(as_json(found)) == found
    assert space_in_words(as_json(found)) == "learning-rate=1e-05..0.001 beta1=0,0.5 beta2=0.9,0.999"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--tune 0", "--tune 0: expected a whole number of trials from 1 to 1,000"),
        ("--tune x", "--tune x: expected a whole number"),
        ("--tune 1e9", "--tune 1e9: expected a whole number"),
        ("--tune 1001", "--tune 1001: expected a whole number"),
        ("--tune -1", "--tune -1: expected|expected one argument"),
        ("--tune=", "--tune : expected a whole number"),
        ("--tune 8 --space lr=1", "unknown setting of --space 'lr'"),
        ("--tune 8 --space learning-rate", "expected numbers above 0 and below 1"),
        ("--tune 8 --space learning-rate=2..1", "expected numbers above 0 and below 1"),
        ("--tune 8 --space learning-rate=1e-3..1e-4", "expected a range from a lower to a higher number"),
        ("--tune 8 --space learning-rate=nan..1", "expected numbers above 0"),
        ("--tune 8 --space learning-rate=0..0.5", "expected numbers above 0"),
        ("--tune 8 --space learning-rate=1e-4..", "expected numbers above 0"),
        ("--tune 8 --space learning-rate=1e-4..1e-3..1e-2", "expected numbers above 0"),
        ("--tune 8 --space beta1=0.5..0.5", "expected a range from a lower to a higher"),
        ("--tune 8 --space beta2=0.9..1", "expected numbers of at least 0 and below 1"),
        ("--tune 8 --space beta1=-0.1..0.5", "of at least 0 and below 1"),
        ("--tune 8 --space beta1=0,0", "a value stands more than once"),
        ("--tune 8 --space beta1=0 --space beta1=0.5", "--space beta1 stands more than once"),
        ("--tune 8 --grid beta1=0", "--grid and --tune exclude each other"),
        ("--space beta1=0", "--space says what --tune draws from"),
        ("--tune 8 --recipe controlled", "--tune is for recipe tuned, and --recipe controlled has it not"),
        ("--tune 8 --tune-by prdc", "unknown metric for --tune-by 'prdc'"),
        ("--tune 8 --metrics fid --tune-by kid", "--tune-by kid: --metrics fid has it not"),
        ("--tune-by fid", "--tune-by is for recipe tuned"),
        ("--tune 1000 --seeds 0 --tuning-seeds 1000-1100", "1,000 points x 101 seeds are more than 100,000 trainings"),
        ("--tune 8 --seeds 0-3 --tuning-seeds 3", "what is chosen on a seed is not judged on it"),
    ],
)
def test_a_tuning_that_cannot_be_is_one_sentence(arguments: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        read_options(arguments.split())
    assert "\n" not in str(caught.value)


def test_draws_bring_their_recipe_and_leave_one_that_names_it() -> None:
    assert read_options("--tune 8".split()).recipe == "tuned"
    assert read_options("--tune 8 --recipe controlled,tuned".split()).recipe == "controlled,tuned"
    assert read_options("--preset thorough --tune 8".split()).recipe == "both,tuned"
    assert read_options([]).recipe == "both"


def test_the_metric_is_that_of_the_best_weights_unless_another_is_declared() -> None:
    assert read_options("--tune 8 --metrics fid,kid".split()).tune_by == "kid"
    assert read_options("--tune 8 --metrics fid".split()).tune_by == "fid"
    assert read_options("--recipe tuned --metrics fid,kid --tune-by fid".split()).tune_by == "fid"


def test_a_suite_file_has_a_space_and_the_command_line_overrules_it(tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('tune = 4\ntune-by = "fid"\n[space]\nlearning-rate = "1e-5..1e-3"\nbeta1 = [0, 0.5]\nbeta2 = 0.9\n')
    preset = ["--preset", str(path)]
    made = read_options(preset)
    assert (made.tune, made.tune_by, made.recipe) == (4, "fid", "tuned")
    assert made.space == {"learning_rate": Range(1e-5, 1e-3, log=True), "beta1": (0.0, 0.5), "beta2": (0.9,)}
    assert read_options([*preset, "--tune", "16"]).tune == 16
    assert read_options([*preset, "--grid", "beta1=0"]).tune is None
    known = read_options(["--preset", "still-different", "--tune", "3"])
    assert (known.tune, known.grid) == (3, read_options([]).grid)
    path.write_text("tune = 4\n")
    assert read_options([*preset, "--recipe", "controlled"]).tune is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tune = 0", "tune: --tune 0: expected a whole number"),
        ("tune = true", "tune: expected a text or a number"),
        ("space = 3", "space: expected a table"),
        ("tune = 3\n[space]\nbeta1 = true", "space: expected a text or a number, got true or false"),
        ("tune = 3\n[space]\nbeta1 = []", "space: --space beta1=: expected numbers"),
        ("tune = 3\n[space]\nrate = 1", "space: unknown setting of --space 'rate'"),
        ("[space]\nbeta1 = 0", "--space says what --tune draws from"),
        ('tune = 3\nrecipe = "controlled"', "--tune is for recipe tuned"),
        ("tune = 3\n[grid]\nbeta1 = [0]", "--grid and --tune exclude each other"),
    ],
)
def test_mistakes_in_a_suite_file_name_it(text: str, sentence: str, tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=sentence) as caught:
        read_options(["--preset", str(path)])
    assert str(caught.value).startswith(f"preset {path}: ")
    assert "\n" not in str(caught.value)

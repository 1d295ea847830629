from pathlib import Path

import pytest

from benchmarks.options import read_options
from benchmarks.parser import SUITES, presets
from gan_losses.errors import UsageError


def test_without_arguments_it_is_the_quick_preset_with_three_losses() -> None:
    options = read_options([])
    assert options.preset == "quick"
    assert options.losses == ("bce", "lsgan", "wgangp")
    assert options.seeds == tuple(range(8))
    assert options.recipe == "both"
    assert options.out == Path("runs/quick")


def test_penalties_are_crossed_only_when_asked_for() -> None:
    assert read_options([]).penalties == ("none",)
    assert read_options(["--penalties", "none, r1:5 ,gp+r2"]).penalties == ("none", "r1:5", "gp+r2")


def test_given_options_win_over_the_preset() -> None:
    options = read_options(
        "--preset smoke --losses lsgan,bce --seeds 3,5-7 --steps 11 --image-size 32 --workers 2".split()
    )
    assert options.losses == ("lsgan", "bce")
    assert options.seeds == (3, 5, 6, 7)
    assert (options.steps, options.workers) == (11, 2)
    assert (options.settings["image_size"], options.settings["width"]) == (32, 8)


@pytest.mark.parametrize("name", [path.stem for path in SUITES.glob("*.toml")])
def test_every_suite_file_is_valid(name: str) -> None:
    assert presets()[name]["summary"]
    assert read_options(["--preset", name]).losses


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--losses lsgna", "did you mean 'lsgan'"),
        ("--losses bce,bce", "stands more than once"),
        ("--losses ,", "at least one name"),
        ("--losses lsgan:d=1", "'d=1' is no field"),
        ("--losses bce:real_label=2", "real_label has to be between 0 and 1, got 2.0"),
        ("--losses nowhere.py:Loss", "nowhere.py cannot be read"),
        ("--penalties ,", "at least one name, as in none,r1,gp"),
        ("--penalties none,none", "stands more than once"),
        ("--penalties gq", "did you mean 'gp'"),
        ("--penalties gp:0", "weight has to be a positive number, got 0.0"),
        ("--penalties r1:every=2.5", "expected a whole number for every, got '2.5'"),
        ("--task dcgann", "did you mean 'dcgan'"),
        ("--data digts", "did you mean 'digits'"),
        ("--recipe publishd", "did you mean 'published'"),
        ("--preset quik", "did you mean 'quick'"),
        ("--features digit", "did you mean 'digits'"),
        ("--features digits,digits", "stands more than once"),
        ("--metrics fidd", "did you mean 'fid'"),
        ("--metrics prdc,copies", "the best weights are chosen by fid or kid; name one of them, too"),
        ("--metrics ,", "at least one name, as in fid,kid,prdc"),
        ("--fakes 0", "expected a positive whole number, got '0'"),
        ("--real training", "invalid choice"),
        ("--ema 1", "expected a number of at least 0 and below 1, got '1'"),
        ("--ema nan", "expected a number of at least 0 and below 1, got 'nan'"),
        ("--augment diffaugmented", "invalid choice"),
        ("--network resnet", "expected one of dcgan, resnet32"),
        ("--weights somewhere.pth", "is for --features inception"),
        ("--weights somewhere.pth --features digits", "is for --features inception"),
        ("--task cyclegan --fakes 10", "makes one fake of each real image"),
        ("--weights-sha256 00", "give the file, too, with --weights FILE"),
        ("--feature-precision fp16", "invalid choice"),
        ("--precision fp16", "unknown precision"),
        ("--image-size 48", "task dcgan takes one of 16, 32, 64, 128"),
        ("--steps 0", "expected a positive whole number, got '0'"),
        ("--steps -3", "expected a positive whole number, got '-3'"),
        ("--batch-size 1.5", "expected a positive whole number, got '1.5'"),
        ("--seconds nan", "expected a positive number, got 'nan'"),
        ("--seconds inf", "expected a positive number, got 'inf'"),
        ("--steps 5 --seconds 5", "exclude each other"),
        ("--seeds 4-1", "expected numbers and ranges"),
        ("--seeds a", "expected numbers and ranges"),
        ("--seeds 1,1", "stands more than once"),
        ("--seeds -1", "expected"),
        ("--workers 0", "expected auto or a positive whole number"),
        ("--workers many", "expected auto or a positive whole number"),
        ("--bad-images maybe", "invalid choice"),
        ("--lossses bce", "unrecognized arguments"),
        ("--steps", "expected one argument"),
    ],
)
def test_wrong_options_get_one_sentence(arguments: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        read_options(arguments.split())
    assert "\n" not in str(caught.value)


def test_a_suite_file_may_quote_figures_for_the_table_beside_ours() -> None:
    published = read_options(["--preset", "published"]).published
    mimicry = {row["loss"]: row["value"] for row in published if "mimicry" in row["source"] and row["metric"] == "fid"}
    assert mimicry == {"hinge+spectral": 16.77, "wgangp": 22.29}
    assert {"loss", "network", "data", "metric", "value", "settings", "source"} <= set.intersection(
        *map(set, published)
    )
    assert read_options([]).published == ()


def test_how_quality_is_judged_can_be_chosen() -> None:
    options = read_options(
        "--features digits,my_features.py:build --metrics fid,prdc --real train --fakes 100 --classes 3,8".split()
    )
    assert options.features == ("digits", "my_features.py:build")
    assert (options.metrics, options.real, options.fakes, options.classes) == (
        ("fid", "prdc"),
        "train",
        100,
        ("3", "8"),
    )
    assert read_options([]).features is None

"""Several data sets in one run: how they are named, and that each has cells, features and sizes of its own."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.grounds import Ground, load_grounds
from benchmarks.option_values import data_specs
from benchmarks.options import read_options
from gan_losses.errors import UsageError
from gan_losses.metrics import Place


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """40 colour images in a folder whose name has a comma."""
    path = tmp_path_factory.mktemp("images") / "cats, dogs"
    path.mkdir()
    random = np.random.default_rng(0)
    for number in range(40):
        Image.fromarray(random.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(path / f"{number}.png")
    return path


def grounds(*arguments: str) -> tuple[Ground, ...]:
    options = read_options(["--preset", "smoke", "--losses", "bce", "--recipe", "controlled", *arguments])
    return load_grounds(options, "cpu", Place())


@pytest.mark.parametrize(
    ("text", "specs"),
    [
        ("digits", ("digits",)),
        ("digits,images:a", ("digits", "images:a")),
        ("digits, images:a", ("digits", "images:a")),
        ("images:a,b/c, d,digits", ("images:a,b/c, d", "digits")),
        ("images:C:/a,images:b:c", ("images:C:/a", "images:b:c")),
        ("textures:grass,gravel,textures", ("textures:grass,gravel", "textures")),
    ],
)
def test_a_comma_divides_only_before_the_name_of_a_source(text: str, specs: tuple[str, ...]) -> None:
    assert data_specs(text) == specs


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--data digits,digts", "unknown data 'digts': did you mean 'digits'"),
        ("--data digits,", "unknown data ''"),
        ("--data digits,digits", "digits stands more than once"),
        ("--data digits,images:/nowhere --classes 3,8", "--classes: data images:/nowhere has none to choose from"),
    ],
)
def test_sets_that_cannot_be_are_one_sentence(arguments: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        read_options(arguments.split())
    assert "\n" not in str(caught.value)


def test_a_suite_file_may_name_several(tmp_path) -> None:
    (tmp_path / "mine.toml").write_text('data = ["digits", "images:a,b"]\n')
    assert read_options(["--preset", str(tmp_path / "mine.toml")]).data == ("digits", "images:a,b")


def test_each_set_has_its_own_channels_features_and_cells(pictures) -> None:
    first, second = grounds("--data", f"digits,images:{pictures}", "--seeds", "0-2", "--repeats", "2")
    settings = [ground.plan.cells[0].settings for ground in (first, second)]
    assert [(each["channels"], each["features"]) for each in settings] == [(1, "digits"), (3, "random")]
    assert [each["data_digest"] for each in settings] == [first.data.digest, second.data.digest]
    assert [len(ground.plan.cells) for ground in (first, second)] == [3, 3]
    assert len({cell.folder for ground in (first, second) for cell in ground.plan.cells}) == 6
    assert [each["repeats"] for each in settings] == [2, 2]


def test_without_repeats_a_cell_is_what_it_was_before_there_were_any() -> None:
    (plain,), (repeated,) = grounds("--data", "digits"), grounds("--data", "digits", "--repeats", "2")
    one, two = plain.plan.cells[0], repeated.plan.cells[0]
    assert "repeats" not in one.settings
    assert (one.folder == two.folder, one.step_digest == two.step_digest) == (False, True)


def test_the_same_images_twice_other_domains_and_targets_nobody_measures_are_refused(pictures) -> None:
    same = f"images:{pictures},images:{pictures.parent}/./cats, dogs"
    with pytest.raises(UsageError, match="are the same images; name them once"):
        grounds("--data", same)
    with pytest.raises(UsageError, match="shapes2stripes has a, b: take one of digits"):
        grounds("--data", "digits,shapes2stripes")
    with pytest.raises(UsageError, match=r"unknown metric for --target 'fdi\[digits\]': did you mean 'fid\[digits\]'"):
        grounds("--data", "digits", "--target", "fdi[digits]=9")
    grounds("--data", f"digits,images:{pictures}", "--target", "fid[random]=9")


def test_repeats_are_for_fakes_that_are_made_from_latents() -> None:
    with pytest.raises(UsageError, match="--repeats: task cyclegan has no latents to draw again"):
        read_options("--task cyclegan --repeats 2".split())
    with pytest.raises(UsageError, match="--repeats 101: expected a whole number of at most 100"):
        read_options("--repeats 101".split())
    assert (read_options([]).repeats, read_options("--task cyclegan".split()).repeats) == (3, 0)

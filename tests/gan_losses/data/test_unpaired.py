import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_losses.data import domains
from gan_losses.data.base import Request
from gan_losses.data.domains import Domain, load_folders, split_validation
from gan_losses.data.unpaired import load_unpaired
from gan_losses.errors import UsageError

ENOUGH = "add some, at least 10 different ones are needed."


def load(argument, image_size=20, train_size=None, **options):
    return load_unpaired(Request(str(argument), image_size, train_size or image_size, **options))


def refusal(argument, **options):
    with pytest.raises(UsageError) as caught:
        load(argument, **options)
    return str(caught.value)


@pytest.fixture
def fill(tmp_path, album):
    """Fill a subfolder of `set` with pictures: its album."""

    def fill(name, count, **options):
        folder = tmp_path / "set" / name
        folder.parent.mkdir(parents=True, exist_ok=True)
        return type(album)(folder).noise(count, **options)

    return fill


@pytest.fixture
def paper(fill, tmp_path):
    """The CycleGAN layout with unequal numbers of different pictures."""
    for name, count, first in [("trainA", 20, 0), ("trainB", 12, 100), ("testA", 4, 200), ("testB", 3, 300)]:
        fill(name, count, first=first)
    return tmp_path / "set"


@pytest.fixture
def two(fill, tmp_path):
    """Two folders, `cats` and `dogs`."""
    fill("dogs", 10, first=100)
    fill("cats", 20)
    return tmp_path / "set"


def ranked(folder):
    """The pictures of a folder as bytes of (3, 20, 20), by the hashes of the files."""
    files = sorted(folder.rglob("*.png"), key=lambda path: hashlib.sha256(path.read_bytes()).hexdigest())
    return [np.asarray(Image.open(path).convert("RGB")).transpose(2, 0, 1).tobytes() for path in files]


def contents(images):
    return [image.numpy().tobytes() for image in images]


def test_the_papers_layout_keeps_its_test_images_and_gives_validation_images_by_content(paper):
    data = load(paper)
    for side, held_out in (("A", 3), ("B", 2)):  # round(0.15 x 20) = 3, round(0.15 x 12) = round(1.8) = 2
        domain, train = side.lower(), ranked(paper / f"train{side}")
        assert contents(data.train.images[domain]) == train[:-held_out]
        assert contents(data.validation.images[domain]) == train[-held_out:]
        assert contents(data.test.images[domain]) == ranked(paper / f"test{side}")
    assert (data.name, data.domains, data.channels) == (f"unpaired:{paper}", ("a", "b"), 3)
    assert (data.features, data.classes, data.skipped) == ("random", (), ())
    assert data.train.images["a"].dtype == torch.uint8


def test_two_subfolders_of_any_names_are_a_and_b_in_alphabetical_order(two):
    (two / ".thumbnails").mkdir()
    (two / "notes.txt").touch()
    data = load(two)
    for domain, name, held_out in (("a", "cats", 3), ("b", "dogs", 2)):  # max(2, round(0.15 x 10)) = 2
        pictures = ranked(two / name)
        assert contents(data.test.images[domain]) == pictures[:held_out]
        assert contents(data.train.images[domain]) == pictures[held_out:-held_out]
        assert contents(data.validation.images[domain]) == pictures[-held_out:]


def test_two_folders_are_a_and_b_in_the_order_given(two):
    whole = load(two)
    data = load(f"{two / 'dogs'},{two / 'cats'}")
    assert data.name == f"unpaired:{two / 'dogs'},{two / 'cats'}"
    assert torch.equal(data.train.images["a"], whole.train.images["b"])
    assert torch.equal(data.test.images["b"], whole.test.images["a"])
    assert data.digest != whole.digest


def test_train_folders_alone_are_two_subfolders(fill, tmp_path):
    fill("trainA", 10)
    fill("trainB", 10, first=50)
    data = load(tmp_path / "set")
    assert [len(split.images["a"]) for split in (data.train, data.validation, data.test)] == [6, 2, 2]


def test_a_folder_with_a_comma_in_its_name_is_one_folder(two):
    renamed = two.rename(two.parent / "cats,dogs")
    assert load(renamed).domains == ("a", "b")


def test_the_home_folder_may_be_written_as_a_tilde(two, monkeypatch):
    monkeypatch.setenv("HOME", str(two))
    assert load("~").digest == load(two).digest
    assert load("~/cats,~/dogs").digest == load(two).digest


def test_names_do_not_matter_and_folders_are_walked(paper):
    before = load(paper).digest
    (paper / "trainA" / "deep" / "er").mkdir(parents=True)
    (paper / "trainA" / "picture-003.png").rename(paper / "trainA" / "deep" / "er" / "aa.PNG")
    (paper / "testB" / "picture-300.png").rename(paper / "testB" / "zz.png")
    (paper / "valA").mkdir()
    assert load(paper).digest == before
    (paper / "testB" / "zz.png").unlink()
    assert load(paper).digest != before


def test_copies_stay_in_one_part():
    train, validation = split_validation(["09", "00", "01", "02", "03", "09", "04", "08", "05", "00"])
    assert (train, validation) == ([1, 9, 2, 3, 4, 6, 8], [7, 0, 5])


def test_training_images_are_read_in_their_own_size_and_no_file_twice(fill, tmp_path, monkeypatch):
    for name, count, first in [("trainA", 10, 0), ("trainB", 10, 20), ("testA", 2, 40), ("testB", 2, 50)]:
        fill(name, count, first=first, size=(20, 20))
    read, original = [], domains.read_pictures

    def counting(paths, image_size):
        read.extend(paths)
        return original(paths, image_size)

    monkeypatch.setattr(domains, "read_pictures", counting)
    data = load(tmp_path / "set", image_size=16, train_size=20)
    assert [tuple(split.images["a"].shape) for split in (data.train, data.validation, data.test)] == [
        (8, 3, 20, 20),
        (2, 3, 16, 16),
        (2, 3, 16, 16),
    ]
    assert contents(data.train.images["b"]) == ranked(tmp_path / "set" / "trainB")[:-2]
    assert sorted(read) == sorted((tmp_path / "set").rglob("*.png"))


def test_small_images_are_enlarged(two):
    assert load(two, image_size=64).test.images["b"].shape == (2, 3, 64, 64)


def test_grey_everywhere_is_one_channel_and_grey_beside_colour_three_equal_ones(fill, tmp_path):
    fill("cats", 10, mode="L")
    fill("dogs", 10, mode="L", first=20)
    grey = load(tmp_path / "set")
    assert grey.channels == 1
    fill("dogs", 1, first=40)
    data = load(tmp_path / "set")
    assert data.train.images["a"].shape[1] == data.test.images["b"].shape[1] == 3
    assert torch.equal(data.train.images["a"], grey.train.images["a"].expand(-1, 3, -1, -1))


def test_test_images_that_were_trained_on_are_told(paper):
    lines = []
    load(paper, say=lines.append)
    assert lines == []
    (paper / "testA" / "copy.png").write_bytes((paper / "trainA" / "picture-004.png").read_bytes())
    load(paper, say=lines.append)
    assert lines == [f"beware: 1 of 5 images in {str(paper / 'testA')!r} are copies of images to train on."]


def test_skipped_files_are_listed_and_leave_the_split_as_without_them(paper):
    before = load(paper, image_size=16, train_size=20)
    for number in range(12):
        (paper / "trainA" / f"bad-{number}.png").write_text(f"no image {number}")
    (paper / "testB" / "empty.jpg").touch()
    os.mkfifo(paper / "testB" / "pipe.png")
    data = load(paper, image_size=16, train_size=20, bad_images="skip")
    assert data.digest == before.digest
    expected = ("testB/empty.jpg", "testB/pipe.png", *(f"trainA/bad-{number}.png" for number in range(12)))
    assert data.skipped == tuple(sorted(expected))


def test_a_bad_file_stops_the_run(paper):
    (paper / "trainB" / "bad.png").write_text("no image")
    problem = f"cannot read {str(paper / 'trainB' / 'bad.png')!r} (not an image of a known type)"
    assert refusal(paper) == f"{problem}: mend or remove it, or skip bad images."
    (paper / "trainB" / "bad.png").unlink()
    (paper / "testA" / "gone.png").symlink_to(paper / "nothing")
    problem = f"cannot read {str(paper / 'testA' / 'gone.png')!r} (not a regular file)"
    assert refusal(paper) == f"{problem}: mend or remove it, or skip bad images."


def test_a_file_that_may_not_be_opened_stops_the_run(two, monkeypatch):
    original = Path.open

    def refuse(path, *arguments, **options):
        if path.name == "picture-003.png":
            raise PermissionError(13, "Permission denied", str(path))
        return original(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    problem = f"cannot read {str(two / 'cats' / 'picture-003.png')!r} (Permission denied)"
    assert refusal(two) == f"{problem}: mend or remove it, or skip bad images."


def test_a_missing_folder_is_told(two, tmp_path):
    advice = "check the path of unpaired:FOLDER or unpaired:FOLDER_A,FOLDER_B."
    gone = tmp_path / "gone"
    assert refusal(gone) == f"no folder {str(gone)!r}: {advice}"
    assert refusal(f"{two / 'cats'},{gone}") == f"no folder {str(gone)!r}: {advice}"
    assert refusal(f"{gone},{two / 'cats'}") == f"no folder {str(gone)!r}: {advice}"
    assert refusal(f"{two / 'cats'},") == f"no folder '': {advice}"
    three = f"{two / 'cats'},{two / 'cats'},{two / 'dogs'}"
    assert refusal(three) == f"no folder {three!r}: {advice}"


def test_a_file_in_place_of_a_folder_is_told(two):
    file = two / "cats" / "picture-003.png"
    expected = f"{str(file)!r} is a file: name the folder that holds the images."
    assert refusal(file) == expected
    assert refusal(f"{two / 'dogs'},{file}") == expected


def test_one_folder_twice_is_told(two):
    (two / "again").symlink_to(two / "cats")
    expected = f"both domains are {str(two / 'cats')!r}: name two different folders."
    assert refusal(f"{two / 'cats'},{two / 'again'}") == expected


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("", "no subfolders"),
        ("cats", "the subfolder cats"),
        ("dogs cats ants", "the subfolders ants, cats, dogs"),
        ("a b c d e f g", "the subfolders a, b, c, d, e and 2 more"),
    ],
)
def test_neither_layout_says_what_was_found(tmp_path, names, found):
    (tmp_path / "picture.png").touch()
    (tmp_path / ".hidden").mkdir()
    for name in names.split():
        (tmp_path / name).mkdir()
    expected = "expected trainA, trainB, testA, testB, or exactly two of any names, one per domain."
    assert refusal(tmp_path) == f"{str(tmp_path)!r} has {found}: {expected}"


@pytest.mark.parametrize(
    ("names", "found", "missing"),
    [
        ("trainA", "trainA", "trainB, testA, testB"),
        ("trainA testA", "trainA, testA", "trainB, testB"),
        ("trainA trainB testB", "trainA, trainB, testB", "testA"),
        ("trainA trainB valA", "trainA, trainB", "testA, testB"),
        ("trainA zebras", "trainA", "trainB, testA, testB"),
    ],
)
def test_a_part_of_the_papers_layout_says_what_is_missing(tmp_path, names, found, missing):
    for name in names.split():
        (tmp_path / name).mkdir()
    assert refusal(tmp_path) == f"{str(tmp_path)!r} has {found} but no {missing}: all four are needed."


def test_a_subfolder_without_images_is_told(paper):
    for path in (paper / "testB").iterdir():
        path.unlink()
    suffixes = ".bmp, .gif, .jpeg, .jpg, .png, .tif, .tiff, .webp"
    assert refusal(paper) == f"no images in {str(paper / 'testB')!r}: expected files ending in {suffixes}."


def test_a_folder_that_cannot_be_listed_is_told(two, monkeypatch):
    def refuse(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert refusal(two) == f"cannot list {str(two)!r} (Permission denied): allow reading it or move it away."


def test_too_few_images_to_train_on_are_counted(two, fill):
    (two / "dogs" / "picture-105.png").unlink()
    dogs = str(two / "dogs")
    assert refusal(two) == f"9 images found in {dogs!r}: {ENOUGH}"
    (two / "dogs" / "bad.png").touch()
    assert refusal(two, bad_images="skip") == f"9 images found in {dogs!r} (1 more could not be read): {ENOUGH}"
    (two / "dogs" / "bad.png").write_bytes((two / "dogs" / "picture-101.png").read_bytes())
    assert refusal(two) == f"10 images found in {dogs!r}, 9 of them different: {ENOUGH}"
    assert refusal(f"{two / 'cats'},{dogs}") == f"10 images found in {dogs!r}, 9 of them different: {ENOUGH}"


def test_too_few_images_of_the_papers_layout_are_counted(paper):
    (paper / "testB" / "picture-300.png").unlink()
    (paper / "testB" / "picture-301.png").unlink()
    remedy = "add some, at least 2 different ones are needed."
    assert refusal(paper) == f"1 images found in {str(paper / 'testB')!r}: {remedy}"
    for number in range(100, 103):
        (paper / "trainB" / f"picture-{number}.png").unlink()
    assert refusal(paper) == f"9 images found in {str(paper / 'trainB')!r}: {ENOUGH}"


def test_folders_may_be_given_one_by_one_under_another_name(paper):
    folders = {side.lower(): Domain(paper / f"train{side}", paper / f"test{side}") for side in "AB"}
    data = load_folders("zoo", folders, Request("", 20, 20))
    assert data.name == "zoo"
    assert data.digest == load(paper).digest

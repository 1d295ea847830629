import os

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gan_losses.data import load_data
from gan_losses.data.folder import find_images, split_by_content
from gan_losses.errors import UsageError


def load(folder, **options):
    return load_data(f"images:{folder}", 16, **options)


def refusal(folder, **options):
    with pytest.raises(UsageError) as caught:
        load(folder, **options)
    return str(caught.value)


def contents(split):
    return {bytes(image.numpy()) for image in split.images["image"]}


def test_colour_pictures_become_three_channels_in_three_disjoint_splits(album):
    data = load(album.noise(18).root)
    assert data.train.images["image"].shape == (12, 3, 16, 16)
    assert data.train.images["image"].dtype == torch.uint8
    assert [len(split) for split in (data.train, data.validation, data.test)] == [
        12,
        3,
        3,
    ]  # round(0.15 x 18) = round(2.7) = 3
    assert len(contents(data.train) | contents(data.validation) | contents(data.test)) == 18
    assert (data.name, data.classes, data.features) == (f"images:{album.root}", (), "random")
    assert data.train.labels is None


def test_a_folder_of_grey_pictures_has_one_channel_and_one_coloured_picture_makes_three(album):
    album.noise(12, mode="L")
    Image.new("RGBA", (16, 16), (90, 90, 90, 128)).save(album.root / "grey-in-colour.png")
    assert load(album.root).channels == 1
    album.noise(1, first=20)
    assert load(album.root).channels == 3


def test_names_do_not_matter_and_a_second_load_is_the_same(album):
    before = load(album.noise(20).root)
    (album.root / "deep" / "er").mkdir(parents=True)
    (album.root / "picture-003.png").rename(album.root / "deep" / "er" / "aa.PNG")
    (album.root / "picture-004.png").rename(album.root / "zz\nnewline.png")
    assert load(album.root).digest == before.digest
    assert load(album.noise(1, first=50).root).digest != before.digest


def test_new_pictures_take_an_old_one_across_each_border_at_most(album):
    before = load(album.noise(30).root)
    after = load(album.noise(1, first=30).root)
    assert len(contents(before.test) - contents(after.test)) <= 1  # the border's picture, by the definition of a rank
    assert len(contents(before.validation) - contents(after.validation)) <= 1
    assert not contents(before.test) & contents(after.validation)
    assert not contents(before.validation) & contents(after.test)


@given(st.lists(st.integers(0, 400), min_size=10, max_size=300).filter(lambda rows: len(set(rows)) >= 10))
def test_splits_are_exact_over_different_contents_and_copies_stay_together(numbers):
    digests = [f"{number:04x}" for number in numbers]
    groups = split_by_content(digests)
    assert sorted(row for rows in groups for row in rows) == list(range(len(digests)))
    train, validation, test = ({digests[row] for row in rows} for rows in groups)
    assert len(train | validation | test) == len(train) + len(validation) + len(test)
    assert len(validation) == len(test) == max(2, round(0.15 * len(set(digests))))


def test_hidden_files_other_files_and_loops_of_links_are_left_out(album):
    album.noise(10)
    (album.root / ".picture.png").write_text("hidden")
    (album.root / ".thumbnails").mkdir()
    (album.root / ".thumbnails" / "a.png").write_text("hidden")
    (album.root / "notes.txt").write_text("no image")
    (album.root / "loop").symlink_to(album.root, target_is_directory=True)
    assert sorted(path.name for path in find_images(album.root)) == [
        f"picture-{number:03d}.png" for number in range(10)
    ]
    assert len(load(album.root).train) == 6


def test_linked_folders_and_linked_files_are_read(album, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    Image.new("RGB", (16, 16), "red").save(tmp_path / "elsewhere" / "a.png")
    Image.new("RGB", (16, 16), "blue").save(tmp_path / "b.png")
    album.noise(8)
    (album.root / "more").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (album.root / "b.png").symlink_to(tmp_path / "b.png")
    data = load(album.root)
    assert sum(len(split) for split in (data.train, data.validation, data.test)) == 10


def test_the_home_folder_may_be_written_as_a_tilde(album, monkeypatch):
    monkeypatch.setenv("HOME", str(album.noise(10).root.parent))
    assert load("~/album").name == "images:~/album"


def test_bad_files_stop_the_run_with_their_name_or_are_skipped_and_listed(album):
    album.noise(12)
    (album.root / "sub").mkdir()
    (album.root / "sub" / "empty.jpg").touch()
    (album.root / "z.png").touch()
    (album.root / "a\nb.png").write_text("no image")
    bad = str(album.root / "a\nb.png")
    expected = f"cannot read {bad!r} (not an image of a known type): mend or remove it, or skip bad images."
    assert refusal(album.root) == expected
    data = load(album.root, bad_images="skip")
    assert data.skipped == (r"a\nb.png", "sub/empty.jpg", "z.png")
    assert [len(split) for split in (data.train, data.validation, data.test)] == [8, 2, 2]


def test_a_name_that_is_no_valid_text_is_told_all_the_same(album):
    album.noise(10)
    name = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    (album.root / name).touch()
    assert load(album.root, bad_images="skip").skipped == ("caf\\xe9.png",)


def test_a_folder_that_cannot_be_listed_is_told(album, monkeypatch):
    def refuse(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    root = str(album.noise(10).root)
    monkeypatch.setattr(os, "scandir", refuse)
    assert refusal(root) == f"cannot list {root!r} (Permission denied): allow reading it or move it away."


def test_a_missing_folder_is_told(tmp_path):
    assert refusal(tmp_path / "gone") == f"no folder {str(tmp_path / 'gone')!r}: check the path of images:FOLDER."


def test_a_file_in_place_of_a_folder_is_told(tmp_path):
    (tmp_path / "a.png").touch()
    expected = f"{str(tmp_path / 'a.png')!r} is a file: name the folder that holds the images."
    assert refusal(tmp_path / "a.png") == expected


def test_a_folder_without_images_is_told(album):
    (album.root / "notes.txt").touch()
    suffixes = ".bmp, .gif, .jpeg, .jpg, .png, .tif, .tiff, .webp"
    assert refusal(album.root) == f"no images in {str(album.root)!r}: expected files ending in {suffixes}."


def test_too_few_images_are_counted(album):
    album.noise(9)
    remedy = "add some, at least 10 different ones are needed."
    assert refusal(album.root) == f"9 images found in {str(album.root)!r}: {remedy}"
    (album.root / "bad.png").touch()
    found = f"9 images found in {str(album.root)!r} (1 more could not be read)"
    assert refusal(album.root, bad_images="skip") == f"{found}: {remedy}"
    (album.root / "bad.png").write_bytes((album.root / "picture-001.png").read_bytes())
    assert refusal(album.root) == f"10 images found in {str(album.root)!r}, 9 of them different: {remedy}"

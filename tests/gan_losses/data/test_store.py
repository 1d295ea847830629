from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from gan_losses.data import load_data, store
from gan_losses.data.base import Split
from gan_losses.data.store import SPLITS, check_dataset, load_dataset, save_dataset, write_array


def test_a_stored_data_set_is_the_same(tmp_path: Path) -> None:
    data = replace(load_data("digits", 16), skipped=("a\nb.png",), name="images:<x>")
    save_dataset(data, tmp_path / "deep" / "data")
    again = load_dataset(tmp_path / "deep" / "data")
    for name in ("name", "classes", "features", "digest", "skipped"):
        assert getattr(again, name) == getattr(data, name)
    for name in ("train", "validation", "test"):
        assert torch.equal(getattr(again, name).images["image"], getattr(data, name).images["image"])
        assert torch.equal(getattr(again, name).labels, getattr(data, name).labels)


def test_domains_and_missing_labels_are_kept(tmp_path: Path) -> None:
    splits = [
        Split({name: torch.full((count, 1, 4, 4), part, dtype=torch.uint8) for name, count in (("a", 2), ("b", 3))})
        for part in range(3)
    ]
    data = replace(load_data("digits", 16), train=splits[0], validation=splits[1], test=splits[2])
    save_dataset(data, tmp_path / "data")
    again = load_dataset(tmp_path / "data")
    assert again.domains == ("a", "b")
    assert again.train.labels is None


def test_nothing_is_left_behind_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write_array", full)
    with pytest.raises(OSError, match="No space left"):
        save_dataset(load_data("digits", 16), tmp_path / "data")
    assert not list(tmp_path.iterdir())


def test_images_are_mapped_and_not_read(tmp_path: Path) -> None:
    save_dataset(load_data("digits", 16), tmp_path / "data")
    again = load_dataset(tmp_path / "data")
    assert again.path == tmp_path / "data"
    names = {f"{split}-images-image.npy" for split in SPLITS}
    maps = Path("/proc/self/maps")
    if maps.exists():
        assert names <= {line.rsplit("/", 1)[-1] for line in maps.read_text().splitlines()}
    array = np.load(tmp_path / "data" / "test-images-image.npy")
    assert torch.equal(torch.from_numpy(array), again.test.images["image"])


def test_truth_and_masks_are_kept(tmp_path: Path) -> None:
    data = load_data("shapes2stripes", 16)
    save_dataset(data, tmp_path / "data")
    again = load_dataset(tmp_path / "data")
    for kind in ("truth", "masks"):
        known, found = getattr(data.test, kind), getattr(again.test, kind)
        assert list(known) == list(found)
        for domain in known:
            assert_close(found[domain], known[domain], rtol=0, atol=0)
    assert (again.train.truth, again.train.masks) == ({}, {})


def test_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "data"
    save_dataset(load_data("digits", 16), path)
    assert check_dataset(path)
    for file in path.iterdir():
        content = file.read_bytes()
        for place in (0, len(content) // 2, len(content) - 1):
            file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            assert not check_dataset(path)
        file.write_bytes(content)
    assert check_dataset(path)


@pytest.mark.parametrize("facts", ["", "[]", "{}", '{"format": 99}', '{"format": 1}'])
def test_facts_that_are_none_are_noticed(tmp_path: Path, facts: str) -> None:
    path = tmp_path / "data"
    save_dataset(load_data("digits", 16), path)
    (path / "facts.json").write_text(facts)
    assert not check_dataset(path)


def test_a_folder_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert not check_dataset(tmp_path / "data")
    with pytest.raises(FileNotFoundError):
        load_dataset(tmp_path / "data")


def test_a_stored_data_set_is_replaced(tmp_path: Path) -> None:
    for size in (16, 20):
        save_dataset(load_data("digits", size), tmp_path / "data")
    assert load_dataset(tmp_path / "data").image_size == 20
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("counts", [[1], [3, 10, 990], [1] * 12])
def test_arrays_are_written_piece_by_piece(tmp_path: Path, counts: list[int]) -> None:
    whole = np.random.default_rng(0).integers(0, 256, (sum(counts), 2, 3), dtype=np.uint8)
    write_array(tmp_path / "a.npy", np.split(whole, np.cumsum(counts)[:-1]))
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), whole)


def test_an_array_of_objects_is_never_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "data"
    save_dataset(load_data("digits", 16), path)
    np.save(path / "test-images-image.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="object"):
        load_dataset(path)

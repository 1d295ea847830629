from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gan_losses.data import load_data
from gan_losses.data.base import Split
from gan_losses.data.store import load_dataset, save_dataset


def test_a_stored_data_set_is_the_same(tmp_path: Path) -> None:
    data = replace(load_data("digits", 16), skipped=("a\nb.png",), name="images:<x>")
    save_dataset(data, tmp_path / "deep" / "data.safetensors")
    again = load_dataset(tmp_path / "deep" / "data.safetensors")
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
    save_dataset(data, tmp_path / "data.safetensors")
    again = load_dataset(tmp_path / "data.safetensors")
    assert again.domains == ("a", "b")
    assert again.train.labels is None


def test_nothing_is_left_behind_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        save_dataset(load_data("digits", 16), tmp_path / "data.safetensors")
    assert not list(tmp_path.iterdir())

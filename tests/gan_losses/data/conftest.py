from pathlib import Path

import pytest
import torch
from PIL import Image

from gan_losses.random import keyed_generator


class Album:
    """A folder that a test fills with pictures."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)

    def noise(self, count, mode="RGB", first=0, size=(20, 20)):
        """`count` different pictures of random pixels, `picture-<number>.png`."""
        bands = len(Image.new(mode, (1, 1)).getbands())
        for number in range(first, first + count):
            generator = keyed_generator(0, "test/album", number)
            shape = (size[1], size[0], bands)
            pixels = torch.randint(256, shape, dtype=torch.uint8, generator=generator).numpy()
            Image.fromarray(pixels.squeeze()).save(self.root / f"picture-{number:03d}.png")
        return self


@pytest.fixture
def album(tmp_path):
    return Album(tmp_path / "album")


@pytest.fixture(autouse=True)
def _cache_of_its_own(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("home")))

"""CelebA's faces: a folder of JPEG files, and lists in text files of which torchvision checks the md5.

Z. Liu, P. Luo, X. Wang and X. Tang: Deep Learning Face Attributes in the Wild (ICCV 2015).
"""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from gan_losses.data.base import Request
from gan_losses.data.digest import PIECE
from gan_losses.data.draft import SPLITS, Draft, Pieces, Pixels
from gan_losses.data.folder import named_images, printable
from gan_losses.data.pictures import Picture, read_pictures
from gan_losses.data.published import CELEBA_LISTS
from gan_losses.data.reading import check_files, prepare, reading
from gan_losses.data.squares import squares
from gan_losses.errors import UsageError

FOLDER = "celeba"
FACES = "img_align_celeba"
SIDE = 178  # pixels of the square in the middle of 178 x 218
OFFICIAL = ("train", "valid", "test")  # torchvision's names, in the order of `SPLITS`


def files_of_celeba(root: Path) -> list[tuple[str, Path]]:
    """Names and paths of everything that the set is read from."""
    lists = [(name, root / FOLDER / name) for name in CELEBA_LISTS]
    return [*lists, *((f"{FACES}/{name}", path) for name, path in named_images(root / FOLDER / FACES))]


def draft_celeba(request: Request) -> Draft:
    """The faces in the official partition; they are decoded when the draft is written.

    Raises:
        UsageError: if the lists are not the published ones; and while the faces are decoded, if one cannot be read and
            the request does not say that such are skipped.
    """
    skipped: list[str] = []
    images = {}
    for part, official in zip(SPLITS, OFFICIAL, strict=True):
        size = request.train_size if part == "train" else request.image_size
        images[part] = {"image": _faces(_names(request.root, official), size, request, skipped)}
    return Draft("celeba", images, skipped=skipped)


def _names(root: Path, official: str) -> list[str]:
    with reading("celeba", root):
        check_files(root / FOLDER / name for name in CELEBA_LISTS)
        prepare()
        from torchvision.datasets import CelebA

        return list(CelebA(root, official, target_type=[]).filename)


def _faces(names: Sequence[str], size: int, request: Request, skipped: list[str]) -> Pieces:
    folder = request.root / FOLDER / FACES

    def pixels() -> Iterator[Pixels]:
        paths = (folder / name for name in names)
        with contextlib.closing(read_pictures(paths, SIDE)) as results:
            for name, result in zip(names, results, strict=True):
                if isinstance(result, Picture):
                    yield result.pixels
                elif request.bad_images == "skip":
                    skipped.append(name)
                else:
                    shown = printable(folder / name)
                    raise UsageError(f"cannot read {shown!r} ({result}): get it anew, or skip bad images.")

    def pieces() -> Iterator[Pixels]:
        waiting: list[Pixels] = []
        before = len(skipped)
        for image in pixels():
            waiting.append(image)
            if len(waiting) == PIECE:
                yield squares(np.stack(waiting), size)
                waiting = []
        if waiting:
            yield squares(np.stack(waiting), size)
        elif len(skipped) - before == len(names):
            raise UsageError(f"none of {len(names)} faces in {printable(folder)!r} can be read: get them anew.")

    return pieces

"""The data sets of the CycleGAN paper by name, downloaded once and kept.

J.-Y. Zhu, T. Park, P. Isola and A. A. Efros: Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
Networks (ICCV 2017). Their licences are their owners'; the files are taken from the authors' server and nowhere else.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gan_losses.data.base import Request
from gan_losses.data.cache import Material
from gan_losses.data.domains import Domain, find_folders
from gan_losses.data.fetch import fetch, human_size, is_held, unpack
from gan_losses.data.places import looking
from gan_losses.data.unpaired import LAYOUT, find_layout
from gan_losses.errors import UsageError, unknown_name

BASE = "http://efrosgans.eecs.berkeley.edu/cyclegan/datasets"
MIRROR = "GAN_LOSSES_MIRROR"  # environment variable that replaces BASE
MOST_FILES = 100_000
ONE_DOMAIN = {"a": ("image",), "b": ("image",)}  # argument -> the domains of such a set

Finder = Callable[[Request], Material]


@dataclass(frozen=True)
class PaperSet:
    """One zip file on the authors' server.

    Attributes:
        size: its bytes.
        sha256: its hash, as TensorFlow Datasets records it.
        summary: a few words on what it holds; the numbers are those of the training images.
    """

    size: int
    sha256: str
    summary: str


PAPER_SETS: dict[str, PaperSet] = {
    "apple2orange": PaperSet(
        78_456_409,
        "845a191e9af8926408ea597001cd03a452e3300a1f44a79fe329b3d59f6e3eb8",
        "995 apples and 1,019 oranges",
    ),
    "cezanne2photo": PaperSet(
        279_885_071,
        "3a6c10ca21f9485862f1cbd707744b9dc258954a04631271d23a3605eeb63cff",
        "525 paintings by Cézanne and 6,287 photographs of landscapes",
    ),
    "facades": PaperSet(
        35_135_868,
        "9a31ebf3a31b9b5cd195dd5bf62e9308e00cb94604d1019e3889ac84248695c0",
        "400 photographs of facades and 400 label maps",
    ),
    "horse2zebra": PaperSet(
        116_867_962,
        "a74d9d392eecca9966b51287a76ca126af473d9de4f3e8fc0e9cda08fa1730a1",
        "1,067 horses and 1,334 zebras of 256 px",
    ),
    "iphone2dslr_flower": PaperSet(
        339_964_458,
        "8fcb5e374d631b107e1d961b8c4cd0a186aa2a4ff3e279923f4c426128de7113",
        "1,812 photographs of flowers by a telephone and 3,325 by a camera",
    ),
    "maps": PaperSet(
        1_476_754_427,
        "639534f69dbf9f36bef8d6292a7698006361221f83f0285d7c9ca78afe6e8a9e",
        "1,096 aerial photographs and 1,096 maps",
    ),
    "monet2photo": PaperSet(
        305_231_073,
        "88f91b00fc228f97c9411fbf1880ec1d119c98f1722e4cfcfaa2fb35fac05b04",
        "1,072 paintings by Monet and 6,287 photographs of landscapes",
    ),
    "summer2winter_yosemite": PaperSet(
        132_640_856,
        "167fe1726807a9d22bd106b4a6c0bd7953b688af924ac1bf967439c4961e49f9",
        "1,231 photographs of Yosemite in summer and 962 in winter",
    ),
    "ukiyoe2photo": PaperSet(
        292_946_532,
        "02a2a2fb5ecf425ca1bf86aca7304377da64a2a1d3b86df54eb65e4068bf3b08",
        "562 Ukiyo-e prints and 6,287 photographs of landscapes",
    ),
    "vangogh2photo": PaperSet(
        306_590_349,
        "362c3473e70be0944bda08d49d660eafdc2854df55d697835b8186d1d79caaff",
        "400 paintings by van Gogh and 6,287 photographs of landscapes",
    ),
}


def find_paper(name: str) -> Finder:
    """Finds the files of one of `PAPER_SETS`: domains `a` and `b`, split as `load_unpaired` splits trainA … testB.

    With the argument `a` or `b` it is a set of that domain alone, under the name `image`, with the same splits.

    The set is the folder of its name in the request's root. If it is not there, it is unpacked from the zip file in
    `downloads`, which is downloaded if the request says so. Where there is no internet, `GAN_LOSSES_MIRROR` names
    another address that has the zip files.

    Args:
        name: one of `PAPER_SETS`.

    Raises:
        UsageError: on an unknown name; and the finder: if the set is not there and must not be downloaded or cannot be,
            is not the one expected, or cannot be used.

    Example:
        >>> find_paper("horse2zebr")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        gan_losses.errors.UsageError: unknown data set 'horse2zebr': did you mean 'horse2zebra'? Known: ...
    """
    if name not in PAPER_SETS:
        raise unknown_name("data set", name, PAPER_SETS)

    def find(request: Request) -> Material:
        if request.argument not in ("", *ONE_DOMAIN):
            raise UsageError(f"{name}:{request.argument} is no domain of {name}: write {name}, {name}:a or {name}:b.")
        folders = find_layout(_inside(_obtain(name, request)))
        title = f"{name}:{request.argument}" if request.argument else name
        return find_folders(title, _wanted(folders, request.argument), request)

    return find


def _wanted(folders: dict[str, Domain], argument: str) -> dict[str, Domain]:
    return {"image": folders[argument]} if argument else folders


def sources() -> dict[str, tuple[Finder, str]]:
    """Name -> finder and one line about it, for every set.

    Example:
        >>> sources()["horse2zebra"][1]
        "1,067 horses and 1,334 zebras of 256 px (CycleGAN's set, 117 MB download)"
    """
    return {
        name: (find_paper(name), f"{known.summary} (CycleGAN's set, {human_size(known.size)} download)")
        for name, known in PAPER_SETS.items()
    }


def address(name: str) -> str:
    """Where the set's zip file is downloaded from: the authors' server, or `GAN_LOSSES_MIRROR`."""
    return f"{(os.environ.get(MIRROR) or BASE).rstrip('/')}/{name}.zip"


def _obtain(name: str, request: Request) -> Path:
    """The folder with the unpacked set."""
    folder = request.root / name
    with looking(request.root):
        if folder.is_dir():
            return folder
    known, archive = PAPER_SETS[name], request.root / "downloads" / f"{name}.zip"
    if request.download:
        fetch(address(name), archive, known.size, known.sha256, request.say)
    elif not is_held(archive, known.size, known.sha256):
        by_hand = f"put the file as {str(archive)!r} or the folders {', '.join(LAYOUT)} into {str(folder)!r} yourself"
        raise UsageError(
            f"no {name} in {str(request.root)!r}: add --download ({human_size(known.size)} from {address(name)}), "
            f"or {by_hand}."
        )
    request.say(f"{name}: unpacking {str(archive)!r} to {str(folder)!r}")
    try:
        unpack(archive, folder, most_bytes=4 * known.size + (64 << 20), most_files=MOST_FILES)
    except OSError as error:
        raise UsageError(f"cannot write {str(folder)!r} ({error.strerror}): allow it, or name another root.") from None
    return folder


def _inside(folder: Path) -> Path:
    """The folder that holds trainA: `folder`, or one in it (the zip files have a top folder)."""
    with looking(folder):
        for candidate in (folder, *sorted(path for path in folder.iterdir() if path.is_dir())):
            if (candidate / "trainA").is_dir():
                return candidate
    raise UsageError(f"no trainA in {str(folder)!r}: delete that folder and run again.")

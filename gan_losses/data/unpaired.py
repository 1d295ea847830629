"""Two folders of images that belong to two domains and are not paired: horses here, zebras there."""

import contextlib
from pathlib import Path

from gan_losses.data.base import DataSet, Request
from gan_losses.data.cache import Material, in_memory
from gan_losses.data.domains import Domain, find_folders
from gan_losses.data.folder import existing, expanded, printable
from gan_losses.errors import UsageError

LAYOUT = ("trainA", "trainB", "testA", "testB")


def load_unpaired(request: Request) -> DataSet:
    """The images of two domains `a` and `b`, as many of each as there are: uint8 (Na, C, size, size) and (Nb, …).

    The argument is one of

    - a folder with the subfolders trainA, trainB, testA and testB: they are trained and tested on as they are, and
      validation images are split off from the training folders, see `split_validation`;
    - a folder with exactly two subfolders of any names, in alphabetical order `a` and `b`;
    - two folders `FOLDER_A,FOLDER_B`.

    In the last two cases each folder is split by `split_by_content`. Hidden folders are passed over, and so are images
    that lie beside the subfolders. C is 1 if every image of both domains is grey, else 3.

    Args:
        request: its argument as above, `~` stands for the home folder; with `bad_images` "stop" the first file that
            cannot be read raises, with "skip" such files are left out and listed in `DataSet.skipped`.

    Raises:
        UsageError: if a folder is missing, is a file, cannot be listed, has none of these layouts or no image files, if
            a file cannot be read (with "stop"), or if a folder has too few different images.
    """
    return in_memory(find_unpaired(request), request.say)


def find_unpaired(request: Request) -> Material:
    """The files of `load_unpaired`, and how they are decoded.

    Raises:
        UsageError: if a folder is missing, is a file, cannot be listed or has none of the layouts; decoding raises the
            others.
    """
    return find_folders(f"unpaired:{request.argument}", _find_folders(request.argument), request)


def find_layout(root: Path) -> dict[str, Domain]:
    """The domains `a` and `b` below a folder: trainA, trainB, testA and testB, or any two subfolders.

    Folders beside trainA … testB are passed over. trainA and trainB alone are taken as any two subfolders.

    Raises:
        UsageError: if neither layout is there; it says which subfolders are.
    """
    found = _subfolders(root)
    missing = [name for name in LAYOUT if name not in found]
    if not missing:
        return {side.lower(): Domain(root / f"train{side}", root / f"test{side}") for side in "AB"}
    one_sided = len(missing) < len(LAYOUT) and found != ["trainA", "trainB"]
    if one_sided:  # testA and trainA are two subfolders as well, but nobody means them as the two domains
        present = ", ".join(name for name in LAYOUT if name in found)
        raise UsageError(f"{printable(root)!r} has {present} but no {', '.join(missing)}: all four are needed.")
    if len(found) != 2:
        expected = f"expected {', '.join(LAYOUT)}, or exactly two of any names, one per domain"
        raise UsageError(f"{printable(root)!r} has {_listing(found)}: {expected}.")
    return {domain: Domain(root / name) for domain, name in zip("ab", found, strict=True)}


def _find_folders(argument: str) -> dict[str, Domain]:
    parts = argument.split(",")
    if len(parts) != 2 or _is_there(expanded(argument)):
        return find_layout(_existing(argument))
    first, second = (_existing(part) for part in parts)
    if first.samefile(second):
        raise UsageError(f"both domains are {printable(first)!r}: name two different folders.")
    return {"a": Domain(first), "b": Domain(second)}


def _is_there(path: Path) -> bool:
    with contextlib.suppress(OSError):  # two paths can be too long for one
        return path.exists()
    return False


def _existing(folder: str) -> Path:
    return existing(folder, "unpaired:FOLDER or unpaired:FOLDER_A,FOLDER_B")


def _subfolders(root: Path) -> list[str]:
    try:
        return sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:
        raise UsageError(
            f"cannot list {printable(root)!r} ({error.strerror}): allow reading it or move it away."
        ) from None


def _listing(names: list[str]) -> str:
    if not names:
        return "no subfolders"
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    noun = "subfolder" if len(names) == 1 else "subfolders"
    return f"the {noun} {', '.join(printable(Path(name)) for name in names[:5])}{more}"

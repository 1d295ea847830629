"""Images decoded once: a folder in the cache for each content and each way of preparing it, mapped ever after."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gan_losses.data.base import DataSet, Request
from gan_losses.data.draft import Draft
from gan_losses.data.pictures import MOST_BYTES, THREADS, UnreadableError, hash_file
from gan_losses.data.places import alone, appearing, slug, sweep
from gan_losses.data.store import FORMAT, check_dataset, load_dataset, read_facts, save_draft

Say = Callable[[str], None]


@dataclass(frozen=True)
class Material:
    """What a request has found: files that are known but not yet decoded.

    Attributes:
        name: of the data set.
        fingerprint: a hash over everything that it is decoded from.
        draft: decodes; it takes a folder for scratch files, or None to have none.
    """

    name: str
    fingerprint: str
    draft: Callable[[Path | None], Draft]


def cached(find: Callable[[Request], Material]) -> Callable[[Request], DataSet]:
    """A loader that decodes what `find` finds only if the cache does not have it yet.

    The cache is `cache` in the request's root, a folder for each content, name, size, choice of classes and treatment of
    bad images. It is checked when it is used, and made anew if damaged. Several processes may want the same: one decodes,
    the others wait. Where the cache cannot be written, the images are kept in memory, and the user is told.

    Args:
        find: finds the files of a request.
    """

    def load(request: Request) -> DataSet:
        material = find(request)
        folder = cache_folder(material, request)
        try:
            if not _is_kept(folder, material, request):
                _make(folder, material, request)
            data = load_dataset(folder)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            request.say(f"the cache {str(folder)!r} cannot be used ({reason}): the images are kept in memory")
            return in_memory(material, request.say)
        for remark in read_facts(folder)["remarks"]:
            request.say(remark)
        return data

    return load


def in_memory(material: Material, say: Say) -> DataSet:
    """The data set without a cache."""
    draft = material.draft(None)
    data = draft.in_memory()
    for remark in draft.remarks:
        say(remark)
    return data


def cache_folder(material: Material, request: Request) -> Path:
    """Where the images of a request are kept."""
    sizes = (request.image_size, request.train_size)
    parts = [FORMAT, material.name, material.fingerprint, *sizes, request.bad_images]
    key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
    return request.root / "cache" / f"{slug(material.name)}-{request.image_size}-{key}"


def fingerprint(files: Iterable[tuple[str, Path]], most: int = MOST_BYTES) -> str:
    """A hash over the names and contents of files, in their order; one that cannot be read counts with the reason why.

    Args:
        files: pairs of a name, which does not hang on where the files lie, and a path.
        most: bytes of a file that is read.
    """
    pairs = list(files)
    with ThreadPoolExecutor(THREADS) as pool:
        digests = pool.map(lambda pair: _content(pair[1], most), pairs)
        lines = [f"{len(os.fsencode(name))} {name} {digest}" for (name, _), digest in zip(pairs, digests, strict=True)]
    return hashlib.sha256(os.fsencode("\n".join(lines))).hexdigest()


def _content(path: Path, most: int) -> str:
    digest = hash_file(path, most)
    return f"unreadable: {digest}" if isinstance(digest, UnreadableError) else digest


def _is_kept(folder: Path, material: Material, request: Request) -> bool:
    """Whether the folder holds what it is named after: it may come from anywhere."""
    if not check_dataset(folder):
        return False
    data = load_dataset(folder)
    wanted = {"train": request.train_size, "validation": request.image_size, "test": request.image_size}
    found = {(name, images.shape[-1]) for name in wanted for images in getattr(data, name).images.values()}
    return data.name == material.name and found == set(wanted.items())


def _make(folder: Path, material: Material, request: Request) -> None:
    say = request.say
    with alone(folder, lambda: say(f"{folder.name}: another process decodes it, waiting")):
        if os.path.lexists(folder):
            if _is_kept(folder, material, request):  # the process that was waited for has made it
                return
            say(f"{folder.name}: what the cache holds is damaged, it is made anew")
            if folder.is_dir() and not folder.is_symlink():
                shutil.rmtree(folder)
            else:  # of which rmtree would open a pipe and wait
                folder.unlink()
        sweep(folder)
        with appearing(folder) as content:
            save_draft(material.draft(content / "scratch"), content)
            shutil.rmtree(content / "scratch", ignore_errors=True)

"""Caches that came from elsewhere, with hashes that fit: what is not a data set of that name is made anew."""

import hashlib
import io
import json
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from gan_losses.data import load_data
from gan_losses.data.store import FACTS

ARRAY = "train-images-image"
IMAGES = np.zeros((6, 3, 16, 16), np.uint8)


class Poison:
    """Makes a file if it is unpickled."""

    def __reduce__(self):
        return Path.touch, (Path("ran"),)


@pytest.fixture
def kept(album, tmp_path, monkeypatch):
    """A data set in its cache, `kept.path`, and a way to load it again."""
    monkeypatch.chdir(tmp_path)
    album.noise(10)
    return lambda: load_data(f"images:{album.root}", 16, root=tmp_path / "root")


def sealed(folder, change):
    facts = json.loads((folder / FACTS).read_text())
    del facts["sha256"]
    change(facts)
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    (folder / FACTS).write_text(json.dumps({**facts, "sha256": digest}))


def saved(array):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def headed(text):
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text + bytes(100)


def described(shape):
    return headed(b"{'descr': '|u1', 'fortran_order': False, 'shape': %s, }\n" % shape)


ODD = (None, 1, [], {}, "x\x1b", [1], [None], {"../x": "y"}, {ARRAY: 1}, ["\n\x1b[1m"])
KEYS = ("name", "features", "digest", "classes", "skipped", "remarks", "files")
# Lists of texts are what some facts may be; the name of features is looked at where they are made.
FITTING = [
    ("classes", []),
    ("skipped", []),
    ("remarks", []),
    ("features", "x\x1b"),
    ("classes", ODD[-1]),
    ("skipped", ODD[-1]),
]
ARRAYS = {
    "floats": saved(IMAGES.astype(np.float32)),
    "three axes": saved(IMAGES[0]),
    "none": saved(IMAGES[:0]),
    "two channels": saved(IMAGES[:, :2]),
    "no squares": saved(IMAGES[..., :5]),
    "another size": saved(IMAGES[..., :9, :9]),
    "objects": saved(np.array([Poison()], object)),
    "records": saved(np.zeros(3, "i4,f8")),
    "a pickle": pickle.dumps(Poison()),
    "an archive": b"PK\3\4" + bytes(100),
    "nothing": b"",
    "more than there is": described(b"(99999999999, 3, 16, 16)"),
    "less than nothing": described(b"(-1, 3, 16, 16)"),
    "too many to count": described(b"(4294967296, 4294967296, 3, 3)"),
    "brackets": headed(b"(" * 9000 + b"\n"),
    "signs": headed(b"-" * 9000 + b"1\n"),
    "code": headed(b"__import__('pathlib').Path('ran').touch()\n"),
}
TEXTS = (b"", b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b"1" * 10_000, b"null", pickle.dumps(Poison()))


def check_made_anew(kept, spoil, same=True):
    """What is loaded after `spoil(folder)` is what was loaded before, if `same`."""
    first = kept()
    expected = first.digest, first.name, first.train.images["image"].clone()
    spoil(first.path)
    again = kept()
    assert (again.digest, again.name) == expected[:2]
    assert bool((again.train.images["image"] == expected[2]).all()) == same
    assert not Path("ran").exists()


@pytest.mark.parametrize("key", KEYS)
def test_facts_of_another_type_are_none(kept, key):
    for value in ODD:
        if (key, value) not in FITTING:
            check_made_anew(kept, lambda folder, value=value: sealed(folder, lambda facts: facts.update({key: value})))
    check_made_anew(kept, lambda folder: sealed(folder, lambda facts: facts.pop(key)))


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_facts_that_are_no_text_of_that_kind_are_none(kept, text):
    check_made_anew(kept, lambda folder: (folder / FACTS).write_bytes(text))


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_of_another_kind_is_none_whatever_its_hash(kept, name):
    def spoil(folder):
        (folder / f"{ARRAY}.npy").write_bytes(ARRAYS[name])
        digest = hashlib.sha256(ARRAYS[name]).hexdigest()
        sealed(folder, lambda facts: facts["files"].update({ARRAY: digest}))

    check_made_anew(kept, spoil)


PLACES = {
    "pipe": os.mkfifo,
    "zeros": lambda path: path.symlink_to("/dev/zero"),
    "loop": lambda path: path.symlink_to(path.name),
    "folder": Path.mkdir,
}


@pytest.mark.parametrize("file", [FACTS, f"{ARRAY}.npy", ""])
@pytest.mark.parametrize("kind", PLACES)
def test_what_would_wait_or_never_end_is_made_anew(kept, file, kind):
    def spoil(folder):
        shutil.rmtree(folder) if not file else (folder / file).unlink()
        PLACES[kind](folder / file)

    check_made_anew(kept, spoil)


@pytest.mark.parametrize("kind", [*PLACES, "link"])
def test_a_lock_that_is_no_file_is_not_waited_at_nor_written_through(kept, tmp_path, kind):
    def spoil(folder):
        shutil.rmtree(folder)
        lock = folder.with_name(f"{folder.name}.lock")
        lock.unlink()
        {**PLACES, "link": lambda path: path.symlink_to(tmp_path / "outside")}[kind](lock)

    check_made_anew(kept, spoil)
    assert not (tmp_path / "outside").exists()

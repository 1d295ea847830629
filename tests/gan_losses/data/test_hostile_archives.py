"""Archives made to do harm, and sound ones spoilt: each is unpacked into its folder or told, and nothing lands elsewhere."""

import bz2
import gzip
import io
import lzma
import os
import random
import struct
import tarfile
import zipfile

import pytest

from gan_losses.data.archives import gunzip, untar
from gan_losses.data.fetch import unpack
from gan_losses.errors import UsageError

PACKED = {"": bytes, "gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}
LIMITS = (1_000_000, 1000)


def member(name, kind=tarfile.REGTYPE, target="", **facts):
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, target
    for fact, value in facts.items():
        setattr(found, fact, value)
    return found


def tar(*members):
    """Of (name or header, content) pairs."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as packed:
        for header, content in members:
            header = header if isinstance(header, tarfile.TarInfo) else tarfile.TarInfo(header)
            header.size = len(content)
            packed.addfile(header, io.BytesIO(content))
    return stream.getvalue()


def deceiving():
    """Links through links whose path is longer than a path may be: the filters of older Pythons follow none of them."""
    long, members, path = "d" * 247, [], ""
    for letter in "abcdefghijklmnop":
        members.append((member(f"set/{path}{long}", tarfile.DIRTYPE), b""))
        members.append((member(f"set/{path}{letter}", tarfile.SYMTYPE, long), b""))
        path += f"{long}/"
    inner = "/".join("abcdefghijklmnop") + "/" + "l" * 254
    members.append((member(f"set/{inner}", tarfile.SYMTYPE, "../" * 16), b""))
    members.append((member("set/escape", tarfile.SYMTYPE, f"{inner}/../../.."), b""))
    return tar(*members, ("set/escape/evil", b"evil"))


def negative():
    """A member of -1024 bytes: the next header is the same again, without end."""
    header = bytearray(tarfile.TarInfo("set/x").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 8 + struct.pack(">i", -1024)
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + 8 * 32 + sum(header[156:]))
    return tar(("set/a", b"x"))[:1024] + bytes(header) + bytes(2048)


def long_header():
    return tarfile.TarInfo("x").tobuf()[:0] + member("x", tarfile.XHDTYPE, size=3 << 30).tobuf(tarfile.GNU_FORMAT)


SOUND = tar(
    ("set/a", b"x" * 700), ("set/deep/" + "b" * 150, b"y"), (member("set/c", pax_headers={"comment": "é"}), b"z")
)
SPARSE = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "set/s", "GNU.sparse.realsize": "1000"}
HOSTILE = {
    "a link in the folder": tar(("set/a", b""), (member("set/l", tarfile.SYMTYPE, "a"), b"")),
    "a folder that is a link": tar((member("set/l", tarfile.SYMTYPE, "."), b""), ("set/l/x", b"")),
    "links through links": deceiving(),
    "a hard link to nothing": tar((member("set/h", tarfile.LNKTYPE, "set/none"), b"")),
    "a hard link to itself": tar((member("set/h", tarfile.LNKTYPE, "set/h"), b"")),
    "a pipe": tar((member("set/p", tarfile.FIFOTYPE), b"")),
    "a negative size": negative(),
    "a long header": long_header(),
    "a long name": tar(("set/" + "a" * 300, b"")),
    "a file for a folder": tar(("set/a", b"1"), ("set/a/b", b"2")),
    "a folder for a file": tar((member("set/a", tarfile.DIRTYPE), b""), ("set/a", b"2")),
    "a file for the folder": tar(("set", b"x")),
    "a path of its own": tar((member("set/a", pax_headers={"path": "../../evil"}), b"x")),
    "a map of letters": tar((member("set/a", pax_headers={"GNU.sparse.map": "x,y"}), b"ab")),
    "a map without an end": tar((member("set/a", pax_headers=SPARSE), b"1\n")),
    "nothing": b"",
}


def told(unpack_, content, folder):
    """What is said of an archive, "" if it is unpacked; nothing but the folder `out/set` may be there then."""
    archive, out = folder / "archive", folder / "out"
    archive.write_bytes(content)
    out.mkdir(exist_ok=True)
    try:
        unpack_(archive, out / "set")
        sentence = ""
    except UsageError as error:
        sentence = str(error)
        assert sentence.isprintable()
        assert not any(out.iterdir())
    assert sorted(os.listdir(folder)) == ["archive", "out"]  # noqa: PTH208
    for path in sorted(out.rglob("*"), reverse=True):
        assert not path.is_symlink()
        assert path.relative_to(out).parts[0] == "set"
        path.rmdir() if path.is_dir() else path.unlink()
    return sentence


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_tar_file_made_to_do_harm_is_told(tmp_path, name, packing):
    sentence = told(lambda archive, to: untar(archive, to, *LIMITS), PACKED[packing](HOSTILE[name]), tmp_path)
    assert " is not unpacked (" in sentence or " is a broken archive (" in sentence


def spoil(content, random_):
    spoilt, place = bytearray(content), random_.randrange(len(content))
    match random_.randrange(3):
        case 0:
            del spoilt[place:]
        case 1:
            for _ in range(random_.choice((1, 3, 9))):
                spoilt[random_.randrange(len(spoilt))] ^= 1 << random_.randrange(8)
        case 2:
            del spoilt[place : random_.randrange(place, len(spoilt)) + 1]
    return bytes(spoilt)


def checked(content):
    """The sums of all headers mended, so that what was spoilt in them is read."""
    mended = bytearray(content)
    for start in range(0, len(mended) - 511, 512):
        header = mended[start : start + 512]
        if header[257:262] == b"ustar":
            mended[start + 148 : start + 156] = b"%06o\0 " % (sum(header[:148]) + 8 * 32 + sum(header[156:]))
    return bytes(mended)


def test_spoilt_tar_files_are_unpacked_or_told(tmp_path):
    random_, sentences = random.Random(0), []
    for _ in range(200):
        content = spoil(random_.choice([SOUND, *(HOSTILE[name] for name in HOSTILE if HOSTILE[name])]), random_)
        packed = random_.choice([*PACKED.values()])(checked(content))
        packed = spoil(packed, random_) if packed and random_.random() < 0.3 else packed
        sentences.append(told(lambda archive, to: untar(archive, to, *LIMITS), packed, tmp_path))
    assert 100 < sum(map(bool, sentences)) < 200


def test_spoilt_gzip_files_are_unpacked_or_told(tmp_path):
    random_, sound = random.Random(0), gzip.compress(random.Random(1).randbytes(500))
    assert told(lambda archive, to: gunzip(archive, to, 5000), sound, tmp_path) == ""
    sentences = [
        told(lambda archive, to: gunzip(archive, to, 5000), spoil(sound, random_), tmp_path) for _ in range(50)
    ]
    assert sum(map(bool, sentences)) > 40
    assert "more than 5,000 bytes" in told(
        lambda archive, to: gunzip(archive, to, 5000), gzip.compress(bytes(9999)), tmp_path
    )


def zipped(names, packing):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packing) as packed:
        for number, name in enumerate(names):
            packed.writestr(name, b"%d" % number * 90)
    return stream.getvalue()


@pytest.mark.parametrize("names", [["a" * 300 + ".png"], ["a.png", "a.png/b/c.png"], ["a.png/b.png", "a.png"]])
def test_a_zip_file_of_impossible_names_is_told(tmp_path, names):
    sentence = told(lambda archive, to: unpack(archive, to, *LIMITS), zipped(names, zipfile.ZIP_STORED), tmp_path)
    assert " is a broken zip file (" in sentence


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_spoilt_zip_files_are_unpacked_or_told(tmp_path, packing):
    random_, sentences = random.Random(packing), []
    sound = zipped(["a.png", "b/é.jpg", "two\nlines.png"], packing)
    for _ in range(60):
        content = bytearray(spoil(sound, random_))
        directory = content.find(b"PK\1\2")
        for _ in range(random_.randrange(3) if directory >= 0 else 0):
            content[(directory + random_.randrange(46)) % len(content)] = random_.randrange(256)
        sentences.append(told(lambda archive, to: unpack(archive, to, *LIMITS), bytes(content), tmp_path))
    assert sum(map(bool, sentences)) > 30

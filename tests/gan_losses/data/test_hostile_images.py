"""Images that nobody meant to be read: what Pillow can write, spoilt in every way, and folders full of odd things.

Every one is a picture of the right form or a reason in a few words; seeds are fixed, so a failure comes back.
"""

import io
import os
import random
import socket
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from gan_losses.data import load_data
from gan_losses.data import pictures as pictures_module
from gan_losses.data.pictures import Picture, UnreadableError, hash_file, read_pictures
from gan_losses.errors import UsageError

MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "I;16", "F")
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "ICO", "JPEG2000", "TGA", "PCX", "DDS", "SGI")
SPOILT = 300


def pixels(mode, random_):
    if mode in ("I", "F", "I;16"):
        kind = {"I": np.int32, "F": np.float32, "I;16": np.uint16}[mode]
        return Image.fromarray(np.frombuffer(random_.randbytes(16 * 12 * kind().nbytes), kind).reshape(12, 16))
    size = len(Image.new(mode, (16, 12)).tobytes())
    return Image.frombytes(mode, (16, 12), random_.randbytes(size))


def saved(picture, kind, **options):
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def sound(random_):
    """Name -> content, of every format and mode that Pillow writes, and with what else such files may carry."""
    found = {}
    for kind in FORMATS:
        for mode in MODES:
            try:
                found[f"{kind} {mode}"] = saved(pixels(mode, random_), kind)
            except (OSError, ValueError, KeyError, SystemError):  # that format has no such mode
                continue
    picture = pixels("RGB", random_)
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        found[f"{kind} animated"] = saved(picture, kind, save_all=True, append_images=[pixels("RGB", random_)] * 2)
    for kind in ("JPEG", "PNG", "WEBP"):
        for turn in range(10):
            exif = Image.Exif()
            exif[0x0112] = turn
            found[f"{kind} turned {turn}"] = saved(picture, kind, exif=exif)
        found[f"{kind} garbage EXIF"] = saved(picture, kind, exif=b"Exif\0\0" + random_.randbytes(200))
        found[f"{kind} garbage profile"] = saved(picture, kind, icc_profile=random_.randbytes(999))
    for packing in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg"):
        found[f"TIFF {packing}"] = saved(picture, "TIFF", compression=packing)
    text = PngImagePlugin.PngInfo()
    text.add_text("key", "x" * 3_000_000, zip=True)
    return found | {"PNG text": saved(picture, "PNG", pnginfo=text)}


def spoil(content, random_):
    spoilt, place = bytearray(content), random_.randrange(len(content))
    match random_.randrange(5):
        case 0:
            del spoilt[place:]
        case 1:
            for _ in range(random_.choice((1, 4, 30))):
                spoilt[random_.randrange(len(spoilt))] ^= 1 << random_.randrange(8)
        case 2:
            place %= 64
            number = random_.choice((0, 65535, 60000, 2**31 - 1, 2**32 - 1))
            spoilt[place : place + 4] = struct.pack(random_.choice("<>") + "I", number)
        case 3:
            spoilt[place:place] = random_.randbytes(50)
        case 4:
            del spoilt[place : place + random_.randrange(1, 200)]
    return bytes(spoilt)


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def bomb(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = chunk(b"IDAT", zlib.compress(bytes(10_000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + packed + chunk(b"IEND", b"")


def problem(result):
    """What is wrong with a result of `read_pictures`, "" if nothing is."""
    if isinstance(result, UnreadableError):
        reason = str(result)
        return "" if 0 < len(reason) <= 200 and reason.isprintable() else repr(reason)
    form = isinstance(result, Picture) and (result.pixels.shape, result.pixels.dtype.name)
    return "" if form == ((3, 16, 16), "uint8") else repr(form)


def read_all(folder, contents):
    """Name -> result, of contents under suffixes that do not always fit."""
    suffixes, paths = ("png", "jpg", "gif", "bmp", "tif", "webp"), []
    for number, content in enumerate(contents.values()):
        paths.append(folder / f"{number}.{suffixes[number % len(suffixes)]}")
        paths[-1].write_bytes(content)
    return dict(zip(contents, read_pictures(paths, 16), strict=True))


def test_every_sound_image_is_a_picture_or_has_a_reason(tmp_path):
    results = read_all(tmp_path, sound(random.Random(0)))
    assert {name: problem(result) for name, result in results.items() if problem(result)} == {}
    expected = {f"{kind} RGB" for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")}
    expected |= {f"{kind} animated" for kind in ("GIF", "WEBP", "PNG", "TIFF")} | {"JPEG CMYK", "TIFF LAB", "PNG I;16"}
    assert {name for name in expected if not isinstance(results[name], Picture)} == set()


@pytest.mark.parametrize("seed", range(2))
def test_every_spoilt_image_is_a_picture_or_has_a_reason(tmp_path, seed):
    random_ = random.Random(seed)
    files = list(sound(random_).items())
    chosen = [random_.choice(files) for _ in range(SPOILT)]
    contents = {f"{number} {name}": spoil(content, random_) for number, (name, content) in enumerate(chosen)}
    results = read_all(tmp_path, contents)
    assert {name: problem(result) for name, result in results.items() if problem(result)} == {}
    unreadable = sum(isinstance(result, UnreadableError) for result in results.values())
    assert SPOILT / 5 < unreadable < SPOILT


@pytest.mark.parametrize("size", [(60000, 60000), (2**31 - 1, 2**31 - 1), (0, 9), (1, 2**31 - 1), (9400, 9500)])
def test_a_bomb_is_no_picture(tmp_path, size):
    (result,) = read_all(tmp_path, {"bomb": bomb(*size)}).values()
    assert isinstance(result, UnreadableError)


def test_large_files_of_nothing_are_not_even_hashed(tmp_path):
    with (tmp_path / "x.png").open("wb") as stream:
        stream.truncate(1 << 42)
    (result,) = read_pictures([tmp_path / "x.png"], 16)
    assert (
        str(result) == str(hash_file(tmp_path / "x.png")) == "4,398,046,511,104 bytes, at most 1,073,741,824 are read"
    )


def test_large_greys_are_scaled_piece_by_piece(tmp_path, monkeypatch):
    values = np.arange(35 * 35, dtype=np.int32).reshape(35, 35) * 50
    Image.fromarray(values).save(tmp_path / "x.tif")
    (whole,) = read_pictures([tmp_path / "x.tif"], 35)
    monkeypatch.setattr(pictures_module, "AT_ONCE", 100)
    (parts,) = read_pictures([tmp_path / "x.tif"], 35)
    assert (parts.pixels == whole.pixels).all()
    assert (whole.pixels[0] == np.round(values * (255 / 65535))).all()


def listening(path):
    with socket.socket(socket.AF_UNIX) as server:
        here = os.getcwd()  # noqa: PTH109
        os.chdir(path.parent)  # a socket's whole path must be short
        server.bind(path.name)
        os.chdir(here)


ODD = {
    "a pipe": lambda folder: os.mkfifo(folder / "x.png"),
    "a socket": lambda folder: listening(folder / "x.png"),
    "zeros for ever": lambda folder: (folder / "x.png").symlink_to("/dev/zero"),
    "a log that waits": lambda folder: (folder / "x.png").symlink_to("/proc/kmsg"),
    "a terminal": lambda folder: (folder / "x.png").symlink_to("/dev/tty"),
    "a link to itself": lambda folder: (folder / "x.png").symlink_to("x.png"),
    "a link to nothing": lambda folder: (folder / "x.png").symlink_to("nowhere"),
    "no bytes": lambda folder: (folder / "x.png").touch(),
    "a lie": lambda folder: (folder / "x.gif").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
    "two lines": lambda folder: (folder / "a\nb\x1b[31m.png").touch(),
    "markup": lambda folder: (folder / "<script>&'\".png").touch(),
    "no text": lambda folder: (folder / os.fsdecode(b"\xff\xfe.png")).touch(),
    "turned letters": lambda folder: (folder / "\u202e\u2028.png").touch(),
    "a long name": lambda folder: (folder / ("x" * 251 + ".png")).touch(),
}


@pytest.mark.parametrize("kind", ["images", "unpaired"])
@pytest.mark.parametrize("odd", ODD)
def test_one_odd_file_is_told_or_counted(album, tmp_path, odd, kind):
    parts = [album.root / name for name in ("a", "b")] if kind == "unpaired" else [album.root]
    for part in parts:
        type(album)(part).noise(10)
    ODD[odd](parts[0])
    with pytest.raises(UsageError) as caught:
        load_data(f"{kind}:{album.root}", 16, root=tmp_path / "root")
    assert str(caught.value).startswith("cannot read ")
    assert str(caught.value).isprintable()
    data = load_data(f"{kind}:{album.root}", 16, "skip", root=tmp_path / "root")
    (skipped,) = data.skipped
    assert skipped.isprintable()


HARMLESS = {
    "a folder with a suffix": lambda folder: (folder / "x.png").mkdir(),
    "links up and round": lambda folder: [(folder / f"link{number}").symlink_to(".") for number in range(20)],
    "a hidden pipe": lambda folder: os.mkfifo(folder / ".x.png"),
    "a suffix alone": lambda folder: (folder / ".png").touch(),
}


@pytest.mark.parametrize("odd", HARMLESS)
def test_what_is_no_image_file_is_passed_over(album, tmp_path, odd):
    HARMLESS[odd](album.noise(10).root)
    assert load_data(f"images:{album.root}", 16, root=tmp_path / "root").skipped == ()


def test_folders_too_deep_in_each_other_are_told(album, tmp_path, monkeypatch):
    def walk(*arguments, **options):  # Python 3.11 walks each level in a call of its own
        raise RecursionError

    monkeypatch.setattr(os, "walk", walk)
    with pytest.raises(UsageError) as caught:
        load_data(f"images:{album.noise(10).root}", 16, root=tmp_path / "root")
    assert str(caught.value) == f"the folders in {str(album.root)!r} lie too deep in each other: move the images up."


@pytest.mark.parametrize("kind", ["images", "unpaired"])
@pytest.mark.parametrize(
    "folder", ["x" * 300, "y/" * 3000, "loop", "loop/x", "file/x", "\n", "pipe", "/dev/zero", ",", "x,y"]
)
def test_a_path_that_cannot_be_one_is_told(tmp_path, monkeypatch, kind, folder):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError) as caught:
        load_data(f"{kind}:{folder}", 16, root=tmp_path / "root")
    assert str(caught.value).isprintable()

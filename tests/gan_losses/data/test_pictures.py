import os
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from gan_losses.data.pictures import Picture, UnreadableError, read_pictures

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def read(path, image_size=16):
    (result,) = read_pictures([path], image_size)
    assert isinstance(result, Picture), result
    return result


def colour_of(picture, row=8, column=8):
    return tuple(picture.pixels[:, row, column].tolist())


@pytest.mark.parametrize("suffix", ["png", "webp", "bmp", "tif"])
@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3)])
def test_lossless_pictures_of_the_wanted_size_come_back_pixel_for_pixel(tmp_path, suffix, mode, channels):
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, channels), dtype=np.uint8)
    Image.fromarray(pixels.squeeze()).save(tmp_path / f"a.{suffix}", **({"lossless": True} if suffix == "webp" else {}))
    picture = read(tmp_path / f"a.{suffix}")
    assert picture.pixels.tolist() == np.broadcast_to(pixels, (16, 16, 3)).transpose(2, 0, 1).tolist()
    assert picture.is_grey == (mode == "L")


def test_sixteen_bit_grey_is_scaled_and_not_clipped(tmp_path):
    values = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    Image.fromarray(values).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").pixels[0].flatten().tolist() == list(range(256))


@pytest.mark.parametrize("white", [65535, 2**31 - 1])
def test_integer_grey_is_scaled_by_sixteen_bits_or_by_all_that_it_needs(tmp_path, white):
    values = np.zeros((16, 16), dtype=np.int32)
    values[:, 8:] = white
    values[8:, :8] = white // 5
    values[8:, 8:] = -white
    Image.fromarray(values).save(tmp_path / "a.tif")
    pixels = read(tmp_path / "a.tif").pixels[0]
    assert [pixels[0, 0], pixels[15, 0], pixels[0, 15], pixels[15, 15]] == [0, 51, 255, 0]


def test_exif_orientation_six_turns_the_picture_clockwise(tmp_path):
    image = Image.new("RGB", (32, 32), BLUE)
    image.paste(RED, (0, 0, 32, 16))  # the upper half
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.png", exif=exif)
    picture = read(tmp_path / "a.png")
    assert (colour_of(picture, column=13), colour_of(picture, column=2)) == (RED, BLUE)


@pytest.mark.parametrize(("mode", "colour"), [("RGBA", (0, 0, 0, 51)), ("LA", (0, 51))])
def test_transparent_pixels_are_laid_on_white(tmp_path, mode, colour):
    Image.new(mode, (16, 16), colour).save(tmp_path / "a.png")
    assert colour_of(read(tmp_path / "a.png")) == (204, 204, 204)  # a fifth of black, four of white


@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_a_palettes_transparent_colour_becomes_white(tmp_path, suffix):
    image = Image.new("P", (16, 16), 1)
    image.putpalette([*RED, *GREEN, *BLUE])
    image.paste(2, (0, 0, 8, 16))
    image.save(tmp_path / f"a.{suffix}", transparency=1)
    picture = read(tmp_path / f"a.{suffix}")
    assert (colour_of(picture, column=2), colour_of(picture, column=13)) == (BLUE, WHITE)


def test_cmyk_becomes_rgb(tmp_path):
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    torch.testing.assert_close(torch.tensor(colour_of(read(tmp_path / "a.jpg"))), torch.tensor(RED), atol=3, rtol=0)


def test_black_and_white_pictures_are_grey(tmp_path):
    Image.new("1", (16, 16), 1).save(tmp_path / "a.png")
    picture = read(tmp_path / "a.png")
    assert (colour_of(picture), picture.is_grey) == (WHITE, True)


def test_the_first_frame_of_an_animation_counts(tmp_path):
    frames = [Image.new("RGB", (16, 16), colour) for colour in (GREEN, RED)]
    for suffix in ("gif", "webp"):
        frames[0].save(
            tmp_path / f"a.{suffix}",
            save_all=True,
            append_images=frames[1:],
            **({"lossless": True} if suffix == "webp" else {}),
        )
        assert colour_of(read(tmp_path / f"a.{suffix}")) == GREEN


def test_the_middle_of_a_wide_picture_is_cut_out_of_the_whole_height(tmp_path):
    image = Image.new("RGB", (120, 40), RED)
    image.paste(GREEN, (40, 0, 80, 40))
    image.paste(BLUE, (40, 0, 80, 20))
    image.save(tmp_path / "a.png")
    pixels = read(tmp_path / "a.png").pixels
    expected = np.zeros((16, 16, 3), dtype=np.uint8)
    expected[:8], expected[8:] = BLUE, GREEN
    inner = np.abs(pixels.transpose(1, 2, 0).astype(int) - expected)[[0, 1, 2, 3, 4, 11, 12, 13, 14, 15], 1:-1]
    assert inner.max() <= 12  # the cut has hard borders, the bicubic filter overshoots beside the horizontal one


def test_reducing_antialiases_a_fine_pattern_to_its_mean(tmp_path):
    stripes = np.zeros((128, 128), dtype=np.uint8)
    stripes[:, ::2] = 255
    Image.fromarray(stripes).save(tmp_path / "a.png")
    inner = torch.from_numpy(read(tmp_path / "a.png").pixels[0, :, 1:-1].astype(float))
    torch.testing.assert_close(inner, torch.full_like(inner, 127.5), atol=1, rtol=0)


def test_a_large_jpeg_decoded_small_equals_the_same_picture_decoded_whole(tmp_path):
    wave = np.sin(np.arange(1024) * 2 * np.pi / 32) * 100 + 128  # decoded at an eighth it would be off by 8 levels
    texture = Image.fromarray(wave[None, :].repeat(1024, 0).round().astype(np.uint8))
    texture.save(tmp_path / "a.jpg", quality=95)
    texture.save(tmp_path / "a.png")
    small, whole = (torch.from_numpy(read(tmp_path / name, 128).pixels.astype(int)) for name in ("a.jpg", "a.png"))
    torch.testing.assert_close(small, whole, atol=2, rtol=0)


def test_what_pillow_warns_of_beside_bombs_is_no_matter(tmp_path):
    Image.new("RGB", (16, 16), RED).save(tmp_path / "a.png")
    chunk = b"acTL" + bytes(8)  # an animation of no frames: Pillow warns and shows the picture
    content = (tmp_path / "a.png").read_bytes()
    header = 8 + 25  # signature and IHDR
    inserted = struct.pack(">I", 8) + chunk + struct.pack(">I", zlib.crc32(chunk))
    (tmp_path / "a.png").write_bytes(content[:header] + inserted + content[header:])
    with pytest.warns(UserWarning, match="APNG"):
        Image.open(tmp_path / "a.png").close()
    assert colour_of(read(tmp_path / "a.png")) == RED


def write_bad(folder, kind):
    path = folder / f"{kind}.png"
    if kind == "text":
        path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    elif kind == "empty":
        path.touch()
    elif kind == "truncated":
        path = path.with_suffix(".jpg")
        Image.effect_noise((64, 64), 90).save(path)
        path.write_bytes(path.read_bytes()[:1000])
    elif kind == "float":
        path = path.with_suffix(".tif")
        Image.new("F", (16, 16), 0.5).save(path)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "dangling":
        path.symlink_to(folder / "nowhere.png")
    return path


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("text", "not an image of a known type"),
        ("empty", "it is empty"),
        ("truncated", "image file is truncated"),
        ("float", "floating-point pixels have no agreed white: save it with 8 or 16 bits"),
        ("pipe", "not a regular file"),
        ("dangling", "not a regular file"),
    ],
)
def test_a_bad_file_gives_its_reason_and_the_next_file_is_read(tmp_path, kind, reason):
    Image.new("RGB", (16, 16), RED).save(tmp_path / "good.png")
    bad, good = read_pictures([write_bad(tmp_path, kind), tmp_path / "good.png"], 16)
    assert isinstance(bad, UnreadableError)
    assert str(bad).startswith(reason)
    assert colour_of(good) == RED


@pytest.mark.parametrize("limit", [200, 100])
def test_what_pillow_takes_for_a_bomb_is_bad_whether_it_warns_or_raises(tmp_path, monkeypatch, limit):
    Image.new("RGB", (16, 16)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)  # 256 pixels: above 200 a warning, above twice 100 an error
    (result,) = read_pictures([tmp_path / "a.png"], 16)
    assert str(result) == "more pixels than a sound image has"

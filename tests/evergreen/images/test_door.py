"""evergreen.images.door: one normalisation of every image, whatever its container."""

import io
import os
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hostile_images import EPS, heic, icns, ico, jpeg2000, saved, thin_png
from hostile_images import png as claimed
from PIL import EpsImagePlugin, ExifTags, Image

from evergreen.errors import BadImage, DecoderFailed, LargerThanRoom, UnknownFormat
from evergreen.images.door import open_image

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF", "WEBP", "PPM", "JPEG2000"])
def test_lossless_containers_give_the_same_pixels(kind: str) -> None:
    options = {"WEBP": {"lossless": True}, "JPEG2000": {"irreversible": False}}.get(kind, {})
    source = np.repeat(PIXELS[..., :1], 3, axis=2) if kind == "GIF" else PIXELS
    picture = open_image(saved(Image.fromarray(source), kind, **options))
    assert np.array_equal(picture.pixels, source)
    assert (picture.format, picture.pixels.dtype) == (kind, np.uint8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_orientations_come_out_upright(orientation: int) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's transpositions that each tag asks a viewer to undo
    image = Image.fromarray(PIXELS)
    if orientation in undo:
        image = image.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.array_equal(open_image(saved(image, "PNG", exif=exif)).pixels, PIXELS)


def test_alpha_is_put_on_white_and_hidden_colour_does_not_show() -> None:
    rgba = np.dstack([PIXELS, np.zeros(PIXELS.shape[:2], np.uint8)])
    assert (open_image(saved(Image.fromarray(rgba))).pixels == 255).all()
    palette = Image.fromarray(PIXELS).convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    assert (open_image(saved(palette, transparency=bytes(4))).pixels == 255).all()


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    wide = np.array([[0, 257, 32896, 65535]], np.uint16)
    assert open_image(saved(Image.fromarray(wide))).pixels[0, :, 0].tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize(("start", "pixels"), [(b"P5 4 1 65535\n", None), (b"P2 4 1 65535\n", b"0 257 32896 65535")])
def test_sixteen_bits_of_pgm_are_scaled_too(start: bytes, pixels: bytes | None) -> None:
    wide = np.array([0, 257, 32896, 65535], ">u2").tobytes()
    assert open_image(start + (pixels or wide)).pixels[0, :, 0].tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_thirty_two_bits_of_no_stated_range_are_refused(kind: type) -> None:
    picture = Image.fromarray(np.array([[0, 257, 32896, 65535]], kind))
    with pytest.raises(BadImage, match="TIFF with 32 bits a pixel, whose range nobody states"):
        open_image(saved(picture, "TIFF"))


@pytest.mark.parametrize("mode", ["1", "L", "CMYK", "RGBA"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    kind = "TIFF" if mode == "CMYK" else "PNG"
    assert open_image(saved(Image.fromarray(PIXELS).convert(mode), kind)).pixels.shape == PIXELS.shape


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_image(data).pixels[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"<html></html>", "not a readable image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a readable image"),
        (b"PK\x03\x04 zip", "not a readable image"),
        (bytes(range(256)) * 4, "not a readable image"),
        (saved(Image.fromarray(PIXELS))[:120], "not a readable image"),
    ],
)
def test_what_is_no_image_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(BadImage, match=reason):
        open_image(data)


@pytest.mark.parametrize(
    "data",
    [
        claimed(30_000, 30_000),
        ico(claimed(30_000, 30_000)),
        icns(claimed(30_000, 30_000)),
        heic((30_000, 30_000)),
    ],
)
def test_size_is_judged_by_the_header_before_decoding_and_by_that_of_a_picture_inside(data: bytes) -> None:
    with pytest.raises(BadImage, match=r"^900 megapixels, over the limit of 150$"):
        open_image(data)


def test_the_limit_is_the_callers_and_no_limit_of_pillows_comes_before_it() -> None:
    pillows = Image.MAX_IMAGE_PIXELS
    data = thin_png(200_000, 1000)  # 200 megapixels, more than Pillow's own limit
    with pytest.raises(BadImage, match="200 megapixels, over the limit of 150"):
        open_image(data, 150)
    assert open_image(thin_png(1000, 1000), 1.0).pixels.shape == (1000, 1000, 3)
    with pytest.raises(BadImage, match=r"over the limit of 0\.999"):
        open_image(thin_png(1000, 1000), 0.999)
    assert pillows == Image.MAX_IMAGE_PIXELS


def test_threads_have_each_its_own_limit_and_leave_pillows_as_it_was(png: Callable[..., bytes]) -> None:
    pillows = Image.MAX_IMAGE_PIXELS
    inside = ico(png(1, (200, 100)))

    def opened(number: int) -> bool:
        try:
            return open_image(inside, 0.02 if number % 2 else 0.0199).pixels.shape == (100, 200, 3)
        except BadImage as error:
            assert str(error) == "0 megapixels, over the limit of 0.0199"
            return False

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(opened, range(400))) == [False, True] * 200
    assert pillows == Image.MAX_IMAGE_PIXELS


def test_what_is_larger_than_the_room_is_told_from_what_is_too_large() -> None:
    for data in (thin_png(1000, 1000), ico(claimed(1000, 1000)), icns(jpeg2000((1000, 1000), (64, 64)))):
        with pytest.raises(LargerThanRoom) as error:
            open_image(data, 1.0, room=0.5)
        assert error.value.megapixels == 1
        with pytest.raises(BadImage, match=r"1 megapixels, over the limit of 0\.7"):
            open_image(data, 0.7, room=0.5)


def test_postscript_under_any_name_starts_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "gs"
    program.write_text('#!/bin/sh\ntouch "$(dirname "$0")/started"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)  # look for it anew
    with pytest.raises(UnknownFormat, match="this is an EPS or PostScript file; convert it to"):
        open_image(EPS)
    assert not (tmp_path / "started").exists()


def test_avif_is_read() -> None:
    smooth = np.broadcast_to(np.arange(0, 240, 10, dtype=np.uint8)[:, None, None], (24, 16, 3))
    picture = open_image(saved(Image.fromarray(np.ascontiguousarray(smooth)), "AVIF", quality=95))
    assert picture.format == "AVIF"
    assert np.abs(picture.pixels.astype(int) - smooth).max() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_of_iphones_are_read_upright_whatever_way_the_phone_was_held(orientation: int) -> None:
    rows, columns = np.mgrid[0:48, 0:64]
    smooth = np.stack([rows * 5, columns * 3, rows + columns], axis=2).astype(np.uint8)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    heic = saved(Image.fromarray(smooth), "HEIF", exif=exif.tobytes(), quality=95)
    flat = saved(Image.fromarray(smooth), "PNG", exif=exif.tobytes())
    picture = open_image(heic)
    assert picture.format == "HEIF"
    expected = open_image(flat).pixels
    assert picture.pixels.shape == expected.shape
    assert np.abs(picture.pixels.astype(int) - expected).mean() < 2


def test_alpha_of_heic_lies_on_white_and_the_primary_picture_counts() -> None:
    clear = Image.new("RGBA", (16, 16), (255, 0, 0, 0))
    assert (open_image(saved(clear, "HEIF", quality=100)).pixels > 250).all()
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    data = saved(frames[0], "HEIF", save_all=True, append_images=frames[1:], quality=100)
    assert open_image(data).pixels[0, 0, 0] > 200


def test_a_torn_photo_says_what_it_begins_as() -> None:
    data = saved(Image.fromarray(PIXELS), "HEIF")
    for torn in (data[:40], b"\0\0\0\x18ftypheic\0\0\0\0mif1" + bytes(200)):
        with pytest.raises(DecoderFailed, match="begins as HEIF, and is damaged or of a kind of it that is not read"):
            open_image(torn)
    with pytest.raises(DecoderFailed, match=r"Unexpected end of file: .*\)$"):
        open_image(data[:-20])


def test_an_animated_webp_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    data = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert open_image(data).pixels[0, 0].tolist() == [255, 0, 0]


JPEGS = [
    saved(Image.fromarray(np.repeat(np.repeat(PIXELS, 9, 0), 7, 1)).convert(mode), "JPEG", **options)
    for mode in ("RGB", "L")
    for options in (
        {"quality": 95, "subsampling": 0},
        {"quality": 60, "subsampling": 2},
        {"quality": 80, "progressive": True, "optimize": True},
    )
]


@pytest.mark.parametrize("data", JPEGS, ids=range(len(JPEGS)))
@pytest.mark.parametrize("orientation", [None, 1, 6])
def test_opencv_and_pillow_give_one_picture_of_a_jpeg(data: bytes, orientation: int | None) -> None:
    image = Image.open(io.BytesIO(data))
    expected = np.asarray(image.convert("RGB"))
    if orientation:
        exif = Image.Exif()
        exif[0x0112] = orientation
        segment = exif.tobytes()
        data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]
    if orientation == 6:
        expected = np.rot90(expected, -1)
    assert np.array_equal(open_image(data).pixels, expected)


@pytest.mark.parametrize("data", JPEGS, ids=range(len(JPEGS)))
def test_a_truncated_jpeg_is_refused_never_half_grey(data: bytes) -> None:
    for length in (len(data) // 2, len(data) * 3 // 4):
        with pytest.raises(BadImage):
            open_image(data[:length])
    assert np.array_equal(open_image(data + b"\0" * 9).pixels, open_image(data).pixels)


def test_a_file_is_what_it_holds_whatever_it_is_called() -> None:
    assert open_image(saved(Image.fromarray(PIXELS), "PNG")).format == "PNG"  # the door never sees a name


def test_corrupt_exif_is_no_reason_to_refuse() -> None:
    data = JPEGS[0]
    segment = b"Exif\0\0" + b"II*\0" + b"\xff" * 40
    data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]
    assert open_image(data).pixels.shape == (54, 63, 3)

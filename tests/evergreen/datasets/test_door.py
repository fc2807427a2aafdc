"""evergreen.datasets.door: one normalisation of every image, whatever its container."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from evergreen.datasets.door import open_image
from evergreen.errors import BadImage

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)


def _saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF", "WEBP", "PPM", "JPEG2000"])
def test_lossless_containers_give_the_same_pixels(kind: str) -> None:
    options = {"WEBP": {"lossless": True}, "JPEG2000": {"irreversible": False}}.get(kind, {})
    source = np.repeat(PIXELS[..., :1], 3, axis=2) if kind == "GIF" else PIXELS
    picture = open_image(_saved(Image.fromarray(source), kind, **options))
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
    assert np.array_equal(open_image(_saved(image, "PNG", exif=exif)).pixels, PIXELS)


def test_alpha_is_put_on_white_and_hidden_colour_does_not_show() -> None:
    rgba = np.dstack([PIXELS, np.zeros(PIXELS.shape[:2], np.uint8)])
    assert (open_image(_saved(Image.fromarray(rgba))).pixels == 255).all()
    palette = Image.fromarray(PIXELS).convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    assert (open_image(_saved(palette, transparency=bytes(4))).pixels == 255).all()


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    wide = np.array([[0, 257, 32896, 65535]], np.uint16)
    assert open_image(_saved(Image.fromarray(wide))).pixels[0, :, 0].tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize("mode", ["1", "L", "CMYK", "RGBA"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    kind = "TIFF" if mode == "CMYK" else "PNG"
    assert open_image(_saved(Image.fromarray(PIXELS).convert(mode), kind)).pixels.shape == PIXELS.shape


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    data = _saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_image(data).pixels[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"<html></html>", "not a readable image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a readable image"),
        (b"PK\x03\x04 zip", "not a readable image"),
        (bytes(range(256)) * 4, "not a readable image"),
        (_saved(Image.fromarray(PIXELS))[:120], "not a readable image"),
    ],
)
def test_what_is_no_image_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(BadImage, match=reason):
        open_image(data)


def test_size_is_judged_by_the_header_before_decoding() -> None:
    data = bytearray(_saved(Image.new("L", (10, 10))))
    data[16:24] = (30000).to_bytes(4, "big") * 2  # the header claims 900 megapixels
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    with pytest.raises(BadImage, match="900 megapixels, over the limit of 50"):
        open_image(bytes(data))


def test_avif_is_read() -> None:
    smooth = np.broadcast_to(np.arange(0, 240, 10, dtype=np.uint8)[:, None, None], (24, 16, 3))
    picture = open_image(_saved(Image.fromarray(np.ascontiguousarray(smooth)), "AVIF", quality=95))
    assert picture.format == "AVIF"
    assert np.abs(picture.pixels.astype(int) - smooth).max() < 12


def test_an_animated_webp_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    data = _saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert open_image(data).pixels[0, 0].tolist() == [255, 0, 0]


JPEGS = [
    _saved(Image.fromarray(np.repeat(np.repeat(PIXELS, 9, 0), 7, 1)).convert(mode), "JPEG", **options)
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
    assert open_image(_saved(Image.fromarray(PIXELS), "PNG")).format == "PNG"  # the door never sees a name


def test_corrupt_exif_is_no_reason_to_refuse() -> None:
    data = JPEGS[0]
    segment = b"Exif\0\0" + b"II*\0" + b"\xff" * 40
    data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]
    assert open_image(data).pixels.shape == (54, 63, 3)

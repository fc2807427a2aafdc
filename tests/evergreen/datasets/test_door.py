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


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF", "WEBP"])
def test_lossless_containers_give_the_same_pixels(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
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

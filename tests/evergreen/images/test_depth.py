"""evergreen.images.depth: which values of a picture of over 8 bits are black and white."""

import io
import struct
from typing import Any

import numpy as np
import pytest
from hostile_images import colours, saved, with_sbit
from PIL import Image

from evergreen.errors import BadImage, ValuesWithoutRange
from evergreen.images import depth
from evergreen.images.door import Picture, open_image

RAMP = np.linspace(0, 4095, 1024).reshape(32, 32).round().astype(np.uint16)
FULL_RAMP = (RAMP / 4095 * 255).round().astype(np.uint8)


def tiff(values: np.ndarray, **tags: Any) -> bytes:
    return saved(Image.fromarray(values), "TIFF", tiffinfo={int(name[1:]): value for name, value in tags.items()})


def shown(picture: Picture) -> np.ndarray:
    assert (picture.pixels == picture.pixels[..., :1]).all()
    return picture.pixels[..., 0]


@pytest.mark.parametrize("data", [saved(Image.fromarray(RAMP)), tiff(RAMP)], ids=["png", "tiff"])
def test_a_range_makes_12_of_16_bits_a_full_ramp_and_without_one_it_is_told_that_nothing_says_so(data: bytes) -> None:
    assert np.array_equal(shown(open_image(data, values=(0, 4095))), FULL_RAMP)
    assert open_image(data, values=(0, 4095)).unstated is None
    doubtful = open_image(data)
    assert (doubtful.unstated, doubtful.pixels.max()) == (4095, 16)
    assert np.array_equal(shown(open_image(data, values=(0, 65535))), (RAMP / 257).round())


def test_values_outside_a_range_are_black_and_white() -> None:
    picture = open_image(tiff(RAMP), values=(1000, 2000))
    assert np.array_equal(shown(picture), np.clip((RAMP.astype(float) - 1000) / 1000 * 255, 0, 255).round())


def packed_12_bits() -> bytes:
    """Return a TIFF whose samples have 12 bits, as Pillow reads and does not write them."""
    pairs = RAMP.reshape(-1, 2).astype(int)
    data = np.stack([pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], 1).astype(
        np.uint8
    )
    tags = [(256, 32), (257, 32), (258, 12), (259, 1), (262, 1), (273, 0), (277, 1), (278, 32), (279, data.size)]
    start = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, start if tag == 273 else value) for tag, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + data.tobytes()


OME = '<?xml version="1.0"?><OME><Image><Pixels Type="uint16" SignificantBits="12" SizeX="32"/></Image></OME>'


@pytest.mark.parametrize(
    "data",
    [
        packed_12_bits(),
        tiff(RAMP, _281=4095),
        tiff(RAMP, _270=OME),
        with_sbit(saved(Image.fromarray(RAMP)), 12),
        with_sbit(colours(np.repeat(RAMP[..., None], 3, 2)), 12, 12, 12),
    ],
    ids=["bits of a sample", "MaxSampleValue", "OME", "sBIT", "sBIT of colours"],
)
def test_what_a_file_says_of_its_bits_counts_and_nothing_is_asked(data: bytes) -> None:
    picture = open_image(data)
    assert picture.unstated is None
    assert np.array_equal(shown(picture), FULL_RAMP)


@pytest.mark.parametrize(
    "spread",
    [RAMP << 4, (RAMP << 4) | (RAMP >> 8), (RAMP.astype(float) * 65535 / 4095).round().astype(np.uint16)],
    ids=["shifted", "repeated", "scaled"],
)
def test_values_that_are_spread_over_16_bits_as_the_standard_of_sbit_says_are_taken_so(spread: np.ndarray) -> None:
    spread = spread[:2]  # the darkest, under 4,096 all of them
    assert spread.max() < 4096
    picture = open_image(with_sbit(saved(Image.fromarray(spread)), 12))
    assert (picture.pixels.max(), picture.unstated) == ((spread.max() / 257).round(), None)


@pytest.mark.parametrize(
    "data",
    [
        tiff(RAMP, _281=4000),
        tiff(RAMP * 15, _281=4095),
        tiff(RAMP, _281=65535),
        with_sbit(saved(Image.fromarray(RAMP * 15 + 1)), 12),
        with_sbit(saved(Image.fromarray(RAMP)), 16),
    ],
    ids=["the greatest that occurs", "less than what occurs", "all", "sBIT of other values", "sBIT of all"],
)
def test_what_says_nothing_of_white_is_no_statement(data: bytes) -> None:
    values = np.asarray(Image.open(io.BytesIO(data)))
    picture = open_image(data)
    assert picture.unstated == values.max()
    assert np.array_equal(shown(picture), (values / 257).round())


def test_floats_in_0_1_are_a_full_ramp_whatever_the_range_of_others_is() -> None:
    data = tiff((RAMP / 4095).astype(np.float32))
    for values in (None, (0, 4095), (0, 1)):
        assert np.array_equal(shown(open_image(data, values=values)), FULL_RAMP)
    assert open_image(data, values=(-1, 1)).pixels.min() == 128


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (RAMP.astype(np.float32), "TIFF with 32 bits a pixel, whose range nobody states: it holds 0 to 4095; say "),
        (RAMP.astype(np.int32) * 16, "TIFF with 32 bits a pixel, whose range nobody states: it holds 0 to 65520; "),
        (
            -(RAMP / 4095).astype(np.float32),
            "it holds -1 to 0; say which is black and which is white with screen.range",
        ),
    ],
)
def test_other_numbers_need_a_range_and_the_error_says_what_was_found(values: np.ndarray, said: str) -> None:
    with pytest.raises(ValuesWithoutRange) as error:
        open_image(tiff(values))
    assert said in str(error.value)
    assert (error.value.low, error.value.high) == (values.min(), values.max())
    picture = open_image(tiff(values), values=(float(values.min()), float(values.max())))
    assert np.abs(shown(picture).astype(int) - (FULL_RAMP if values.max() > 0 else 255 - FULL_RAMP)).max() <= 1


def test_32_bits_without_a_sign_stay_so() -> None:
    data = bytearray(tiff(np.array([[0, -1]], np.int32)))
    at = data.index(struct.pack("<HHI", 339, 3, 1))
    data[at + 8 : at + 10] = struct.pack("<H", 1)
    assert shown(open_image(bytes(data), values=(0, 2**32 - 1))).tolist() == [[0, 255]]


def test_values_that_are_no_numbers_are_refused() -> None:
    values = (RAMP / 4095).astype(np.float32)
    values[3, 4] = np.nan
    for given in (None, (0, 1)):
        with pytest.raises(BadImage, match="some of its values are no finite numbers"):
            open_image(tiff(values), values=given)


COLOURS = np.random.default_rng(0).integers(0, 4096, (9, 7, 4), dtype=np.uint16)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_colours_of_16_bits_keep_all_of_them(suffix: str) -> None:
    rgb = COLOURS[..., :3]
    doubtful = open_image(colours(rgb, suffix))
    assert (doubtful.unstated, doubtful.pixels.max()) == (rgb.max(), 16)
    picture = open_image(colours(rgb, suffix), values=(0, 4095))
    assert np.array_equal(picture.pixels, (rgb / 4095 * 255).round())
    whole = rgb * 16
    assert np.array_equal(open_image(colours(whole, suffix)).pixels, (whole / 257).round())


def test_opacity_has_the_depth_of_the_colours_or_all_16_bits() -> None:
    for most in (4095, 65535):
        rgba = COLOURS.copy()
        rgba[..., 3] = most
        picture = open_image(colours(rgba), values=(0, 4095))
        assert np.array_equal(picture.pixels, (rgba[..., :3] / 4095 * 255).round())
        rgba[0, 0, 3] = 0
        assert open_image(colours(rgba), values=(0, 4095)).pixels[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_deep_pictures_stand_upright_too(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    shallow = (np.arange(6 * 9).reshape(6, 9) * 4).astype(np.uint8)
    expected = open_image(saved(Image.fromarray(shallow), kind, exif=exif)).pixels
    deep = saved(Image.fromarray(shallow.astype(np.uint16) * 257), kind, exif=exif)
    assert np.array_equal(open_image(deep).pixels, expected)


def test_colours_whose_lower_bits_cannot_be_had_are_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    dark, whole = colours(COLOURS[..., :3]), colours(COLOURS[..., :3] * 16)
    monkeypatch.setattr(depth.cv2, "imdecode", lambda *_: None)
    for data, values in ((dark, None), (whole, (0, 4095))):
        with pytest.raises(BadImage, match="whose lower 8 bits cannot be read: save it as PNG"):
            open_image(data, values=values)
    assert open_image(whole).pixels.max() == 255


def test_what_says_its_range_by_its_format_is_left_alone() -> None:
    pgm = b"P5 4 1 4095\n" + np.array([0, 1000, 2000, 4095], ">u2").tobytes()
    for values in (None, (0, 255)):
        assert open_image(pgm, values=values).pixels[0, :, 0].tolist() == [0, 62, 125, 255]


def test_pictures_of_8_bits_are_as_they_were_whatever_the_range_is() -> None:
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 256, (8, 9, 4), np.uint8))
    for mode in ("RGB", "L", "RGBA", "LA", "P", "1"):
        for kind in ("PNG", "TIFF"):
            data = saved(picture.convert("RGB").convert(mode) if mode in "P1L" else picture.convert(mode), kind)
            assert np.array_equal(open_image(data, values=(3, 5)).pixels, open_image(data).pixels)

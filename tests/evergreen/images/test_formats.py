"""evergreen.images.formats: what is read is a list, and each format of it is read."""

import pytest
from hostile_images import icns, jpeg2000, png, saved
from PIL import Image, features

from evergreen.errors import DecodersUnavailable, UnknownFormat
from evergreen.images import door
from evergreen.images.door import open_image
from evergreen.images.formats import FORMATS, PLAIN


@pytest.mark.parametrize("kind", ["TGA", "SPIDER", "PCX", "SGI", "DDS", "QOI", "IM", "MSP", "XBM"])
def test_what_is_not_on_the_list_is_refused_though_pillow_knows_it(kind: str) -> None:
    mode = {"SPIDER": "F", "MSP": "1", "XBM": "1"}.get(kind, "RGB")
    with pytest.raises(UnknownFormat, match="convert it to one of JPEG, PNG"):
        open_image(saved(Image.new("RGB", (9, 6), "red").convert(mode), kind))


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_on_the_list_is_read_from_every_pillow_of_the_lock(kind: str) -> None:
    data = icns(jpeg2000((64, 64), (64, 64))) if kind == "ICNS" else saved(Image.new("RGB", (64, 64), "red"), kind)
    assert open_image(data).pixels.shape == (64, 64, 3)
    if kind not in PLAIN:
        with pytest.raises(UnknownFormat):
            open_image(data, formats=PLAIN)


def test_a_pillow_without_a_format_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = features.check
    monkeypatch.setattr(door.features, "check", lambda name: name != "avif" and real(name))
    monkeypatch.setattr(door, "require_decoders", door.require_decoders.__wrapped__)
    with pytest.raises(DecodersUnavailable, match=r"lacks AVIF: install the wheel that requirements\.lock names"):
        open_image(png(1, 1))


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\xff\x0a", "JPEG XL"),
        (b"%PDF-1.7", "PDF"),
        (b"<?xml version='1.0'?><svg/>", "SVG"),
        (b"8BPS\0\x01", "PSD"),
    ],
)
def test_a_refusal_names_formats_that_people_try(start: bytes, name: str) -> None:
    with pytest.raises(UnknownFormat, match=f"not a readable image: {name} is none of the formats"):
        open_image(start + bytes(200))

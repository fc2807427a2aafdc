"""The page's picture.js against the door, in Chromium: the same bytes must become the same pixels."""

import base64
import io
import json
import shutil
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from chromium import Browser
from hostile_images import colours, saved, with_sbit
from PIL import Image

from evergreen.images.door import open_image
from evergreen.reports.browser import packages
from runs.answering.page_server import server_of

OPEN = """(async () => {
  const { opened } = await import('/picture.js');
  const file = await (await fetch('/images/it', { cache: 'no-store' })).blob();
  try {
    const { height, width, pixels } = await opened(file, RULES);
    let text = '';
    for (let i = 0; i < pixels.length; i += 8192) text += String.fromCharCode(...pixels.subarray(i, i + 8192));
    return { height, width, pixels: btoa(text) };
  } catch (error) {
    if (error.reason) return { reason: error.reason };
    throw error;
  }
})()"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "web"
    shutil.copytree(packages.WEB, path)
    (path / "empty.html").write_text("<!doctype html>")
    (path / "images").mkdir()
    (path / "images" / "it").touch()  # served are the files of the moment at which the server starts
    return path


@pytest.fixture(scope="module")
def page(browser: Browser, folder: Path) -> Iterator[Browser]:
    with server_of(folder, 0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        browser.open(f"http://127.0.0.1:{server.server_port}/empty.html")
        browser.wait_for("document.readyState === 'complete' && location.protocol === 'http:'")
        yield browser
        server.shutdown()


def _encoded(picture: Image.Image, name: str, **options: object) -> bytes:
    data = io.BytesIO()
    picture.save(data, name, **options)
    return data.getvalue()


def _opened(
    page: Browser, folder: Path, data: bytes, values: tuple[float, float] | None = None, most: float = 150
) -> np.ndarray | str:
    """Return the page's pixels, or its reason for refusing."""
    (folder / "images" / "it").write_bytes(data)
    answer = page.evaluate(OPEN.replace("RULES", json.dumps({"max_megapixels": most, "range": values})))
    if "reason" in answer:
        return str(answer["reason"])
    return np.frombuffer(base64.b64decode(answer["pixels"]), np.uint8).reshape(answer["height"], answer["width"], 3)


@pytest.fixture(scope="module")
def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (61, 47, 4)).astype(np.uint8))


@pytest.fixture(scope="module")
def slopes() -> Image.Image:
    """A picture that a camera could have taken, larger than the page reads at a time."""
    steps = np.random.default_rng(2).integers(-9, 10, (75, 60, 3))
    return Image.fromarray(np.kron(np.clip(np.cumsum(steps, 1) + 128, 0, 255), np.ones((8, 8, 1))).astype(np.uint8))


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "RGBA", "LA", "P", "P with a transparent colour"])
def test_png_is_equal_also_on_white(page: Browser, folder: Path, noise: Image.Image, mode: str) -> None:
    name, _, transparent = mode.partition(" ")
    options = {"transparency": 3} if transparent else {}
    picture = noise if name == "RGBA" else noise.convert("RGB").convert(name) if name != "LA" else noise.convert("LA")
    data = _encoded(picture, "PNG", **options)
    assert (_opened(page, folder, data) == open_image(data).pixels).all()


@pytest.mark.parametrize("options", [{"subsampling": 0}, {"subsampling": 2}, {"progressive": True}, {"quality": 30}])
def test_jpeg_is_within_3_of_255(page: Browser, folder: Path, slopes: Image.Image, options: dict[str, int]) -> None:
    for mode in ("RGB", "L", "CMYK"):
        data = _encoded(slopes.convert(mode), "JPEG", **options)
        found = _opened(page, folder, data)
        assert not isinstance(found, str)
        assert np.abs(found.astype(int) - open_image(data).pixels).mean() <= 3


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_all_eight_orientations_stand_upright(
    page: Browser, folder: Path, slopes: Image.Image, noise: Image.Image, name: str
) -> None:
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        options = {"lossless": True} if name == "WEBP" else {}
        data = _encoded(slopes if name == "JPEG" else noise.convert("RGB"), name, exif=exif, **options)
        found = _opened(page, folder, data)
        expected = open_image(data).pixels
        assert not isinstance(found, str)
        assert found.shape == expected.shape
        assert np.abs(found.astype(int) - expected).mean() <= (3 if name == "JPEG" else 0)


def test_transparent_webp_and_an_animations_first_frame_are_equal(
    page: Browser, folder: Path, noise: Image.Image
) -> None:
    still = noise.convert("RGB")
    moving = {"save_all": True, "append_images": [still.rotate(180)]}
    for data in (_encoded(noise, "WEBP", lossless=True, exact=True), _encoded(still, "GIF", **moving)):
        assert (_opened(page, folder, data) == open_image(data).pixels).all()


@pytest.mark.parametrize("size", [(70_001, 1), (4097, 258), (1, 70_001)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_picture_longer_than_any_canvas_is_whole(
    page: Browser, folder: Path, size: tuple[int, int], mode: str
) -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (size[1], size[0], len(mode)), np.uint8)
    data = _encoded(Image.fromarray(pixels), "PNG", compress_level=1)
    found = _opened(page, folder, data)
    assert not isinstance(found, str)
    # Past the longest texture of WebGL, colours of transparent pixels are off by 1 at most before they are on white.
    assert np.abs(found.astype(int) - open_image(data).pixels).max() <= (mode == "RGBA" and max(size) > 8192)


def test_what_is_no_picture_is_refused_in_words(page: Browser, folder: Path, noise: Image.Image) -> None:
    cut = _encoded(noise, "PNG")[:4000]
    assert [_opened(page, folder, data) for data in (b"", b"<html>", cut)] == ["notAPicture"] * 3
    huge = _encoded(Image.new("1", (10_000, 15_001)), "PNG")
    assert _opened(page, folder, huge) == "tooLarge"
    assert _opened(page, folder, _encoded(Image.new("1", (1000, 1001)), "PNG"), most=1) == "tooLarge"
    assert _opened(page, folder, saved(Image.new("I;16", (1000, 1001))), most=1) == "tooLarge"
    assert _opened(page, folder, colours(RGBA)[:1500]) == "notAPicture"


DEEP = np.linspace(0, 4095, 40 * 31).reshape(40, 31).round().astype(np.uint16)
RGBA = np.random.default_rng(5).integers(0, 4096, (23, 19, 4), dtype=np.uint16)
TURNED = Image.Exif()
TURNED[0x0112] = 6


@pytest.mark.parametrize("values", [None, (0, 4095), (100.5, 3000)])
@pytest.mark.parametrize(
    "data",
    [
        saved(Image.fromarray(DEEP)),
        saved(Image.fromarray(DEEP * 16)),
        saved(Image.fromarray(DEEP), exif=TURNED),
        with_sbit(saved(Image.fromarray(DEEP)), 12),
        with_sbit(saved(Image.fromarray(DEEP * 16)), 12),
        with_sbit(saved(Image.fromarray(DEEP // 16 * 16)), 12),
        colours(RGBA[..., :3]),
        colours(RGBA * 16),
        colours(RGBA),
    ],
    ids=["grey", "all bits", "turned", "sBIT", "sBIT, shifted", "sBIT, dark", "colours", "opacity", "both of 12 bits"],
)
def test_16_bits_are_read_as_the_door_reads_them(
    page: Browser, folder: Path, data: bytes, values: tuple[float, float] | None
) -> None:
    found = _opened(page, folder, data, values)
    assert not isinstance(found, str)
    assert np.array_equal(found, open_image(data, values=values).pixels)


def test_16_bits_in_seven_passes_are_the_same_picture(page: Browser, folder: Path) -> None:
    for size in ((23, 19), (1, 1), (3, 2), (9, 4)):
        values = RGBA[: size[0], : size[1], :3] * 16
        data = interlaced(values)
        assert np.array_equal(open_image(data).pixels, (values / 257).round())
        assert np.array_equal(_opened(page, folder, data), open_image(data).pixels)


def interlaced(values: np.ndarray) -> bytes:
    """Return (H, W, 3) uint16 RGB as an Adam7 PNG, which neither Pillow nor OpenCV write."""
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    lines = b""
    for top, left, down, right in passes:
        part = values[top::down, left::right]
        lines += b"".join(b"\0" + row.astype(">u2").tobytes() for row in part if part.shape[1])
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, 2, 0, 0, 1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    packed = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)

"""The page's picture.js against the door, in Chromium: the same bytes must become the same pixels."""

import base64
import io
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from chromium import Browser
from PIL import Image

from commands.web import server_of
from evergreen.images.door import open_image
from evergreen.reports import webpage

OPEN = """(async () => {
  const { opened } = await import('/picture.js');
  const file = await (await fetch('/images/it', { cache: 'no-store' })).blob();
  try {
    const { height, width, pixels } = await opened(file);
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
    shutil.copytree(Path(webpage.__file__).with_name("web"), path)
    (path / "empty.html").write_text("<!doctype html>")
    (path / "images").mkdir()
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


def _opened(page: Browser, folder: Path, data: bytes) -> np.ndarray | str:
    """Return the page's pixels, or its reason for refusing."""
    (folder / "images" / "it").write_bytes(data)
    answer = page.evaluate(OPEN)
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
    huge = _encoded(Image.new("1", (10_000, 5_001)), "PNG")
    assert _opened(page, folder, huge) == "tooLarge"

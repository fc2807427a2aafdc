"""evergreen.datasets.measure: what an image says of itself depends on its pixels, and the hash on little of them."""

import io
from typing import Any

import cv2
import numpy as np
import pytest
from hostile_images import thin_png
from PIL import Image

from evergreen.datasets.measure import measure, perceptual_hash
from evergreen.errors import BadImage

PIXELS = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8), (31, 31), 9)


def _file(pixels: np.ndarray, kind: str = "PNG", **options: Any) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, kind, **options)
    return data.getvalue()


def test_equal_pixels_have_one_digest_in_any_container_and_others_another() -> None:
    png, tiff = (measure(_file(PIXELS, kind), 50) for kind in ("PNG", "TIFF"))
    assert {name for name in png if png[name] != tiff[name]} == {"format"}
    assert (png["width"], png["height"], png["mode"], png["format"]) == (400, 300, "RGB", "PNG")
    other = PIXELS.copy()
    other[0, 0, 0] ^= 1
    assert measure(_file(other), 50)["pixels"] != png["pixels"]
    assert measure(_file(PIXELS.reshape(400, 300, 3)), 50)["pixels"] != png["pixels"]  # the shape counts too


def test_brightness_is_of_luma_and_what_is_blurred_is_less_sharp() -> None:
    flat = measure(_file(np.full((50, 60, 3), 77, np.uint8)), 50)
    assert (flat["brightness"], flat["sharpness"]) == (77.0, 0.0)
    noise = np.random.default_rng(1).integers(0, 256, (200, 200, 3), np.uint8)
    assert measure(_file(noise), 50)["sharpness"] > 10 * measure(_file(cv2.blur(noise, (9, 9))), 50)["sharpness"]


def test_a_hash_outlives_scaling_and_recompressing_and_tells_pictures_apart() -> None:
    def bits(pixels: np.ndarray) -> int:
        return int(perceptual_hash(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)), 16)

    photo = cv2.imdecode(np.frombuffer(_file(PIXELS, "JPEG", quality=60), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    near = (cv2.resize(PIXELS, (200, 150), interpolation=cv2.INTER_AREA), photo)
    assert [bin(bits(PIXELS) ^ bits(np.ascontiguousarray(other))).count("1") <= 3 for other in near] == [True, True]
    assert bin(bits(PIXELS) ^ bits(np.ascontiguousarray(PIXELS[:, ::-1]))).count("1") > 12


@pytest.mark.parametrize("grey", [0, 77, 128, 255])
@pytest.mark.parametrize("quality", [30, 75, 95])
def test_a_plain_picture_has_no_hash_however_it_was_saved(grey: int, quality: int) -> None:
    noise = np.random.default_rng(grey).normal(0, 3, (300, 400, 3))
    for pixels in (np.full((300, 400, 3), grey), np.clip(grey + noise, 0, 255)):
        assert measure(_file(pixels.astype(np.uint8), "JPEG", quality=quality), 50)["phash"] == ""


def test_what_shows_the_least_has_a_hash() -> None:
    page = np.full((300, 400, 3), 255, np.uint8)
    page[140:150, 100:180] = 0  # a word
    slope = np.repeat(np.linspace(100, 104, 400).round().astype(np.uint8)[None, :, None], 300, 0).repeat(3, 2)
    for pixels in (page, slope):
        assert len(measure(_file(pixels), 50)["phash"]) == 16


def test_what_is_too_large_is_not_measured() -> None:
    with pytest.raises(BadImage, match="over the limit"):
        measure(thin_png(1000, 1000), 0.999)

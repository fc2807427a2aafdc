"""evergreen.images.pixels: the resize rules, class indices, and stratified samples."""

import hashlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from hostile_images import saved
from PIL import Image as Pillow

from evergreen.images.pixels import Images, resize, stratified_sample, targets
from evergreen.sections.data import Image


def _stripes() -> np.ndarray:
    """Left third red, middle green, right blue; 30 wide, 10 high."""
    picture = np.zeros((10, 30, 3), np.uint8)
    for index in range(3):
        picture[:, 10 * index : 10 * index + 10, index] = 200
    return picture


@pytest.mark.parametrize("interpolation", ["area", "bilinear", "bicubic", "nearest"])
def test_squash_keeps_everything(interpolation: str) -> None:
    small = resize(_stripes(), Image(height=12, width=12, resize="squash", interpolation=interpolation))
    assert small.shape == (12, 12, 3)
    assert [int(small[6, column].argmax()) for column in (0, 6, 11)] == [0, 1, 2]


def test_crop_keeps_the_middle() -> None:
    cropped = resize(_stripes(), Image(height=10, width=10, resize="crop", interpolation="nearest"))
    assert (cropped == [0, 200, 0]).all()


RULES, FILTERS = ("squash", "crop", "pad"), ("area", "bilinear", "bicubic", "nearest")


@pytest.mark.parametrize("interpolation", FILTERS)
@pytest.mark.parametrize("rule", RULES)
def test_thin_pictures_take_no_more_memory_than_others(rule: str, interpolation: str) -> None:
    image = Image(height=160, width=160, resize=rule, interpolation=interpolation)
    for shape in ((1, 400_000), (400_000, 1), (3, 100_001), (20_000, 1), (1, 1), (2, 1)):
        picture = np.full((*shape, 3), 77, np.uint8)
        with _address_space(400 * 2**20):
            made = resize(picture, image)
        assert made.shape == (160, 160, 3)
        assert set(np.unique(made)) <= ({0, 77} if rule == "pad" else {77})


@pytest.mark.parametrize("interpolation", FILTERS)
@pytest.mark.parametrize("size", [(1200, 1600), (97, 700), (33, 21), (1, 8), (8, 1), (24, 24)])
def test_crop_moves_no_pixel_of_a_picture_that_is_not_very_thin(size: tuple[int, int], interpolation: str) -> None:
    """The whole picture scaled, then cut: what crop was before it cut first."""
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    image = Image(height=24, width=24, resize="crop", interpolation=interpolation)
    flag = {"area": cv2.INTER_AREA, "bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}
    scale = max(24 / size[0], 24 / size[1])
    whole = (round(size[1] * scale), round(size[0] * scale))
    scaled = cv2.resize(picture, whole, interpolation=flag.get(interpolation, cv2.INTER_NEAREST))
    top, left = (scaled.shape[0] - 24) // 2, (scaled.shape[1] - 24) // 2
    assert np.array_equal(resize(picture, image), scaled[top : top + 24, left : left + 24])


def test_crop_of_a_very_thin_picture_keeps_its_middle() -> None:
    picture = np.zeros((1, 4001, 3), np.uint8)
    picture[0, 2000] = 255
    cropped = resize(picture, Image(height=9, width=9, resize="crop", interpolation="nearest"))
    assert (cropped == 255).all()


@contextmanager
def _address_space(more: int) -> Iterator[None]:
    """Limit this process to what it holds and some bytes more."""
    held = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (held + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_pad_keeps_everything_between_black_bars() -> None:
    padded = resize(_stripes(), Image(height=30, width=30, resize="pad", interpolation="nearest"))
    assert (padded[:10] == 0).all()
    assert (padded[20:] == 0).all()
    assert (padded[10:20] == _stripes()).all()


def test_targets_follow_the_class_order_and_refuse_strangers() -> None:
    assert targets(["b", "a", "b"], ["b", "a"]).tolist() == [0, 1, 0]
    with pytest.raises(KeyError, match="c"):
        targets(["c"], ["a", "b"])


def test_a_stratified_sample_keeps_shares_and_does_not_depend_on_row_order() -> None:
    rows = [(f"{label}/{n}", label) for label, count in {"a": 800, "b": 190, "c": 10}.items() for n in range(count)]
    table = pd.DataFrame(rows, columns=["path", "label"])
    sample = stratified_sample(table, 100, seed=1)
    assert sample["label"].value_counts().to_dict() == {"a": 80, "b": 19, "c": 1}
    assert stratified_sample(table.sample(frac=1, random_state=5), 100, seed=1).equals(sample)
    assert not stratified_sample(table, 100, seed=2).equals(sample)
    assert stratified_sample(table, 1000, seed=1) is table
    assert 99 <= len(stratified_sample(table, 99, seed=1)) <= 101


def _deep() -> bytes:
    return saved(Pillow.fromarray(np.linspace(0, 4095, 1024).reshape(32, 32).astype(np.uint16)), "PNG")


def test_images_are_read_by_their_values_and_kept_apart_by_them(tmp_path: Path) -> None:
    data = _deep()
    digest = hashlib.sha256(data).hexdigest()
    table, image = pd.DataFrame({"sha256": [digest]}), Image(height=32, width=32)
    for values, brightest in ((None, 16), ((0, 4095), 255), ((0, 8190), 128), (None, 16)):
        images = Images({digest: data}.__getitem__, tmp_path / "pixels", tmp_path / "features", values)
        assert images.rows(table, image).gather(np.array([0])).max() == brightest
    assert len(list((tmp_path / "pixels").iterdir())) == 3


def test_what_backbones_made_is_kept_apart_by_all_that_decides_pixels(tmp_path: Path) -> None:
    def folder(values: tuple[float, float] | None = None, **image: Any) -> Path | None:
        return Images({}.__getitem__, None, tmp_path, values).features_of(Image(**image))

    others = [folder((0, 4095)), folder((0, 4095.5)), folder(resize="crop"), folder(interpolation="nearest")]
    assert len({folder(), folder(height=96), *others}) == 6
    assert folder() == folder(resize="squash")
    assert Images({}.__getitem__).features_of(Image()) is None

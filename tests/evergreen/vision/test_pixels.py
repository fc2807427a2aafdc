"""evergreen.vision.pixels: the resize rules, class indices, and stratified samples."""

import numpy as np
import pandas as pd
import pytest

from evergreen.sections.data import Image
from evergreen.vision.pixels import resize, stratified_sample, targets


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

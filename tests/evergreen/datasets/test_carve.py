"""evergreen.datasets.carve: a tenth that never moves, with what is alike on one side."""

import hashlib

import pandas as pd
import pytest

from evergreen.datasets.carve import carve
from evergreen.errors import BadDataset


def _table(count: int, classes: int = 3, hashes: bool = False) -> pd.DataFrame:
    digests = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]
    pairs = [hashlib.sha256(str(number // 2).encode()).hexdigest()[:16] for number in range(count)]
    near = [f"{int(shared, 16) ^ number % 2:016x}" for number, shared in enumerate(pairs)]
    return pd.DataFrame({
        "path": [f"{number:05d}" for number in range(count)],
        "label": [f"class {number % classes}" for number in range(count)],
        "sha256": digests, "pixels": digests, "phash": near if hashes else "", "split": "train",
    })  # fmt: skip


def test_a_tenth_is_carved_and_nothing_moves_when_images_come() -> None:
    few, many = carve(_table(1000), 3), carve(_table(1500), 3)
    assert 70 < (few["split"] == "validation").sum() < 130
    assert (many.set_index("path")["split"].loc[few["path"]].to_numpy() == few["split"].to_numpy()).all()
    mixed = carve(_table(1000).sample(frac=1, random_state=1), 3)
    pd.testing.assert_frame_equal(mixed, few)


def test_near_duplicates_stay_on_one_side() -> None:
    found = carve(_table(1000, hashes=True), 3)["split"].to_numpy()
    assert (found[::2] == found[1::2]).all()
    apart = carve(_table(1000, hashes=True), 0)["split"].to_numpy()
    assert (apart[::2] != apart[1::2]).any()


@pytest.mark.parametrize("count", [4, 5, 8])
def test_of_very_few_one_validates_and_each_class_is_learned(count: int) -> None:
    found = carve(_table(count), 3)
    assert (found["split"] == "validation").any()
    assert set(found.loc[found["split"] == "train", "label"]) == {"class 0", "class 1", "class 2"}


def test_nothing_can_be_carved_of_one_image_a_class() -> None:
    with pytest.raises(BadDataset, match="all 3 have one"):
        carve(_table(3), 3)

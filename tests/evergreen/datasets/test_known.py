"""evergreen.datasets.known: what a teacher knows of its student's exam, by file, by pixels, and nearly."""

import pandas as pd
import pytest

from evergreen.datasets.known import refuse_known
from evergreen.errors import BadDataset


def _table(**columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns)


STUDENT = _table(
    path=["t", "v", "e", "plain"],
    split=["train", "validation", "test", "test"],
    sha256=["1", "2", "3", "4"],
    pixels=["1p", "2p", "3p", "4p"],
    phash=["00ff", "0f0f", "f0f0", ""],
)


@pytest.mark.parametrize(
    ("learned", "told"),
    [
        (("2", "x", "ffff"), "1 of 3, and near-duplicates of 0 more: v"),
        (("x", "3p", "ffff"), "1 of 3, and near-duplicates of 0 more: e"),
        (("x", "x", "f0f1"), "0 of 3, and near-duplicates of 1 more: e"),
        (("1", "1p", "00ff"), ""),  # of training
        (("x", "x", ""), ""),  # two plain pictures are near nobody
        (("x", "x", "f0ff"), ""),  # four bits away
    ],
)
def test_an_image_of_validation_or_test_is_not_to_be_known(learned: tuple[str, str, str], told: str) -> None:
    known = _table(sha256=[learned[0]], pixels=[learned[1]], phash=[learned[2]])
    if not told:
        return refuse_known(STUDENT, known, 3, "big")
    with pytest.raises(BadDataset, match=f"big learned from .* {told}. Have a teacher trained"):
        refuse_known(STUDENT, known, 3, "big")


def test_without_bits_near_duplicates_do_not_count() -> None:
    known = _table(sha256=["x"], pixels=["x"], phash=["f0f0"])
    refuse_known(STUDENT, known, 0, "big")

"""evergreen.datasets.matching: in which order the ways of understanding a folder's name are tried."""

import pytest

from evergreen.datasets.matching import match, tidy, tidy_fold
from evergreen.errors import BadDataset

CLASSES = ["art and culture", "food", "foot"]


@pytest.mark.parametrize(
    ("raw", "label", "why"),
    [
        ("food", "food", "as it is"),
        (" Art  and culture", "art and culture", "white space, case or Unicode form"),
        ("ArtAndCulture", "art and culture", "split or joined words"),
        ("art and cutlure", "art and culture", "a misspelling"),
        ("culture", "art and culture", "some of its words"),
    ],
)
def test_the_nearest_way_decides(raw: str, label: str, why: str) -> None:
    assert match(raw, CLASSES, {}) == (label, why)


def test_the_recipes_word_comes_first_and_a_stranger_is_none() -> None:
    assert match(" FOOD", CLASSES, {"FOOD": "foot"}) == ("foot", "renamed by the recipe")
    assert match("zebra", CLASSES, {}) is None


def test_several_are_shown_and_none_is_taken() -> None:
    with pytest.raises(BadDataset, match=r"'fooz' could be 'food' or 'foot'; say which with repair\.rename"):
        match("fooz", CLASSES, {})


def test_a_tidy_name_is_composed_and_has_single_spaces() -> None:
    assert tidy("  cafe\u0301 \t au  lait\n") == "caf\u00e9 au lait"
    assert tidy_fold("CAFE\u0301") == "caf\u00e9"

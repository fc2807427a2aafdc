"""evergreen.datasets.labelling.names: the same name, a damaged one, and one that must never be taken for it."""

import pytest
from made_tables import CIFAR100, NEVER, PLANTVILLAGE

from evergreen.datasets.labelling.names import (
    BLANKS,
    JOINED,
    MISSPELT,
    SPELLING,
    WORDS,
    has_some_words,
    is_joined,
    is_misspelt,
    is_one_letter,
    key,
    literal,
    nearest,
    same_spelling,
    tidy,
)


# Pairs of names that are two classes whatever a rule says: data, so that no change of the rules may merge one.
@pytest.mark.parametrize(("one", "other"), NEVER)
def test_names_that_are_two_classes_are_never_one(one: str, other: str) -> None:
    for name, label in ((one, other), (other, one)):
        assert key(name) != key(label)
        assert not is_joined(name, label)
        assert not is_misspelt(name, label)


@pytest.mark.parametrize(
    ("name", "label", "how"),
    [
        ("food", "food", "as it is"),
        (" Food", "food", SPELLING),
        ("cafe\u0301", "café", SPELLING),
        ("travel and  adventure", "travel and adventure", SPELLING),
        ("hot_dog", "hot dog", BLANKS),
        ("hot--dog", "Hot dog", BLANKS),
    ],
)
def test_case_unicode_form_and_blanks_do_not_count(name: str, label: str, how: str) -> None:
    assert key(name) == key(label)
    assert same_spelling(name, label) == how


@pytest.mark.parametrize("other", ["hotdog", "hot.dog", "hot d og", "hot dog 1"])
def test_nothing_is_removed_and_a_dot_stays_a_dot(other: str) -> None:
    assert key(other) != key("hot dog")


@pytest.mark.parametrize(
    ("name", "label", "way"),
    [
        ("food and d rinks", "food and drinks", JOINED),
        ("th ree", "three", JOINED),
        ("ArtAndCulture", "art and culture", JOINED),
        ("architecure", "architecture", MISSPELT),
        ("eigth", "eight", MISSPELT),
        ("art and cutlure", "art and culture", MISSPELT),
        ("art and cullture", "art and culture", MISSPELT),
        ("food", "food and drinks", WORDS),
    ],
)
def test_a_damaged_name_is_near_its_class_in_one_way(name: str, label: str, way: str) -> None:
    assert nearest(name, [label, "zebra"]) == (way, [label])


def test_several_are_all_shown_and_a_stranger_is_near_none() -> None:
    assert nearest("art", ["art and culture", "art and design"]) == (WORDS, ["art and culture", "art and design"])
    assert nearest("zebra", ["art", "food"]) == ("", [])


@pytest.mark.parametrize("missing", ["not", "no", "non", "without"])
def test_words_that_turn_a_meaning_round_are_never_missing(missing: str) -> None:
    assert not has_some_words("hot dog", f"{missing} hot dog")
    assert has_some_words("hot dog", "big hot dog")


def test_small_helpers() -> None:
    assert tidy("  cafe\u0301 \t au  lait\n") == "caf\u00e9 au lait"
    assert is_one_letter("K") and not is_one_letter("KK") and not is_one_letter("1")
    assert literal("a[1]*?") == "a[[]1][*][?]"


def test_of_all_names_of_plantvillage_and_cifar100_none_is_taken_for_another() -> None:
    for names in (PLANTVILLAGE, CIFAR100):
        for name in names:
            for label in names:
                if name != label:
                    assert key(name) != key(label)
                    assert not is_joined(name, label)
                    assert not is_misspelt(name, label), (name, label)


def test_the_lists_are_whole() -> None:
    assert (len(PLANTVILLAGE), len(CIFAR100)) == (38, 100)
    assert len(NEVER) >= 60

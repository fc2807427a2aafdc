"""evergreen.datasets.joining.classes: equal names are one class, strange ones are said, nearly equal ones are asked."""

import pytest

from evergreen.datasets.joining.classes import joined_classes
from evergreen.datasets.labelling.doubt import Doubt
from evergreen.sections.labels import Repair


@pytest.mark.parametrize("turned", [False, True])
def test_equal_names_are_one_class_spelled_as_most_images_have_it(turned: bool) -> None:
    counts = {"A": {"hot dog": 9, "cat": 3}, "B": {"Hot_Dog": 2, "Cat": 4, "wolf": 1}}
    meant, classes, notes = joined_classes(dict(reversed(counts.items())) if turned else counts, Repair())
    assert classes == ["Cat", "hot dog", "wolf"]
    assert meant == {"hot dog": "hot dog", "Hot_Dog": "hot dog", "cat": "Cat", "Cat": "Cat", "wolf": "wolf"}
    assert notes == ["B: the class 'wolf' (1 images) is in no other source"]


def test_declared_classes_stay_as_they_are_and_numbers_stand_in_their_order() -> None:
    counts = {"A": {"b": 1, "a": 1}, "B": {"a": 1, "b": 1}}
    assert joined_classes(counts, Repair(classes=("b", "c", "a"))) == ({"a": "a", "b": "b"}, ["b", "c", "a"], [])
    _, classes, notes = joined_classes({"A": {"10": 1}, "B": {"9": 1}}, Repair())
    assert classes == ["9", "10"]
    assert notes[0].startswith("the classes are numbers, in their order: 9, 10")


@pytest.mark.parametrize(
    ("counts", "rename", "apart"),
    [
        ({"A": {"angle": 9, "cat": 1}, "B": {"angel": 2}}, {"angel": "angle"}, ["angel", "angle", "cat"]),
        ({"A": {"th ree": 1}, "B": {"three": 2}}, {"th ree": "three"}, ["th ree", "three"]),
        ({"A": {"a": 9, "b": 1}, "B": {"A": 2, "b": 1}}, {"A": "a"}, ["A", "a", "b"]),
    ],
)
def test_names_that_may_be_one_class_are_asked_about(
    counts: dict[str, dict[str, int]], rename: dict[str, str], apart: list[str]
) -> None:
    with pytest.raises(Doubt) as asked:
        joined_classes(counts, Repair(rename={"x": "y"}))
    assert [dict(reading.changes) for reading in asked.value.readings] == [
        {"rename": {"x": "y"} | rename},
        {"classes": apart},
    ]


def test_what_one_source_holds_apart_is_two_classes() -> None:
    counts = {"A": {"angle": 9, "angel": 1}, "B": {"angel": 2}}
    assert joined_classes(counts, Repair())[1] == ["angel", "angle"]
    assert joined_classes({"A": {"house": 1}, "B": {"houses": 1, "horse": 1}}, Repair())[1] == [
        "horse",
        "house",
        "houses",
    ]

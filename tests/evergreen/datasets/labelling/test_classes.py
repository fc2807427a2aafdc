"""evergreen.datasets.labelling.classes: names become classes one to one, or somebody is asked."""

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from made_tables import CIFAR100, NEVER, PLANTVILLAGE, asked, counts_of, files_of, labelled, many

from evergreen.datasets.labelling.classes import Classes
from evergreen.datasets.labelling.doubt import Doubt
from evergreen.sections.labels import Repair


def renamed(counts: dict[str, int], *classes: str) -> dict[str, tuple[str, str]]:
    found = labelled(files_of(many(counts)), Repair(classes=classes))
    return {row.folder: (row.label, row.why) for row in found.renames.itertuples()}


@pytest.mark.parametrize(
    ("folder", "label", "why"),
    [
        ("architecure", "architecture", "a misspelling"),
        ("food and d rinks", "food and drinks", "split or joined words"),
        ("travel and  adventure", "travel and adventure", "white space, case or Unicode form"),
        ("hot_dog", "hot dog", "blanks, _ or - in place of each other"),
    ],
)
def test_a_damaged_name_takes_the_place_of_a_class_without_a_folder(folder: str, label: str, why: str) -> None:
    assert renamed({folder: 2, "other": 1}, label, "other")[folder] == (label, why)


def test_not_if_the_class_has_a_folder_of_its_own() -> None:
    text, readings = asked(files_of(many({"eight": 1, "eigth": 2, "one": 3})), Repair(classes=("eight", "one")))
    assert "the folder 'eigth' (2 images) is none of the classes" in text
    assert {"eight": 3, "one": 3} in readings and {"eight": 1, "one": 3} in readings


def test_not_if_another_folder_or_another_class_is_as_near() -> None:
    asked(files_of(many({"eigth": 1, "eihgt": 2})), Repair(classes=("eight", "one")))
    asked(files_of(many({"cart oon": 1, "a": 2})), Repair(classes=("cartoon", "car toon", "a")))


def test_some_words_are_enough_only_outside_the_largest_subset_and_where_nothing_is_left_over() -> None:
    whole = {"train/food and drinks": 3, "train/art": 3, "val/food": 1, "val/art": 1}
    assert labelled(files_of(many(whole))).dataset["label"].value_counts().to_dict() == {"food and drinks": 4, "art": 4}
    asked(files_of(many({**whole, "val/zebra": 1})))
    asked(files_of(many({"food": 3, "art": 3})), Repair(classes=("food and drinks", "art")))
    asked(files_of(many({"train/hot dog": 3, "train/not hot dog": 3, "val/hot dog": 1, "val/dog": 1})))


def test_a_folder_that_is_no_class_is_asked_with_a_line_for_each_answer() -> None:
    files = files_of(many({"cat": 1, "dog": 2, "zebra": 3, "[x]*": 4}))
    text, readings = asked(files, Repair(classes=("cat", "dog"), leave_out=("nothing",)))
    assert "the folders '[x]*' (4 images), 'zebra' (3 images) are none of the classes: cat, dog" in text
    assert readings == [{"cat": 1, "dog": 2}, {"cat": 1, "dog": 2, "[x]*": 4, "zebra": 3}]
    assert "repair.rename" in text


def test_the_one_folder_of_test_that_is_no_class_is_unlabelled_and_several_are_asked() -> None:
    one = labelled(files_of(many({"train/a": 3, "train/b": 3, "test/classify": 2})))
    assert (one.dataset["subset"] == "unlabelled").sum() == 2
    text, readings = asked(files_of(many({"train/a": 3, "train/b": 3, "test/x": 2, "test/y": 1})))
    assert {"a": 3, "b": 3} in readings and "their images have no label" in text


@pytest.mark.parametrize(
    ("folders", "expected"), [({"Cat": 12, "cat": 12, "dog": 1}, "cat"), ({"Cat": 13, "cat": 12, "dog": 1}, "Cat")]
)
def test_undeclared_spellings_of_one_name_are_one_class_under_the_commoner(
    folders: dict[str, int], expected: str
) -> None:
    found = labelled(files_of(many(folders)))
    assert counts_of(found)[expected] == folders["Cat"] + folders["cat"]
    assert set(found.renames["what"]) == {"class", "merged"}


def test_single_letters_that_differ_in_case_are_asked() -> None:
    _, readings = asked(files_of(many({"K": 1, "k": 2, "x": 3})))
    assert readings == [{"k": 3, "x": 3}, {"K": 1, "k": 2, "x": 3}]
    asked(files_of(many({"K": 1, "x": 3})), Repair(classes=("k", "x")))
    assert counts_of(labelled(files_of(many({"K": 1, "k": 3})), Repair(classes=("k", "K")))) == {"K": 1, "k": 3}


def test_numbers_stand_in_their_order_which_is_said() -> None:
    found = labelled(files_of(many({"10": 1, "2": 1, "0": 1})))
    assert found.classes == ["0", "2", "10"]
    assert "the classes are numbers, in their order: 0, 2, 10" in found.notes["note"][0]
    assert labelled(files_of(many({"0": 1, "1": 1}))).notes.empty
    assert labelled(files_of(many({"b": 1, "10": 1, "2": 1}))).classes == ["10", "2", "b"]


def test_an_explicit_rename_comes_first_and_its_spelling_follows_the_class() -> None:
    assert counts_of(labelled(files_of(many({"cats": 1, "dogs": 2})), Repair(rename={"cats": "dogs"}))) == {"dogs": 3}
    found = labelled(files_of(many({"cat": 5, "kitten": 2})), Repair(rename={"kitten": "Cat"}))
    assert found.classes == ["cat"] and len(found.dataset) == 7


def test_a_rename_by_path_makes_a_class_folder_of_what_lies_deeper() -> None:
    files = files_of(many({"set/a/x": 1, "set/a/y": 2, "set/b": 3}))
    found = labelled(files, Repair(rename={"a/x": "b", "a/y": "c"}))
    assert counts_of(found) == {"b": 4, "c": 2}


@pytest.mark.parametrize(("one", "other"), NEVER)
def test_what_must_never_merge_never_does(one: str, other: str) -> None:
    for name, label in ((one, other), (other, one)):
        declared = ("aaaa", label)
        with pytest.raises(Doubt):
            Classes({("", "aaaa"): 9, ("", name): 3}, Repair(classes=declared)).named()


@pytest.mark.parametrize("names", [PLANTVILLAGE, CIFAR100])
def test_no_undeclared_name_is_taken_into_a_declared_class(names: list[str]) -> None:
    for label in names:  # test_names holds every pair against the rules by itself
        others = {("", name): 3 for name in names if name != label}
        with pytest.raises(Doubt) as asked_about:
            Classes({("", "zzzz"): 9, **others}, Repair(classes=("zzzz", label))).named()
        left_out = asked_about.value.readings[0].changes["leave_out"]
        assert len(left_out) == len(names) - 1, label


WORDS = st.lists(st.sampled_from(["hot", "dog", "red", "blue", "fish", "not"]), min_size=1, max_size=3).map(" ".join)


@how(deadline=None, max_examples=50)
@given(st.dictionaries(WORDS, st.integers(1, 3), min_size=2), st.data())
def test_spelling_alone_never_changes_a_class(counts: dict[str, int], data: st.DataObject) -> None:
    """Any case and any blanks: the same images in the same classes."""
    respelled = {}
    for name, count in counts.items():
        blank = data.draw(st.sampled_from([" ", "_", "-", "  "]))
        respelled[data.draw(st.sampled_from([str.upper, str.title, str]))(name.replace(" ", blank))] = count
    named, classes = Classes(
        {("", name): count for name, count in respelled.items()}, Repair(classes=tuple(counts))
    ).named()
    assert classes == list(counts)
    assert [named["", name].label for name in respelled] == list(counts)


def test_thousands_of_classes_are_looked_up_and_not_each_held_against_all() -> None:
    counts = {(side, f"class number {n}"): 3 for side in ("train", "test") for n in range(20_000)}
    named, classes = Classes(counts, Repair()).named()  # 4e8 comparisons would take minutes
    assert len(named) == 40_000 and len(classes) == 20_000

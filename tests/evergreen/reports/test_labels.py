"""evergreen.reports.labels: no folder, file or class is lost in what is said, however many there are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergreen.reports.labels import (
    CHANGES,
    by_reason,
    changes_of,
    class_changes,
    class_changes_in_words,
    columns_of,
    cut,
    heading,
    labels_of,
    sentences,
)

NAMES = st.text(min_size=1, max_size=6)


def _row(folder: str, what: str = "class", label: str = "cat", subset: str = "", count: int = 3) -> dict[str, Any]:
    return {"folder": folder, "subset": subset, "label": label, "what": what, "why": "why", "count": str(count)}


def test_folders_that_are_their_class_are_one_line_and_every_other_one_is_named() -> None:
    rows = [
        _row("cat"),
        _row("dog", label="dog"),
        _row("c at", "renamed"),
        _row("Cat", "merged"),
        _row("all/cat", "copy"),
        _row("junk", "left out", label=""),
        _row("more", "unlabelled", label="", subset="unlabelled"),
    ]
    labels = labels_of(rows, [{"reason": "a sound", "count": "2"}], [{"note": "the folders a, b are groups"}])
    assert list(sentences(labels, 9)) == [
        ("folders", "2 folders are the classes that they name"),
        ("subset", "unlabelled: 3 files in more"),
        ("renamed", "c at -> cat: 3 files, why"),
        ("merged", "Cat -> cat: 3 files, why"),
        ("copies", "all/cat -> cat: 3 files, why"),
        ("left out", "junk: 3 files, why"),
        ("unlabelled", "more: 3 files, why"),
        ("dropped", "2 files: a sound"),
        ("note", "the folders a, b are groups"),
    ]
    assert labels["unchanged"] == {"folders": 2, "files": 6}


def test_a_subset_says_where_it_was_found() -> None:
    folders = {"train": ["seg_train/seg_train/sea", "seg_train/seg_train/street"], "test": ["x/test/a", "y/test/a"]}
    labels = labels_of([_row(name, subset=subset) for subset in folders for name in folders[subset]], [], [])
    assert labels["subsets"] == {
        "train": {"folders": 2, "files": 6, "below": "seg_train/seg_train"},
        "test": {"folders": 2, "files": 6, "below": ""},
    }
    assert [text for kind, text in sentences(labels, 9) if kind == "subset"] == [
        "train: 6 files in 2 folders below seg_train/seg_train",
        "test: 6 files in 2 folders",
    ]


def test_a_kind_of_change_that_nobody_knows_yet_is_listed_all_the_same() -> None:
    labels = labels_of([_row("a", "guessed")], [], [])
    assert ("guessed", "a -> cat: 3 files, why") in list(sentences(labels, 9))


@given(
    st.lists(st.tuples(NAMES, st.sampled_from(["class", *CHANGES]), st.integers(1, 9)), max_size=30), st.integers(1, 9)
)
def test_what_is_cut_is_counted(folders: list[tuple[str, str, int]], most: int) -> None:
    labels = labels_of([_row(name, what, count=count) for name, what, count in folders], [], [])
    assert labels["unchanged"]["folders"] + sum(map(len, changes_of(labels).values())) == len(folders)
    files = labels["unchanged"]["files"] + sum(row["count"] for rows in changes_of(labels).values() for row in rows)
    assert files == sum(count for _, _, count in folders)
    told = list(sentences(labels, most))
    assert len(told) <= 1 + len(CHANGES) * (most + 1)
    for what, kind in CHANGES.items():
        rest = [count for _, of, count in folders if of == what][most:]
        found = [text for of, text in told if of == kind and text.startswith("and ") and " more, " in text]
        if rest:
            many = "folder" if len(rest) == 1 else "folders"
            assert f"and {len(rest)} {many} more, {sum(rest)} file{'' if sum(rest) == 1 else 's'}" in found


@given(st.lists(st.integers(0, 60)))
def test_the_commonest_reasons_are_named_and_no_file_is_lost(numbers: list[int]) -> None:
    counts = by_reason(f"reason {number}" for number in numbers)
    assert sum(counts.values()) == len(numbers)
    assert len(counts) <= 21
    named = [count for reason, count in counts.items() if reason != "other reasons"]
    assert named == sorted(named, reverse=True)


def test_the_heading_says_in_which_order_classes_are_and_what_was_counted() -> None:
    ten = {str(number): {"train": 1, "validation": 0, "test": 0} for number in (10, 9)}
    assert heading({"counted": "split"}, ten) == "2 classes, in the order of the model's scores: images that are used"
    assert columns_of(ten) == ["train"]
    one = {"a": {"images": 0}}
    assert heading({"counted": "screen"}, one) == "1 class: images that can be used"
    assert columns_of(one) == ["images"]
    assert heading({"counted": "repair"}, one).endswith(": files, none opened yet")


def test_classes_behind_the_cut_are_counted_with_their_sizes() -> None:
    classes = {str(number): {"train": number, "test": 1} for number in range(200)}
    assert cut(classes, 30) == "and 170 more classes, of 31 to 200 images each"
    assert cut(classes, 200) == ""


@pytest.mark.parametrize(
    ("before", "now", "changes"),
    [
        ("ab", "ab", None),
        ("ab", "abc", {"new": ["c"], "gone": [], "reordered": False}),
        ("abc", "ab", {"new": [], "gone": ["c"], "reordered": False}),
        ("ab", "ba", {"new": [], "gone": [], "reordered": True}),
        ("abc", "cad", {"new": ["d"], "gone": ["b"], "reordered": True}),
    ],
)
def test_new_gone_and_reordered_classes(before: str, now: str, changes: dict[str, Any] | None) -> None:
    assert class_changes(list(before), list(now)) == changes


@given(st.lists(NAMES, unique=True), st.lists(NAMES, unique=True))
def test_other_classes_are_always_said(before: list[str], now: list[str]) -> None:
    changes = class_changes(before, now)
    assert (changes is None) == (before == now)
    if changes:
        assert changes["new"] or changes["gone"] or changes["reordered"]
        assert set(before) - set(changes["gone"]) == set(now) - set(changes["new"])


def test_what_other_classes_mean_is_said() -> None:
    many = [f"c{number}" for number in range(40)]
    words = class_changes_in_words({"new": many, "gone": ["old"], "reordered": False}, "ab" * 32)
    assert words.startswith("other classes than the champion's, release abababababab: new: c0, c1, ")
    assert "c9 and 30 more; gone: old. The gate will answer 'cannot compare'" in words
    words = class_changes_in_words({"new": [], "gone": [], "reordered": True}, "ab" * 32)
    assert "the same ones in another order" in words
    assert "labels.txt" in words
    assert "cannot compare" not in words

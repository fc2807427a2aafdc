"""evergreen.datasets.labelling.not_images: a folder most of whose files are something else stops the run, in words."""

import pandas as pd
import pytest
from made_tables import asked, files_of, labelled, many

from evergreen.sections.labels import Repair


def files(counts: dict[str, int], kinds: dict[str, tuple[int, str]]) -> pd.DataFrame:
    table = files_of([path.replace(".png", ".jpg") for path in many(counts)])
    for folder, (count, kind) in kinds.items():
        table.loc[table[table["path"].str.startswith(folder)].index[:count], "kind"] = kind
    return table


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("a Git LFS pointer", "12 of 12 files in 'cat', 'dog' are 12 Git LFS pointers: run git lfs pull"),
        ("a web page", "12 of 12 files in 'cat', 'dog' are 12 web pages: fetch them again"),
        ("unknown bytes", "12 of 12 files in 'cat', 'dog' are 12 unknown bytes"),
    ],
)
def test_pointers_in_place_of_pictures_are_named(kind: str, said: str) -> None:
    text, readings = asked(files({"cat": 6, "dog": 6}, {"cat": (6, kind), "dog": (6, kind)}))
    assert said in text
    assert readings == [{}, {}] or readings == [{"cat": 0, "dog": 0}, {}]


def test_a_half_is_quarantined_with_a_word_and_more_is_asked() -> None:
    half = labelled(files({"cat": 4, "dog": 4}, {"cat": (2, "a web page")}))
    assert list(half.notes["note"]) == ["2 of 4 files in 'cat' are no images and quarantined: 2 web pages"]
    assert len(half.dataset) == 8
    asked(files({"cat": 4, "dog": 4}, {"cat": (3, "a web page")}))
    told = labelled(files({"cat": 4, "dog": 4}, {"cat": (4, "a web page")}), Repair(not_images="quarantine"))
    assert list(told.notes["note"]) == [
        "4 of 4 files in 'cat' are no images and quarantined (none is left): 4 web pages"
    ]


def test_groups_of_one_class_are_counted_together() -> None:
    labelled(files({"cat/a": 1, "cat/b": 5, "dog/a": 3, "dog/b": 3}, {"cat/a": (1, "a web page")}))


def test_files_of_other_trades_are_dropped_and_never_count() -> None:
    table = files({"cat": 2, "dog": 2}, {})
    more = files_of([f"cat/{n}.wav" for n in range(9)])
    found = labelled(pd.concat([table, more], ignore_index=True))
    assert len(found.dataset) == 4
    assert found.dropped.to_dict("records") == [{"reason": "not an image: a sound", "count": 9}]


@pytest.mark.parametrize("wrapper", ["", "data/", "train/"])
def test_a_folder_beside_the_classes_that_holds_no_image_is_said(wrapper: str) -> None:
    paths = [f"{wrapper}{path}" for path in many({"cat": 2, "dog": 1, "dog/a": 2})]
    more = [f"{wrapper}bird/{n}.wav" for n in range(3)] + [
        f"{wrapper}cat/notes/a.txt",
        f"{wrapper}.git/x.txt",
        f"{wrapper}a.md",
    ]
    found = labelled(files_of([*paths, *more]))
    told = [note for note in found.notes["note"] if "holds no image" in note]
    assert told == [f"the folder '{wrapper}bird' holds no image: 3 sounds"]

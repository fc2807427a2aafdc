"""evergreen.datasets.repair: class folders found, named, counted once."""

import pandas as pd
import pytest

from evergreen.datasets.repair import repair
from evergreen.errors import BadDataset, NotBuiltYet
from evergreen.sections.data import Repair


def _files(*paths: str) -> pd.DataFrame:
    rows = [(path, f"{index:064x}", 10) for index, path in enumerate(paths)]
    return pd.DataFrame(rows, columns=["path", "sha256", "bytes"])


@pytest.mark.parametrize(
    ("folder", "classes", "label"),
    [
        ("architecure", ["architecture", "food and drinks"], "architecture"),
        ("food and d rinks", ["architecture", "food and drinks"], "food and drinks"),
        ("travel and  adventure", ["travel and adventure", "art"], "travel and adventure"),
        ("th ree", ["three", "two"], "three"),
        ("eigth", ["eight", "three"], "eight"),
        ("ROCK", ["rock", "paper"], "rock"),
        (" Rock ", ["rock", "paper"], "rock"),
        ("cafe\u0301", ["café", "bar"], "café"),
        ("hot_dog", ["hot dog", "dog"], "hot dog"),
    ],
)
def test_a_damaged_name_becomes_its_declared_class(folder: str, classes: list[str], label: str) -> None:
    found = repair(_files(f"data/{folder}/1.jpg"), Repair(classes=tuple(classes)))
    assert list(found.dataset["label"]) == [label]
    assert found.classes == classes


@pytest.mark.parametrize(("folder", "said"), [("zebra", "is none of"), ("cat5", "could be cat1 or cat2")])
def test_a_name_that_is_no_class_or_several_is_never_guessed(folder: str, said: str) -> None:
    with pytest.raises(BadDataset, match=said) as refused:
        repair(_files(f"{folder}/1.jpg"), Repair(classes=("cat1", "cat2")))
    assert "repair.rename" in str(refused.value)


def test_an_explicit_rename_comes_first() -> None:
    found = repair(_files("cats/1.jpg", "dogs/1.jpg"), Repair(rename={"cats": "dogs"}))
    assert set(found.dataset["label"]) == {"dogs"}


def test_undeclared_classes_are_sorted_and_spellings_of_one_name_joined() -> None:
    found = repair(_files("b/1.png", "Cat/1.png", "cat/2.png", "a/1.png"), Repair())
    assert len(found.classes) == 3
    assert found.classes == sorted(found.classes)


def test_junk_is_dropped_counted_and_never_a_class() -> None:
    junk = ["__MACOSX/a/._1.png", "a/._2.png", "a/.DS_Store", "a/Thumbs.db", "a/read me.TXT", "loose.png"]
    found = repair(_files("a/1.png", "b/1.png", *junk), Repair())
    assert found.classes == ["a", "b"]
    assert len(found.dataset) == 2
    assert found.dropped.set_index("reason")["count"].to_dict() == {
        "macOS resource fork": 2,
        "file of the operating system": 2,
        "not an image": 1,
        "outside any folder": 1,
    }


def test_a_folder_that_stands_twice_is_counted_once() -> None:
    files = _files("r/paper/1.png", "r/rock/1.png", "r/rps/paper/1.png", "r/rps/rock/1.png")
    files["sha256"] = [*files["sha256"][:2], *files["sha256"][:2]]
    found = repair(files, Repair())
    assert list(found.dataset["path"]) == ["paper/1.png", "rock/1.png"]
    assert list(found.origins["origin"]) == ["r/paper/1.png", "r/rock/1.png"]
    assert sum("counted once" in why for why in found.renames["why"]) == 2


def test_a_folder_renamed_to_the_same_class_changes_nothing_but_its_story() -> None:
    before = repair(_files("th ree/1.png", "two/1.png"), Repair(classes=("two", "three")))
    after = repair(_files("three/1.png", "two/1.png"), Repair(classes=("two", "three")))
    assert after.dataset.equals(before.dataset)
    assert not after.renames.equals(before.renames)


def test_files_of_one_name_in_one_class_stay_apart() -> None:
    found = repair(_files("x/cat/1.png", "y/Cat/1.png", "y/dog/1.png"), Repair(classes=("cat", "dog")))
    assert list(found.dataset["path"]) == ["cat/x/cat/1.png", "cat/y/Cat/1.png", "dog/1.png"]


def test_the_order_of_the_files_does_not_matter() -> None:
    files = _files("b/2.png", "a/1.png", "b/1.png")
    assert repair(files, Repair()).dataset.equals(repair(files.iloc[::-1], Repair()).dataset)


def test_an_archive_without_class_folders_is_refused() -> None:
    with pytest.raises(BadDataset, match="no image in a folder"):
        repair(_files("1.png", "readme.txt"), Repair())


def test_subset_folders_are_refused_not_mixed() -> None:
    with pytest.raises(NotBuiltYet, match="subset folders; received test, train"):
        repair(_files("train/a/1.png", "test/a/1.png"), Repair())


def test_one_name_twice_is_decided_here_and_never_by_order() -> None:
    rows = [("a/1.png", "0" * 64, 10, "x.zip"), ("a/1.png", "1" * 64, 10, "x.zip"), ("a/1.png", "0" * 64, 10, "x.zip")]
    rows += [
        ("a/1.png", "0" * 64, 10, "y.zip"),
        ("a/no suffix", "2" * 64, 10, "x.zip"),
        ("a/z.zip", "3" * 64, 1, "x.zip"),
    ]
    files = pd.DataFrame(rows, columns=["path", "sha256", "bytes", "archive"])
    for order in (files, files[::-1]):
        found = repair(order, Repair())
        assert dict(zip(found.dataset["path"], found.dataset["sha256"].str[0], strict=True)) == {
            "a/a/1.png": "0",
            "a/a/1 (2).png": "0",
            "a/a/1 (3).png": "1",
            "a/no suffix": "2",
        }
        assert found.origins["path"].is_unique
        assert dict(zip(found.dropped["reason"], found.dropped["count"], strict=True)) == {
            "listed twice with the same content": 1,
            "an archive in the archive: not opened": 1,
        }

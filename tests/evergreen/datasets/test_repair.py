"""evergreen.datasets.repair: class folders found, named, counted once."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import asked, files_of, labelled, many

from evergreen.datasets.repair import Repaired
from evergreen.errors import BadDataset
from evergreen.sections.labels import Labels, Repair


def _files(*paths: str) -> pd.DataFrame:
    return files_of(paths)


def test_junk_is_dropped_counted_and_never_a_class() -> None:
    junk = ["__MACOSX/a/._1.png", "a/._2.png", "a/.DS_Store", "a/Thumbs.db", "a/read me.TXT", "loose.png"]
    found = labelled(_files("a/1.png", "b/1.png", *junk))
    assert found.classes == ["a", "b"]
    assert len(found.dataset) == 2
    assert found.dropped.set_index("reason")["count"].to_dict() == {
        "macOS resource fork": 2,
        "file of the operating system": 2,
        "not an image: text": 1,
        "outside any folder": 1,
    }


def test_a_folder_that_stands_twice_is_counted_once() -> None:
    files = _files("r/paper/1.png", "r/rock/1.png", "r/rps/paper/1.png", "r/rps/rock/1.png")
    files["sha256"] = [*files["sha256"][:2], *files["sha256"][:2]]
    found = labelled(files)
    assert list(found.dataset["path"]) == ["paper/1.png", "rock/1.png"]
    assert list(found.origins["origin"]) == ["r/paper/1.png", "r/rock/1.png"]
    assert sum("counted once" in why for why in found.renames["why"]) == 2


def test_a_folder_renamed_to_the_same_class_changes_nothing_but_its_story() -> None:
    before = labelled(_files("th ree/1.png", "two/1.png"), Repair(classes=("two", "three")))
    after = labelled(_files("three/1.png", "two/1.png"), Repair(classes=("two", "three")))
    assert after.dataset.equals(before.dataset)
    assert not after.renames.equals(before.renames)


def test_files_of_one_name_in_one_class_stay_apart() -> None:
    found = labelled(_files("x/cat/1.png", "y/Cat/1.png", "y/dog/1.png"), Repair(classes=("cat", "dog")))
    assert list(found.dataset["path"]) == ["cat/x/cat/1.png", "cat/y/Cat/1.png", "dog/1.png"]


def test_the_order_of_the_files_does_not_matter() -> None:
    files = _files("b/2.png", "a/1.png", "b/1.png")
    assert labelled(files).dataset.equals(labelled(files.iloc[::-1]).dataset)


def test_an_archive_without_class_folders_is_refused() -> None:
    with pytest.raises(BadDataset, match="no image in a folder"):
        labelled(_files("1.png", "readme.txt"))


# -- the five reference systems, as their archives are laid out --------------------------------------------------------


def _counted(found: Repaired) -> dict[tuple[str, str], int]:
    return found.dataset.groupby(["subset", "label"]).size().to_dict()


def _renamed(found: Repaired) -> dict[str, tuple[str, str, str]]:
    return {row.folder: (row.subset, row.label, row.why) for row in found.renames.itertuples()}


def test_rockpaperscissors_is_counted_once() -> None:
    counts = {"paper": 712, "rock": 726, "scissors": 750}
    rows = []
    for root in ("rockpaperscissors", "rockpaperscissors/rps-cv-images"):
        for label, count in counts.items():
            rows += [(f"{root}/{label}/{n:04d}.png", f"{label}{n}", 10) for n in range(count)]
    rows.append(("rockpaperscissors/README_rpc-cv-images.txt", "readme", 10))
    found = labelled(pd.DataFrame(rows, columns=["path", "sha256", "bytes"]))
    assert _counted(found) == {("", label): count for label, count in counts.items()}
    assert len(found.dataset) == 2188
    assert found.classes == ["paper", "rock", "scissors"]
    assert _renamed(found)["rockpaperscissors/rps-cv-images/rock"][2].endswith("counted once")


TSEL = [
    *[f"images/{label}/{n}.jpg" for n in range(9) for label in
      ("architecure", "art and culture", "food and d rinks", "travel and  adventure")],
    *[f"validation/{label}/{n}.jpg" for n in range(2) for label in
      ("architecture", "art and culture", "food", "travel and adventure")],
    *[f"test/classify/{n}.jpg" for n in range(5)],
]  # fmt: skip
DECLARED = ("architecture", "art and culture", "food and drinks", "travel and adventure")


def test_tsel_comes_out_right_without_a_map_when_its_classes_are_declared() -> None:
    found = labelled(_files(*TSEL), Repair(classes=DECLARED))
    assert _renamed(found) == {
        "images/architecure": ("train", "architecture", "a misspelling"),
        "images/art and culture": ("train", "art and culture", "as it is"),
        "images/food and d rinks": ("train", "food and drinks", "split or joined words"),
        "images/travel and  adventure": ("train", "travel and adventure", "white space, case or Unicode form"),
        "validation/architecture": ("validation", "architecture", "as it is"),
        "validation/art and culture": ("validation", "art and culture", "as it is"),
        "validation/food": ("validation", "food and drinks", "some of its words"),
        "validation/travel and adventure": ("validation", "travel and adventure", "as it is"),
        "test/classify": ("unlabelled", "", "the one folder of test, and no class: unlabelled"),
    }
    assert _counted(found) == {
        **{("train", label): 9 for label in DECLARED},
        **{("validation", label): 2 for label in DECLARED},
        ("unlabelled", ""): 5,
    }


def test_tsel_undeclared_holds_the_other_subsets_against_the_largest() -> None:
    found = labelled(_files(*TSEL))
    assert found.classes == ["architecure", "art and culture", "food and d rinks", "travel and adventure"]
    assert _renamed(found)["validation/architecture"] == ("validation", "architecure", "a misspelling")
    assert _renamed(found)["validation/food"] == ("validation", "food and d rinks", "some of its words")


def test_cifar10_garbage_and_chessman_are_found_wherever_they_are_nested() -> None:
    cifar = labelled(_files("train/cat/0.png", "train/dog/1.png", "test/cat/2.png", "test/dog/3.png"))
    assert set(_counted(cifar)) == {(subset, label) for subset in ("train", "test") for label in ("cat", "dog")}
    garbage = labelled(_files("garbage-dataset/glass/1.jpg", "garbage-dataset/metal/2.jpg"))
    assert set(_counted(garbage)) == {("", "glass"), ("", "metal")}
    chess = labelled(
        _files("Chessman-image-dataset/Chess/King/1.fcgi", "Chessman-image-dataset/Chess/Queen/2.gif"), Repair()
    )
    assert set(_counted(chess)) == {("", "King"), ("", "Queen")}


# -- subsets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["train", "Training", "val", "valid", "Validation", "test", "testing"])
def test_every_usual_name_of_a_subset_is_known(name: str) -> None:
    found = labelled(_files(f"data/{name}/cat/1.png", f"data/{name}/dog/2.png"))
    subset = {"t": "train", "v": "validation"}[name[0].lower()] if name.lower()[:2] != "te" else "test"
    assert set(_counted(found)) == {(subset, "cat"), (subset, "dog")}


def test_images_is_a_class_or_a_root_where_no_validation_lies_beside_it() -> None:
    assert set(_counted(labelled(_files("images/cat/1.png", "images/dog/2.png")))) == {("", "cat"), ("", "dog")}


def test_subsets_inside_classes_and_unlabelled_images() -> None:
    inside = labelled(_files("cat/train/1.png", "cat/test/2.png", "dog/train/3.png", "dog/test/4.png"))
    assert set(_counted(inside)) == {(subset, label) for subset in ("train", "test") for label in ("cat", "dog")}
    flat = labelled(_files("train/cat/1.png", "train/dog/2.png", "test/3.png"))
    assert _counted(flat)["unlabelled", ""] == 1
    told = labelled(_files("a/1.png", "b/2.png", "new/3.png"), Repair(subsets={"new": "unlabelled"}))
    assert _counted(told) == {("", "a"): 1, ("", "b"): 1, ("unlabelled", ""): 1}
    dev = labelled(_files("dev/a/1.png", "dev/b/2.png"), Repair(subsets={"dev": "validation"}))
    assert set(_counted(dev)) == {("validation", "a"), ("validation", "b")}


def test_a_class_called_train_is_told_from_the_subset() -> None:
    paths = ("vehicles/train/1.png", "vehicles/plane/2.png", "vehicles/ship/3.png")
    with pytest.raises(BadDataset, match="could be a subset without labels or a class"):
        labelled(_files(*paths))
    found = labelled(_files(*paths), Repair(classes=("plane", "ship", "train")))
    assert _counted(found) == {("", "plane"): 1, ("", "ship"): 1, ("", "train"): 1}


def test_the_same_image_in_two_subsets_keeps_both_rows() -> None:
    rows = [("train/cat/1.png", "0" * 64, 10), ("test/cat/1.png", "0" * 64, 10), ("train/dog/2.png", "1" * 64, 10)]
    found = labelled(pd.DataFrame(rows, columns=["path", "sha256", "bytes"]))
    assert list(found.dataset["path"]) == ["test/cat/1.png", "train/cat/1.png", "train/dog/2.png"]


def test_nothing_but_unlabelled_images_is_no_dataset() -> None:
    with pytest.raises(BadDataset, match="expected images in class folders"):
        labelled(_files("test/1.png", "test/2.png"))


def test_one_name_twice_is_decided_here_and_never_by_order() -> None:
    rows = [("a/1.png", "0" * 64, 10, "x.zip"), ("a/1.png", "1" * 64, 10, "x.zip"), ("a/1.png", "0" * 64, 10, "x.zip")]
    rows += [
        ("a/1.png", "0" * 64, 10, "y.zip"),
        ("a/no suffix", "2" * 64, 10, "x.zip"),
        ("a/z.zip", "3" * 64, 1, "x.zip"),
    ]
    files = pd.DataFrame(rows, columns=["path", "sha256", "bytes", "archive"])
    for order in (files, files[::-1]):
        found = labelled(order)
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


def test_a_number_that_is_taken_is_not_given_again() -> None:
    rows = [("cat/1.jpg", "0" * 64, 10, "x.zip"), ("cat/1.jpg", "1" * 64, 10, "y.zip"), ("dog/1.jpg", "3" * 64, 10, "")]
    rows.append(("cat/cat/1 (2).jpg", "2" * 64, 10, "y.zip"))
    found = labelled(pd.DataFrame(rows, columns=["path", "sha256", "bytes", "archive"]))
    assert found.dataset["path"].is_unique and len(found.dataset) == 4


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from(["1", "1 (2)", "1 (3)", "cat/1", "cat/1 (2)", "x/1"]), min_size=1, max_size=8))
def test_paths_are_unique_whatever_the_names(names: list[str]) -> None:
    rows = [(f"cat/{name}.jpg", f"{number:064x}", 10) for number, name in enumerate(names)]
    found = labelled(
        pd.DataFrame(
            [*rows, ("cat/0.jpg", "e" * 64, 10), ("dog/1.jpg", "f" * 64, 10)], columns=["path", "sha256", "bytes"]
        )
    )
    assert found.dataset["path"].is_unique and len(found.dataset) == len(names) + 2


def _sources(**paths: list[str]) -> pd.DataFrame:
    """Return the files of several sources; those of one path and one suffix ``=`` have equal content."""
    parts = [files_of(some).assign(source=name) for name, some in paths.items()]
    table = pd.concat(parts, ignore_index=True)
    table["sha256"] = [f"{index:064x}" for index in range(len(table))]
    same = table["path"].str.contains("same")
    table.loc[same, "sha256"] = "f" * 64
    return table


def test_several_sources_are_read_each_by_itself_and_joined() -> None:
    found = labelled(
        _sources(A=["top/cat/1.png", "top/dog/s/same.png", "top/dog/2.png"], B=["Cat/1.png", "dog/s/same.png"]),
        Repair(level="first"),
    )
    assert found.classes == ["cat", "dog"]
    assert found.sources is not None
    told = dict(zip(found.sources["path"], found.sources["source"], strict=True))
    assert sorted(told.values()) == ["A", "A", "B", "B"]
    assert found.dropped.set_index("reason")["count"].to_dict() == {
        "the same image as in another source: counted once": 1
    }
    rows = found.renames.set_index(["source", "folder"])
    assert rows.loc[("A", "top/cat"), "label"] == rows.loc[("B", "Cat"), "label"]
    assert set(rows["what"]) == {"class", "renamed"}
    notes = list(found.notes["note"])
    assert "A: the dataset begins in the folder 'top'" in notes


def test_a_name_that_two_sources_may_mean_is_asked_and_each_line_answers() -> None:
    text, readings = asked(_sources(A=many({"angle": 3, "cat": 2}), B=many({"angel": 2, "cat": 1})))
    assert "the sources call classes 'angel' and 'angle': one class in two spellings, or two" in text
    assert readings == [{"angle": 5, "cat": 3}, {"angel": 2, "angle": 3, "cat": 3}]


def test_a_question_about_one_source_names_it_and_what_one_lacks_of_the_recipe_is_no_news() -> None:
    files = _sources(A=many({"cat": 3, "dog": 2}), B=many({"cat": 1, "wolf": 1}))
    with pytest.raises(BadDataset, match=r"^of several sources, B: the folder 'wolf'"):
        labelled(files, Repair(classes=("cat", "dog")))
    found = labelled(files, Repair(leave_out=("wolf", "sheep")))
    notes = list(found.notes["note"])
    assert "repair.leave_out: no folder is called 'sheep'" in notes
    assert not any("'wolf'" in note and "no folder" in note for note in notes)
    with pytest.raises(BadDataset, match=r"labels\.table: expected a file 'x\.csv' in one of the sources, found none"):
        labelled(files, labels=Labels(table="x.csv", file="a", label="b"))


def test_groups_of_one_name_in_two_sources_are_said() -> None:
    found = labelled(
        _sources(A=["cat/s1/1.png", "dog/2.png"], B=["cat/s1/3.png", "dog/s2/4.png"]), Repair(level="first")
    )
    assert "1 groups of folders have one name in several sources, such as 's1'" in "\n".join(found.notes["note"])

"""evergreen.datasets.layout: which folders stand for a subset, and which name a class."""

import pytest

from evergreen.datasets.layout import class_folder, subset_folders, subset_of, subsets_inside_classes
from evergreen.errors import BadDataset


def test_subsets_are_found_at_any_depth_and_images_beside_a_validation_are_training() -> None:
    folders = ["a/images/cat", "a/val/cat", "b/images/dog"]
    assert subset_folders(folders, {}, []) == {"a/images": "train", "a/val": "validation"}
    assert subset_folders(["holdout/cat"], {"Holdout": "test"}, []) == {"holdout": "test"}


def test_a_declared_class_is_no_subset_and_an_undeclared_one_is_asked_about() -> None:
    assert subset_folders(["train", "plane"], {}, ["train", "plane"]) == {}
    with pytest.raises(BadDataset, match=r"'train' beside 'plane' holds images itself: .*\{train: unlabelled\}"):
        subset_folders(["train", "plane"], {}, [])


def test_the_nearest_folder_above_decides() -> None:
    subsets = {"train": "train", "train/cat/test": "test"}
    assert [subset_of(folder, subsets) for folder in ("train/cat", "train/cat/test/x", "dog")] == ["train", "test", ""]


def test_the_class_is_the_folders_name_or_that_above_a_subset() -> None:
    subsets = {"cat/train": "train", "dog/train": "train", "unlabelled": "unlabelled"}
    assert subsets_inside_classes(["cat/train", "dog/train"], subsets)
    assert not subsets_inside_classes(["cat/train"], subsets)
    assert class_folder("train/cat", subsets, labelled_above=False) == "cat"
    assert class_folder("cat/train", subsets, labelled_above=True) == "cat"
    assert class_folder("unlabelled", subsets, labelled_above=True) is None
    assert class_folder("cat/train", subsets, labelled_above=False) is None

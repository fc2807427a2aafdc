"""evergreen.datasets.labelling.shapes: what the shapes of other trades are called, and when they are none of them."""

import pytest
from made_tables import asked, counts_of, files_of, labelled, many

from evergreen.sections.labels import Repair


@pytest.mark.parametrize(
    ("images", "beside"),
    [
        ({"images": 4}, "labels"),
        ({"images/train": 4, "images/val": 2}, "labels/train"),
        ({"train/images": 4, "valid/images": 2}, "train/labels"),
        ({"VOC2012/JPEGImages": 4}, "VOC2012/Annotations"),
        ({"data/images": 4}, "data/annotations"),
    ],
)
def test_boxes_beside_images_are_named(images: dict[str, int], beside: str) -> None:
    files = files_of([*many(images), f"{beside}/000.txt"])
    text, readings = asked(files)
    assert "as of object detection or segmentation (YOLO, VOC, COCO)" in text
    assert "A classifier needs one label for each image" in text
    assert readings == []


def test_class_folders_below_images_are_no_boxes() -> None:
    files = files_of([*many({"images/cat": 2, "images/dog": 2}), "annotations/a.xml"])
    assert counts_of(labelled(files)) == {"cat": 2, "dog": 2}


def test_declared_classes_are_class_folders_whatever_they_are_called() -> None:
    files = files_of(["images/cat.1.png", "images/dog.1.png", "images/cat.2.png", "images/dog.2.png", "data/1.png"])
    assert counts_of(labelled(files, Repair(classes=("images", "data")))) == {"images": 4, "data": 1}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"images": 20, "labels": 20}, []),
        ({"train/images": 4, "train/masks": 4, "val/images": 2, "val/masks": 2}, []),
        ({"JPEGImages": 9, "SegmentationClass": 3, "SegmentationObject": 3}, []),
        ({"images/s1": 4, "images/s2": 5, "segmentations/s1": 4, "segmentations/s2": 5}, [{"s1": 4, "s2": 5}]),
    ],
)
def test_masks_that_are_pictures_themselves_are_no_classes(
    counts: dict[str, int], expected: list[dict[str, int]]
) -> None:
    text, readings = asked(files_of(many(counts)))
    assert "beside the pictures, as of object detection or segmentation" in text
    assert readings == expected


def test_labels_in_the_names_of_train_are_found_beside_a_test_without() -> None:
    names = [f"train/{label}.{n}.jpg" for label in ("cat", "dog") for n in range(9)]
    for test in ("test", "test1"):
        _, readings = asked(files_of([*names, *(f"{test}/{n}.jpg" for n in range(15))]))
        assert readings == [{"cat": 9, "dog": 9}]

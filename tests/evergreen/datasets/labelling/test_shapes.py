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

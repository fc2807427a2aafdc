"""evergreen.datasets.one_source: each of several sources is read in its own way, or asked about."""

import pandas as pd
import pytest
from made_tables import files_of, many

from evergreen.datasets.one_source import Labelled, label_source
from evergreen.errors import BadDataset
from evergreen.sections.labels import Labels, Repair

FOLDERS = many({"cat": 3, "dog": 3})
FLAT = [f"images/{name}.{number}.jpg" for name in ("cat", "wolf") for number in range(1, 9)]
PATTERN = Labels(pattern=r"(?P<label>[A-Za-z_]+)[._]\d+")
TABLE = Labels(table="labels.csv", file="file", label="label")


def _read(paths: list[str], labels: Labels, *, among: bool = True, text: bytes = b"") -> Labelled:
    files: pd.DataFrame = files_of(paths, {"labels.csv": text})
    return label_source(files, Repair(), labels, lambda digest: text, among=among)


def test_labels_say_nothing_of_a_source_that_they_do_not_fit() -> None:
    for labels, why in (
        (PATTERN, "most of its names do not match labels.pattern"),
        (TABLE, "it has no file 'labels.csv'"),
    ):
        found = _read(FOLDERS, labels)
        assert found.found.classes == ["cat", "dog"]
        assert found.notes[0].startswith(f"its folders are its classes: {why}")
        with pytest.raises(BadDataset, match=r"expected file names that begin|expected one file 'labels\.csv'"):
            _read(FOLDERS, labels, among=False)


def test_labels_are_read_where_they_are() -> None:
    assert _read(FLAT, PATTERN).table["label"].value_counts().to_dict() == {"cat": 8, "wolf": 8}
    rows = b"file,label\ncat.1.jpg,lynx\ncat.2.jpg,wolf\nwolf.3.jpg,wolf\n"
    assert _read([*FLAT, "labels.csv"], TABLE, text=rows).found.classes == ["lynx", "wolf"]


def test_names_that_say_another_label_than_folders_are_asked_about() -> None:
    paths = [f"{folder}/img_{number}.png" for folder in ("cat", "dog") for number in range(3)]
    with pytest.raises(BadDataset, match=r"finds other labels in them \(img\) than its folders have \(cat, dog\)"):
        _read(paths, PATTERN)
    alike = [f"{folder}/{folder}_{number}.png" for folder in ("cat", "dog") for number in range(3)]
    assert _read(alike, PATTERN).found.classes == ["cat", "dog"]


def test_a_question_names_no_labels_that_another_source_needs_otherwise() -> None:
    with pytest.raises(BadDataset) as asked:
        _read(FLAT, Labels())
    assert "--set 'labels.pattern=" in str(asked.value)
    with pytest.raises(BadDataset) as asked:
        _read(FLAT, TABLE)
    assert "--set" not in str(asked.value)
    assert "one section labels for all of its sources" in str(asked.value)


def test_what_is_no_image_and_what_there_is_none_of() -> None:
    found = _read(["read me.txt"], Labels())
    assert (found.maybe_images, len(found.table), list(found.dropped)) == (0, 0, ["not an image: text"])
    assert found.nothing.startswith("expected images in class folders, received 1 files")
    assert _read(FOLDERS, Labels()).nothing == ""

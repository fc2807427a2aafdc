"""evergreen.datasets.labelling.given_labels: labels image by image, with subsets and what is left out by folder."""

import pytest
from made_tables import counts_of, files_of, labelled

from evergreen.errors import BadDataset
from evergreen.sections.labels import Labels, Repair

PATTERN = Labels(pattern=r"(?P<label>[^.]+)\.\d+")


def test_the_nearest_folder_says_the_subset_and_the_recipe_may_name_it() -> None:
    files = files_of(["a/train/cat.1.png", "a/train/dog.2.png", "a/holdout/cat.3.png", "b/cat.4.png"])
    found = labelled(files, Repair(subsets={"holdout": "test"}), PATTERN)
    assert found.dataset.groupby("subset").size().to_dict() == {"": 1, "test": 1, "train": 2}
    assert "listed" not in " ".join(found.dropped["reason"])


def test_folders_are_left_out_here_too() -> None:
    files = files_of(["a/cat.1.png", "a/dog.2.png", "b/c/cat.3.png"])
    assert counts_of(labelled(files, Repair(leave_out=("b",)), PATTERN)) == {"cat": 1, "dog": 1}


def test_a_label_with_a_slash_needs_another_name() -> None:
    texts = {"t.csv": b"file,label\n1.png,a/b\n2.png,c\n"}
    files = files_of(["1.png", "2.png", "t.csv"], texts=texts)
    labels = Labels(table="t.csv", file="file", label="label")
    with pytest.raises(BadDataset, match=r"holds a slash.*repair\.rename: \{'a/b': 'a b'\}"):
        labelled(files, labels=labels, texts=texts.values())
    found = labelled(files, Repair(rename={"a/b": "a b"}), labels, texts.values())
    assert counts_of(found) == {"a b": 1, "c": 1}


def test_what_every_label_became_is_told() -> None:
    found = labelled(files_of(["Cat.1.png", "cat.2.png", "cat.3.png", "dog.1.png"]), labels=PATTERN)
    told = {row.folder: (row.label, row.what, row.count) for row in found.renames.itertuples()}
    assert told == {"Cat": ("cat", "merged", 1), "cat": ("cat", "class", 2), "dog": ("dog", "class", 1)}

"""evergreen.datasets.labelling.file_names: labels that stand in names, read by the recipe's pattern alone."""

import pandas as pd
import pytest
from made_tables import asked, counts_of, files_of, labelled

from evergreen.datasets.labelling.file_names import NO_MATCH, pattern_for
from evergreen.errors import BadDataset
from evergreen.sections.labels import Labels, Repair

PATTERN = Labels(pattern=r"(?P<label>[A-Za-z_]+)[._]\d+")


@pytest.mark.parametrize(
    ("names", "counts"),
    [
        (["cat.0.jpg", "cat.1.jpg", "dog.0.jpg", "dog.12.jpg"], {"cat": 2, "dog": 2}),
        (["Abyssinian_1.jpg", "Abyssinian_2.jpg", "great_pyrenees_1.jpg", "great_pyrenees_12.jpg"],
         {"Abyssinian": 2, "great_pyrenees": 2}),
        (["cat-1.jpg", "cat-2.jpg", "dog (1).jpg", "dog (2).jpg"], {"cat": 2, "dog": 2}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("folder", ["", "train/", "photos/"])
def test_a_flat_folder_is_refused_with_the_line_that_reads_it(
    names: list[str], counts: dict[str, int], folder: str
) -> None:
    text, readings = asked(files_of([folder + name for name in names]))
    assert readings == [counts]
    assert "4 images in one folder, with names that begin with" in text


def test_names_that_say_nothing_suggest_nothing() -> None:
    assert pattern_for(pd.Series(["1.jpg", "2.jpg", "3.jpg"])) is None
    assert pattern_for(pd.Series(["img_1.jpg", "img_2.jpg"])) is None
    assert pattern_for(pd.Series(["a_1.jpg", "b_2.jpg", "c_3.jpg"])) is None


def test_what_does_not_match_is_dropped_and_counted_or_unlabelled_in_test() -> None:
    files = files_of(["train/cat.1.jpg", "train/dog.1.jpg", "train/notes.jpg", "test/1.jpg"])
    found = labelled(files, labels=PATTERN)
    assert counts_of(found) == {"cat": 1, "dog": 1}
    assert found.dropped.to_dict("records") == [{"reason": NO_MATCH, "count": 1}]
    assert (found.dataset["subset"] == "unlabelled").sum() == 1


def test_a_pattern_that_reads_hardly_anything_is_refused() -> None:
    with pytest.raises(BadDataset, match=r"3 of 4 do not, such as '1.jpg'"):
        labelled(files_of(["cat.1.jpg", "1.jpg", "2.jpg", "3.jpg"]), labels=PATTERN)


def test_labels_are_held_against_declared_classes_as_folders_are() -> None:
    files = files_of(["cat.1.jpg", "Dog.1.jpg", "zebra.1.jpg"])
    text, readings = asked(files, Repair(classes=("cat", "dog")), PATTERN)
    assert "the label 'zebra' (1 images) is none of the classes: cat, dog" in text
    assert {"cat": 1, "dog": 1, "zebra": 1} in readings

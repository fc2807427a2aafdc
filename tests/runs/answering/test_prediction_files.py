"""runs.answering.prediction_files: a file takes its place whole, or is refused before anything is asked."""

from pathlib import Path

import pytest

from evergreen.errors import BadInput
from evergreen.reports.predictions import Prediction
from runs.answering.prediction_files import checked_target, counts, in_words, written


def test_a_file_that_cannot_be_written_is_refused_first(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for path in (tmp_path / "none" / "a.csv", tmp_path / "folder.csv"):
        with pytest.raises(BadInput, match="expected the name of a file in a folder that may be written"):
            checked_target(path, ".csv")
    with pytest.raises(BadInput, match=r"ends in \.png, received"):
        checked_target(tmp_path / "a.csv", ".png")
    assert checked_target(tmp_path / "a.CSV", ".csv") == tmp_path / "a.CSV"


def test_what_is_cut_off_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with written(path) as file:
        file.write("whole\n")
    with pytest.raises(ZeroDivisionError), written(path) as file:
        file.write("ha")
        raise ZeroDivisionError
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("a.csv", "whole\n")]
    with pytest.raises(BadInput, match="cannot be written"), written(tmp_path / "none" / "a.csv"):
        raise AssertionError("it began")


def test_images_are_counted_by_what_is_known_of_them() -> None:
    good = Prediction("a", (("cat", 0.9),), unsure=False, truth="cat")
    wrong = Prediction("b", (("cat", 0.5),), unsure=True, truth="dog")
    bad = Prediction("c", error="empty file")
    assert counts([good, wrong, bad]) == {"images": 3, "bad": 1, "unsure": 1, "right": 1}
    assert counts([Prediction("a", (("cat", 0.9),))]) == {"images": 1, "bad": 0}
    assert in_words({"images": 1200, "bad": 0, "right": 3}) == "1,200 images, 3 right"
    assert in_words({"images": 0, "bad": 0}) == "0 images"

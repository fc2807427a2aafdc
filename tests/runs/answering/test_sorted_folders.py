"""runs.answering.sorted_folders: folders that are named like classes are labels, and are scored; others are not."""

from pathlib import Path

import pytest

from evergreen.judging.metrics import wilson
from evergreen.reports.predictions import Prediction
from evergreen.sources.given import named
from runs.answering.sorted_folders import labels_by_folder, score

CLASSES = ["black king", "white_king"]


@pytest.mark.parametrize(
    ("folders", "labels"),
    [
        ([("photos", "Black King"), ("photos", "white-king", "session 1")], ["black king", "white_king"]),
        ([("data", "test", "white king"), ("data", "other")], ["white_king", None]),
        ([("black king",), ("White King",)], ["black king", "white_king"]),  # photos/*, as a shell gives it
        ([("black king",), ("black king",)], [None, None]),  # who asks about one folder need not have sorted
        ([("photos", "black king", "white king")], [None]),  # two at once say nothing
        ([("photos", "king"), ("photos", "black")], [None, None]),  # near is not equal
        ([(), ()], [None, None]),
    ],
)
def test_a_folder_of_a_classs_name_is_a_label(folders: list[tuple[str, ...]], labels: list[str | None]) -> None:
    found, words = labels_by_folder(folders, CLASSES)
    assert found == labels
    assert bool(words) == any(labels)
    assert ("1 images are in none of them" in words) == (None in labels and any(labels))


def test_what_is_known_is_scored_with_an_interval_and_by_class() -> None:
    right, wrong = (("black king", 0.9),), (("white_king", 0.6),)
    known = [Prediction("a", right, truth="black king")] * 3 + [Prediction("b", wrong, truth="black king")]
    others = [Prediction("c", right), Prediction("d", truth="black king", error="empty file")]
    found = score([*known, *others], CLASSES)
    assert found
    assert (found["right"], found["count"], found["accuracy"]) == (3, 4, 0.75)
    assert (found["accuracy_low"], found["accuracy_high"]) == wilson(3, 4)
    assert found["classes"] == [{"label": "black king", "right": 3, "count": 4}]
    assert score(others, CLASSES) is None


def test_what_the_model_learned_from_is_scored_apart() -> None:
    right, wrong = (("black king", 0.9),), (("white_king", 0.6),)
    learned = [Prediction("a", right, truth="black king", learned=True)] * 5
    assert score(learned, CLASSES)["new"] == {  # type: ignore[index]
        "right": 0, "count": 0, "accuracy": 0.0, "accuracy_low": 0.0, "accuracy_high": 1.0,
    }  # fmt: skip
    found = score([*learned, Prediction("b", wrong, truth="black king")], CLASSES)
    assert found
    assert (found["right"], found["count"]) == (5, 6)
    assert (found["new"]["right"], found["new"]["count"]) == (0, 1)
    assert "new" not in (score([Prediction("b", wrong, truth="black king")], CLASSES) or {})


def test_folders_are_those_below_what_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("photos/king/a.png", "photos/b.png", "c.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    inside = [("photos",), ("photos", "king")]
    assert [image.folders for image in named(["photos"]).images] == inside
    assert [image.folders for image in named(["photos/", "phot*", "c.png"]).images] == [*inside, *inside, ()]
    assert [image.folders for image in named(["."]).images][1:] == [
        (tmp_path.name, "photos"), (tmp_path.name, "photos", "king"),
    ]  # fmt: skip

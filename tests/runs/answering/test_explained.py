"""runs.answering.explained: one file an image in a folder of their own, which nothing else is in."""

from pathlib import Path

import numpy as np
import pytest

from evergreen.errors import BadInput
from evergreen.reports.predictions import Prediction
from evergreen.sections.data import Image
from evergreen.vision.predict import Answer
from runs.answering.explained import Explained, safe

CLASSES = ["dark", "bright"]
IMAGE = Image(height=16, width=16)


def _model(images: np.ndarray) -> np.ndarray:
    bright = images[:, :8, :8].mean(axis=(1, 2, 3)) / 255
    return np.stack([1 - bright, bright], axis=1).astype(np.float32)


def _answered(count: int, bad: set[int]) -> list[tuple[Prediction, Answer]]:
    seen = np.zeros((16, 16, 3), np.uint8)
    seen[:8, :8] = 255
    kept = seen.repeat(2, axis=1)
    return [
        (Prediction("same.png", error="empty file"), Answer(None, "empty file"))
        if number in bad
        else (Prediction("same.png", (("bright", 0.9),)), Answer(_model(seen[None])[0], "", kept, seen))
        for number in range(count)
    ]


def test_predictions_stay_in_order_and_each_good_one_has_its_own_file(tmp_path: Path) -> None:
    explained = Explained(tmp_path / "heat")
    bad = {0, 33, 34}
    found = list(explained.written(_answered(36, bad), [_model], CLASSES, IMAGE))
    assert [bool(one.error) for one in found] == [number in bad for number in range(36)]
    assert [one.explained is None for one in found] == [number in bad for number in range(36)]
    files = [Path(one.explained).name for one in found if one.explained]
    assert files == [f"{number + 1:04}-same.png" for number in range(36) if number not in bad]
    assert sorted(path.name for path in (tmp_path / "heat").iterdir()) == files
    assert explained.as_json() == {"folder": str(tmp_path / "heat"), "method": "occlusion", "count": 33}
    assert explained.in_words() == f"33 heat maps by occlusion, in {tmp_path}/heat"
    assert "explained" in found[1].as_json()
    assert "explained" not in found[0].as_json()


def test_where_every_image_is_bad_no_model_is_asked(tmp_path: Path) -> None:
    explained = Explained(tmp_path / "heat")
    assert len(list(explained.written(_answered(3, {0, 1, 2}), [], CLASSES, IMAGE))) == 3
    assert explained.as_json() == {"folder": str(tmp_path / "heat"), "method": None, "count": 0}


def test_a_folder_that_holds_something_or_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for path, why in (
        (tmp_path / "full", "expected a new or an empty folder"),
        (tmp_path / "file", "expected a folder for the heat maps"),
        (tmp_path / ("x" * 300), "expected a folder for the heat maps"),
        (tmp_path / "none" / "below", "cannot be made"),
    ):
        with pytest.raises(BadInput, match=why):
            Explained(path)
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    Explained(tmp_path / "empty")


def test_a_file_that_came_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    explained = Explained(tmp_path / "heat")
    (tmp_path / "heat" / "0001-same.png").write_text("mine")
    with pytest.raises(BadInput, match="cannot be written"):
        list(explained.written(_answered(1, set()), [_model], CLASSES, IMAGE))
    assert (tmp_path / "heat" / "0001-same.png").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("photos/a.png", "a"),
        ("<stdin>", "_stdin_"),
        ("https://host/x/y.jpg", "y"),
        ("a/<script>|..$x$.png", "_script_____x_"),
        ("C:\\photos\\é ü.png", "é_ü"),
        ("a/\udcff.png", "_"),
        ("ü" * 200, "ü" * 30),
    ],
)
def test_any_name_becomes_part_of_a_files_name(name: str, part: str) -> None:
    assert safe(name) == part

"""evergreen.drifting.logs: what `evergreen predict --csv` writes, a column for each class, and what is neither."""

from pathlib import Path

import numpy as np
import pytest

from evergreen.drifting.logs import read_log, truncated
from evergreen.errors import BadInput
from evergreen.reports.predictions import Prediction, write_csv

CLASSES = ["=odd", "b", "c"]


def _written(path: Path, top: int) -> Path:
    answers = [
        Prediction("one.png", (("b", 0.7), ("=odd", 0.2), ("c", 0.1))[:top]),
        Prediction("bad.png", error="no image"),
        Prediction("two.png", (("=odd", 0.5), ("c", 0.3), ("b", 0.2))[:top]),
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        write_csv(answers, file, top)
    return path


def test_what_predict_writes_is_read_back(tmp_path: Path) -> None:
    log = read_log(_written(tmp_path / "log.csv", 3), CLASSES)
    assert log.known.scores.tolist() == [[0.2, 0.7, 0.1], [0.5, 0.2, 0.3]]
    assert (log.names, log.top, log.passed_over) == (["one.png", "two.png"], 3, 1)
    assert log.known.features is None


def test_what_a_row_leaves_out_is_shared_evenly_there_as_in_the_reference(tmp_path: Path) -> None:
    log = read_log(_written(tmp_path / "log.csv", 1), CLASSES)
    assert log.top == 1
    full = np.array([[0.2, 0.7, 0.1], [0.5, 0.2, 0.3]])
    assert log.known.scores == pytest.approx(truncated(full, 1))
    assert truncated(full, 1)[0] == pytest.approx([0.15, 0.7, 0.15])


def test_a_column_for_each_class(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("time,=odd,b,c\n1,0.1,0.2,0.7\n2,,,\n", encoding="utf-8")
    log = read_log(path, CLASSES)
    assert log.known.scores.tolist() == [[0.1, 0.2, 0.7]]
    assert (log.names, log.passed_over) == (["row 1"], 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "found no row"),
        ("image,answer\na,b\n", "found answer, image"),
        ("image,label,probability\na,dog,0.5\n", "found 'dog'"),
        ("image,label,probability\na,b,often\n", "found 'often'"),
        ("image,label,probability\na,b,1.5\n", "found '1.5'"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=told):
        read_log(path, CLASSES)

"""runs.serving.trying.report: the page stands alone, and shows names as names."""

import json
from pathlib import Path
from typing import Any

import pytest

from evergreen.sections.data import Image, Screen
from runs.serving.answers import Answered, Release
from runs.serving.trying.compared import Compared
from runs.serving.trying.report import page, write

NAMES = ("<script>alert(1)</script>", "a|b\nc", "Füchse 🦊")


def told(count: int = 3, classes: tuple[str, ...] = NAMES) -> dict[str, Any]:
    about = (Image(), Screen(), 0.5)
    champion = Release("colours", "a" * 64, "c" * 64, "tflite-int8", classes, *about, run="<b>run")
    pair = Compared(champion, Release("colours", "b" * 64, "d" * 64, "tflite-int8", classes, *about))
    for number in range(count):
        scores = [0.0] * len(classes)
        scores[number % len(classes)] = 1.0
        pair.add("t", Answered(f"{number:064x}", tuple(scores)), Answered("s", tuple(scores[::-1])))
    about_it = {"recipe": "colours", "challenger": pair.challenger.as_json(), "canary": 0.1}
    return {**about_it, "began": "2026", "written": "2027", "compared": [pair.as_json()] if count else []}


def test_both_files_are_written_and_the_page_stands_alone(tmp_path: Path) -> None:
    where = write(tmp_path / "new" / "folder", told())
    text = where.read_text(encoding="utf-8")
    assert json.loads((where.parent / "shadow.json").read_text(encoding="utf-8"))["compared"][0]["images"] == 3
    assert "http" not in text
    assert "<img" not in text
    assert "<script" not in text
    assert "<b>run" not in text
    assert "Füchse 🦊" in text
    assert "33.33 %" in text
    assert "10.0 % of the requests" in text


@pytest.mark.parametrize("count", [0, 1, 2500])
def test_pages_of_none_of_one_and_of_a_thousand_classes(count: int) -> None:
    names = tuple(f"class {number}" for number in range(1000))
    text = page(told(count, names)).decode()
    assert ("Nothing was compared yet" in text) == (count == 0)
    assert ("shadow.json has all 1000" in text) == (count == 2500)
    assert len(text) < 100_000

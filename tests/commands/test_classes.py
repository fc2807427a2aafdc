"""commands.classes: a terminal is told of every class and change, in few lines, whatever the names hold."""

import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from commands.classes import show_classes
from evergreen.reports.labels import labels_of
from evergreen.sources.archives.names import visible


def _told(summary: dict[str, Any], width: int = 100) -> str:
    out = io.StringIO()
    show_classes(Console(file=out, width=width), summary)
    return out.getvalue()


def _summary(names: list[str], changed: list[str] | None = None) -> dict[str, Any]:
    rows = [
        {"folder": name, "subset": "", "label": "cat", "what": "renamed", "why": "the recipe", "count": 5}
        for name in changed or ()
    ]
    labels = {"counted": "split", **labels_of(rows, [], [])}
    return {"classes": {name: {"train": 7, "validation": 2, "test": 0} for name in names}, "labels": labels}


def test_each_class_has_a_row_in_its_order_without_a_side_that_nothing_is_on() -> None:
    lines = _told(_summary(["10", "9"])).splitlines()
    assert lines[1] == "2 classes, in the order of the model's scores: images that are used"
    assert [line.split() for line in lines[2:5]] == [
        ["class", "train", "validation"],
        ["10", "7", "2"],
        ["9", "7", "2"],
    ]


def test_two_hundred_classes_and_changes_are_no_wall_of_text() -> None:
    told = _told(_summary([f"class {number}" for number in range(200)], [f"folder {number}" for number in range(200)]))
    assert len(told.splitlines()) < 50
    assert "and 170 more classes, of 9 images each: see run.json" in told
    assert "and 192 folders more, 960 files: see run.json" in told


def test_of_a_run_that_found_no_folder_nothing_is_said() -> None:
    assert _told({"classes": {}, "labels": None}) == ""


def test_other_classes_than_the_champions_are_said() -> None:
    assert "champion     other classes [x]" in _told(
        _summary(["a"]) | {"class_changes": {"summary": "other classes [x]"}}
    )


@given(st.text(st.sampled_from("[]/\\bold red#=\x1b[2J\n\r\u202eü猫"), min_size=1, max_size=12).filter(str.strip))
def test_a_name_is_told_as_it_stands(name: str) -> None:
    told = _told(_summary([name], [name]), width=400)
    assert f"{visible(name)} -> cat: 5 files" in told
    assert any(line.startswith(visible(name).rstrip()) for line in told.splitlines())
    assert "\x1b" not in told


def test_which_share_of_the_training_images_each_source_has_is_told() -> None:
    sources = [
        {"name": "local:photos", "version": "1", "train": 1257, "validation": 1, "test": 2, "share": 0.992891},
        {"name": "local:[red]\nconfirmed", "version": "1", "train": 9, "validation": 2, "test": 0, "share": 0.007109},
    ]
    told = _told(_summary(["a"]) | {"sources": sources}, width=400)
    assert "source       local:photos: 1,257 training images, 99.3% of all" in told
    assert visible("local:[red]\nconfirmed") + ": 9 training images, 0.7% of all" in told
    assert "training images" not in _told(_summary(["a"]) | {"sources": [{"name": "x", "version": "1", "images": 3}]})

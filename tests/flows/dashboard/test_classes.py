"""flows.dashboard.classes: names show as they stand, and what is cut is counted."""

from typing import Any

import pytest

from evergreen.recipe import load_recipe
from evergreen.reports.labels import labels_of
from flows.dashboard import classes as module
from runs.run import Run
from storage.store import Store

RENAMED = {"folder": "<b>x</b>", "subset": "", "label": "a|b", "what": "renamed", "why": "the recipe", "count": 5}


def _shown(store: Store, monkeypatch: pytest.MonkeyPatch, **summary: Any) -> str:
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(module, "create_markdown_artifact", lambda **artifact: shown.append(artifact))
    module.show_classes(Run.new(store, load_recipe("digits")), {"id": "run-1", **summary})
    assert [artifact["key"] for artifact in shown] == ["digits-classes"] * len(shown)
    return "".join(artifact["markdown"] for artifact in shown)


def test_classes_changes_and_the_champion_are_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = {"counted": "split", **labels_of([RENAMED], [], [{"note": "see *this*"}])}
    said = _shown(
        store, monkeypatch, classes={"a|b": {"train": 1200, "validation": 2, "test": 0}}, labels=labels,
        class_changes={"summary": "other classes"},
    )  # fmt: skip
    assert said.startswith("# 1 class: images that are used\nRun `run-1`.\n")
    assert "| class | train | validation |\n|---|---|---|\n| a&#124;b | 1,200 | 2 |" in said
    assert r"- **renamed** \<b\>x\<\/b\> \-\> a&#124;b\: 5 files\, the recipe" in said
    assert r"- **note** see \*this\*" in said
    assert "**other classes**" in said


def test_a_thousand_classes_are_cut_and_counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = {"counted": "split", **labels_of([], [], [])}
    classes = {str(number): {"train": 3, "validation": 0, "test": 0} for number in range(1000)}
    said = _shown(store, monkeypatch, classes=classes, labels=labels)
    assert "and 800 more classes, of 3 images each: see run.json." in said
    assert len(said.splitlines()) < 220


def test_a_run_that_found_no_folder_shows_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _shown(store, monkeypatch, classes={}, labels=None) == ""

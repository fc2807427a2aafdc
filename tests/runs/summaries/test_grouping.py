"""runs.summaries.grouping: beside a run stands the newest that splits groups the other way."""

from typing import Any

import pandas as pd
import pytest

from evergreen.recipe import load_recipe
from runs.summaries.grouping import the_other_way
from runs.tables import publish_dataset
from storage.artifacts import Ref
from storage.runs import write_summary
from storage.store import Store

WHOLE = ("split.group=[folder]",)
MIXED = ("split.group=[near-duplicates]",)


def _dataset(store: Store, groups: int = 2, classes: tuple[str, ...] = ("cat", "dog"), note: str = "") -> Ref:
    rows = [(f"session {number}", "train", 9) for number in range(groups)]
    table = pd.DataFrame(rows, columns=["group", "split", "count"])
    return publish_dataset(store, pd.DataFrame({"path": [note]}), list(classes), groups=table)


def _summary(
    store: Store,
    number: int,
    accuracy: float,
    overrides: tuple[str, ...] = (),
    *,
    judged: str = "test",
    split: Ref | None = None,
    **other: Any,
) -> dict[str, Any]:
    """Leave the run.json of a run whose accuracy lies within two points of what is measured."""
    bounds = {"accuracy": accuracy, "accuracy_low": accuracy - 0.02, "accuracy_high": accuracy + 0.02}
    summary: dict[str, Any] = {
        "id": f"20260101-00000{number}-abcdef",
        "recipe": "digits",
        "outcome": "completed",
        "steps": [
            {"name": "screen", "output": "a" * 64},
            {"name": "split", "output": (split or _dataset(store)).sha256},
        ],
        "metrics": {"validation": bounds | {"accuracy": 0.1}, judged: bounds},
        "settings": load_recipe("digits", overrides).model_dump(mode="json"),
    } | other
    folder = store.root / "runs" / summary["id"]
    folder.mkdir(parents=True)
    write_summary(store, summary)
    return summary


def test_mixed_groups_that_flatter_are_said_in_both_runs(store: Store) -> None:
    mixed = _summary(store, 1, 0.941, MIXED)
    whole = _summary(store, 2, 0.713, WHOLE)
    told = the_other_way(store, whole)
    assert told == {
        "run": mixed["id"],
        "split": "test",
        "together": 0.713,
        "mixed": 0.941,
        "differs": [],
        "words": "with each group of folders on one side (this run): 71.3% test accuracy; with their pictures mixed "
        f"(run {mixed['id']}): 94.1%: many pictures of few groups flatter a model, so believe the first",
    }
    again = the_other_way(store, mixed)
    assert again is not None
    assert again["run"] == whole["id"]
    assert (
        f"one side (run {whole['id']}): 71.3% test accuracy; with their pictures mixed (this run): 94.1%"
        in (again["words"])
    )


@pytest.mark.parametrize(
    ("together", "mixed", "meaning"),
    [
        (0.80, 0.83, "the intervals overlap, so that may be chance"),
        (0.80, 0.80, "no sign that groups flatter this model"),
        (0.90, 0.60, "no sign that groups flatter this model"),
    ],
)
def test_a_difference_is_called_what_it_is(store: Store, together: float, mixed: float, meaning: str) -> None:
    _summary(store, 1, mixed, MIXED)
    told = the_other_way(store, _summary(store, 2, together, WHOLE))
    assert told is not None
    assert told["words"].endswith(meaning)


def test_the_newest_of_the_other_setting_is_taken(store: Store) -> None:
    _summary(store, 1, 0.5, MIXED)
    newer = _summary(store, 2, 0.6, MIXED)
    _summary(store, 3, 0.7, WHOLE)
    _summary(store, 4, 0.9, MIXED, outcome="failed")
    _summary(store, 5, 0.9, MIXED, recipe="other")
    told = the_other_way(store, _summary(store, 6, 0.7, WHOLE))
    assert told is not None
    assert told["run"] == newer["id"]


def test_what_else_differs_is_said(store: Store) -> None:
    _summary(store, 1, 0.9, (*MIXED, "train.phases.0.epochs=3", "split.test=0.2"))
    told = the_other_way(store, _summary(store, 2, 0.7, WHOLE, steps=[
        {"name": "screen", "output": "b" * 64}, {"name": "split", "output": _dataset(store).sha256}]))  # fmt: skip
    assert told is not None
    assert told["differs"] == ["split", "train", "images"]
    assert told["words"].endswith("; but the two also differ in split, train, images")


def test_a_run_of_an_earlier_version_is_read_by_its_earlier_spelling(store: Store) -> None:
    old = _summary(store, 1, 0.9)
    old["settings"]["split"] = {"method": "exact", "group_near_duplicates": True, "validation": 0.15, "test": 0.15}
    write_summary(store, old)
    told = the_other_way(store, _summary(store, 2, 0.7, WHOLE))
    assert told is not None
    assert told["run"] == old["id"]
    assert told["differs"] == []


def test_what_cannot_be_compared_is_not(store: Store) -> None:
    assert the_other_way(store, _summary(store, 1, 0.7, WHOLE)) is None  # alone
    _summary(store, 2, 0.9, MIXED, split=_dataset(store, classes=("cat", "eel")))
    _summary(store, 3, 0.9, MIXED, judged="validation")
    inspected = _summary(store, 4, 0.9, MIXED)
    del inspected["settings"]
    write_summary(store, inspected)
    run = _summary(store, 5, 0.7, WHOLE)
    assert the_other_way(store, run) is None
    assert the_other_way(store, _summary(store, 6, 0.9, MIXED, split=_dataset(store, groups=0))) is None
    assert the_other_way(store, run | {"outcome": "failed"}) is None
    assert the_other_way(store, run | {"metrics": {}}) is None


def test_validation_is_compared_where_there_is_no_test(store: Store) -> None:
    mixed = _summary(store, 1, 0.9, MIXED, judged="validation")
    told = the_other_way(store, _summary(store, 2, 0.7, WHOLE, judged="validation"))
    assert told is not None
    assert (told["run"], told["split"]) == (mixed["id"], "validation")


def test_a_run_whose_images_are_gone_is_passed_over(store: Store) -> None:
    gone = _dataset(store, note="gone")
    _summary(store, 1, 0.9, MIXED, split=gone)
    store.manifest_path(gone.sha256).unlink()
    assert the_other_way(store, _summary(store, 2, 0.7, WHOLE)) is None

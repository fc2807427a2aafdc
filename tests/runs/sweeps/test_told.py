"""runs.sweeps.told: what sweep.json says while a sweep goes on, once it has ended, and when all was known."""

import json
import re
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import made_sweeps
import numpy as np
import pytest

from evergreen.recipe import load_recipe
from evergreen.sweeping.checking import check
from evergreen.sweeping.reading import load_sweep
from evergreen.sweeping.space import Space
from evergreen.sweeping.states import PRUNED, TRAINED, WAITING
from evergreen.sweeping.values import recipe_of
from runs.sweeps import threads
from runs.sweeps.sweeping import Sweeping
from runs.sweeps.told import About, again, asked_of, line_for, pairs_of, read_written, told, written
from runs.sweeps.trials import Fitted

DROPOUT = "train.head.dropout"


def space(*overrides: str, over: str = f"{DROPOUT}=[0,0.2,0.4]", **options: object) -> Space:
    return check(load_sweep("digits", [over], overrides, options=options))


def fitted(accuracy: float) -> Fitted:
    metrics = {"loss": 0.5, "accuracy": 0.9, "val_loss": 1 - accuracy, "val_accuracy": accuracy}
    return Fitted(0, TRAINED, "ab" * 32, "cd" * 32, 2.0, metrics=metrics, epoch=1, history=({"phase": 1},))


@pytest.fixture
def sweeping(tmp_path: Path) -> Sweeping:
    return Sweeping(space(), tmp_path / "folder")


ABOUT = About("run", "mine", "this machine, 1 worker", 8, ["a note"], 2, datetime.now(UTC))


def test_while_it_goes_on_only_what_no_later_trial_would_move_is_said(sweeping: Sweeping) -> None:
    first = told(ABOUT, sweeping)
    assert set(first) == set(made_sweeps.grid()), "as the page, the terminal and MLflow take it"
    assert (first["outcome"], first["best"], first["next"], first["planned"]) == ("running", None, "", 3)
    assert [trial["state"] for trial in first["trials"]] == [WAITING] * 3
    sweeping.trials[1].fitted.append(fitted(0.75))
    sweeping.trials[1].settle()
    sweeping.trials[2].state = PRUNED
    now = told(ABOUT, sweeping)
    assert (now["best"], now["lead"], now["optimism"], now["importance"], now["pruned"]) == (1, None, "", None, 1)
    assert now["next"] == f"evergreen retrain digits --set {DROPOUT}=0.2"
    assert json.loads(json.dumps(now)) == now


def test_once_it_has_ended_the_lead_is_tested_on_the_images_that_both_were_asked_about(sweeping: Sweeping) -> None:
    for trial, accuracy in zip(sweeping.trials, (0.5, 0.75, 0.25), strict=True):
        trial.fitted.append(fitted(accuracy))
        trial.settle()
    now = told(ABOUT, sweeping)
    assert [trial["number"] for trial in asked_of(now["trials"])] == [1, 0]
    right: dict[int, np.ndarray | None] = {1: np.arange(8)[None] < 6, 0: np.arange(8)[None] < 4}
    ended = told(ABOUT, sweeping, "completed", right)
    assert ended["lead"]["over"] == 0
    assert ended["lead"]["difference"] == pytest.approx(0.25)
    assert ended["lead"]["p_value"] is not None
    assert told(ABOUT, sweeping, "completed", {}, ended)["lead"] == ended["lead"]


def test_where_no_trial_ended_well_the_end_is_told_all_the_same(sweeping: Sweeping) -> None:
    sweeping.trials[0].state = PRUNED
    ended = told(ABOUT, sweeping, "completed", {})
    assert (ended["best"], ended["lead"], ended["next"], ended["pruned"]) == (None, None, "", 1)
    assert ended["importance_method"].startswith("of fewer than"), "as of any other that has ended"


@pytest.mark.parametrize("over", [f"{DROPOUT}=[0.2]", "train.head.dense=[[{units: 8, activation: relu}]]"])
def test_the_line_to_type_is_the_very_recipe_of_the_trial(
    over: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "a b"
    source.mkdir()
    monkeypatch.setattr(threads, "processors", lambda: 8)
    asked = check(load_sweep("digits", [over], ["title=It's mine"], [str(source)], {"parallel": 2}))
    (values,) = asked.grid()
    words = shlex.split(line_for(asked, values))
    assert words[:3] == ["evergreen", "retrain", "digits"]
    pairs = [words[at + 1] for at, word in enumerate(words) if word == "--set"]
    assert pairs == pairs_of(asked, values)
    assert pairs[-1] == "train.threads=4"
    assert words[-2:] == ["--source", str(source)]
    same = recipe_of(asked.sweep, values, also=["train.threads=4"])
    assert load_recipe("digits", pairs, [str(source)]) == same


def test_an_answer_that_was_known_is_of_this_run_and_of_what_was_asked_now() -> None:
    last = made_sweeps.sweep([made_sweeps.trial(0, {DROPOUT: 0.2}, 0.8)], {DROPOUT: {"choices": [0.2]}})
    found = again(space(over=f"{DROPOUT}=[0.2]"), last, "another-run")
    assert (found["id"], found["name"], found["seconds"]) == ("another-run", "digits", 0.0)
    assert found["next"] == f"evergreen retrain digits --set {DROPOUT}=0.2"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", found["began"])
    changed = {name for name in last if found[name] != last[name]}
    assert changed <= {"id", "name", "title", "began", "seconds", "next"}
    failed = made_sweeps.all_failed()
    assert again(space(), failed, "run")["next"] == ""


def test_what_is_written_into_a_run_s_folder_is_read_back(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "a"
    assert read_written(folder) is None
    values: Mapping[str, Any] = made_sweeps.hostile()
    written(folder, values)
    assert read_written(folder) == values
    assert (folder / "sweep.html").read_bytes().startswith(b"<!doctype html>")

"""runs.kept.checkpoints: which trainings share a folder, what a cut one says, and which checkpoints are over."""

import io
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from trainings import CUT, WHOLE, keep_a_state, make_model, parts_of_train

from commands.terminal import show_run
from evergreen.images.backgrounds.told import words as backgrounds_words
from evergreen.judging.ended import with_words, words
from evergreen.judging.taught import words as taught_words
from evergreen.recipe import load_recipe
from evergreen.vision.training.checkpoint import Checkpoints
from flows.dashboard import run as dashboard
from runs.kept.checkpoints import (
    ENDED,
    ended_trainings,
    folder_of,
    goes_on,
    is_further,
    newest_files,
    take_up,
    teacher_is_kept,
    unchanged,
    why_ended,
)
from runs.run import Entry, Run
from runs.summaries.summary import finish
from storage.store import Store


def test_trainings_that_differ_in_their_time_limit_alone_share_a_folder(store: Store) -> None:
    one, other = (parts_of_train(store, f"train.time_limit_minutes={minutes}") for minutes in (1, 2))
    assert one.key != other.key
    assert folder_of(store, one) == folder_of(store, other)
    for override in ("train.phases.0.epochs=3", "train.threads=99", "seed=1", "image.height=20"):
        assert folder_of(store, parts_of_train(store, override)) != folder_of(store, one)


def test_a_cut_model_that_is_reused_says_so_and_how_it_goes_on(store: Store) -> None:
    parts = parts_of_train(store, "train.time_limit_minutes=1.5")
    assert unchanged(store, parts, make_model(store, parts, WHOLE)) == "nothing changed"
    assert unchanged(store, parts, make_model(store, parts, None)) == "nothing changed"  # of before it was noted
    model = make_model(store, parts, CUT)
    said = unchanged(store, parts, model)
    assert said.startswith(
        "nothing changed, but the training had not ended by itself: train.time_limit_minutes cut it short "
        "(phase 1: 3 of 10 epochs and part of one, time limit); "
        "to train on, raise train.time_limit_minutes, now 1.5: "
    )
    assert said.endswith("its checkpoint is gone, so it begins anew")
    longer = parts_of_train(store, "train.time_limit_minutes=9")
    assert not goes_on(store, longer)
    keep_a_state(folder_of(store, parts))
    assert unchanged(store, parts, model).endswith("it goes on from there")
    assert goes_on(store, longer)
    assert why_ended(store, model) == CUT


def test_checkpoints_are_over_once_a_model_is_there_that_no_limit_cut(store: Store) -> None:
    short, longer = (parts_of_train(store, f"train.time_limit_minutes={minutes}") for minutes in (1, 2))
    keep_a_state(folder_of(store, short))
    assert ended_trainings(store) == []
    make_model(store, short, CUT)
    assert ended_trainings(store) == []
    make_model(store, longer, WHOLE)
    assert ended_trainings(store) == [folder_of(store, short)]


def test_a_fold_is_a_training_with_checkpoints_of_its_own(store: Store) -> None:
    one, other = (
        replace(parts_of_train(store, "train.time_limit_minutes=1"), step=f"fold {number}") for number in (1, 2)
    )
    assert folder_of(store, one) != folder_of(store, other)
    keep_a_state(folder_of(store, one))
    keep_a_state(folder_of(store, other))
    make_model(store, one, WHOLE)
    assert "raise train.time_limit_minutes, now 1: it goes on from there" in unchanged(
        store, other, make_model(store, other, CUT)
    )
    assert ended_trainings(store) == [folder_of(store, one)]


@pytest.mark.parametrize("ended", [CUT, WHOLE])
def test_a_runs_summary_and_terminal_say_why_its_training_ended(store: Store, ended: dict[str, Any]) -> None:
    run = Run.new(store, load_recipe("digits"))
    run.journal.add(Entry("train", "reused", "nothing changed", output=make_model(store, parts_of_train(store), ended)))
    finish(run, "failed", "at evaluate")
    summary = json.loads((store.root / "runs" / run.id / "run.json").read_text())
    assert summary["training"] == ended | {"words": words(ended)}
    out = io.StringIO()
    show_run(Console(file=out, width=40), summary, store.root)
    assert f"training   {words(ended)}" in out.getvalue()
    assert ("raise train.time_limit_minutes to train on" in out.getvalue()) is (ended == CUT)
    told = summary | {"verdict": {"verdict": "good fit", "reasons": []}, "shortcuts": {"summary": "It leans on none."}}
    assert f"Training: {words(ended)}." in dashboard._report(run, told)


def test_a_stopped_training_says_how_far_it_came(store: Store) -> None:
    run = Run.new(store, load_recipe("digits"))
    phases = [{"phase": 1, "epochs": 2, "of": 10, "midway": True, "why": "stopped"}]
    run.journal.training = {"why": "stopped", "phases": phases}
    assert finish(run, "cancelled")["training"]["phases"] == phases


TAUGHT = {
    "temperature": 2,
    "weight": 0.5,
    "teachers": [{"name": "big", "trained": True, "val_accuracy": 0.5, "images": 9, "validated_by": 1}],
}


@pytest.mark.parametrize("left", ["teacher-big/1-a.npz", "teacher-big.json"])
def test_what_a_teacher_left_is_gone_on_from_and_goes_with_the_rest(store: Store, left: str) -> None:
    parts = parts_of_train(store)
    file = folder_of(store, parts) / left
    file.parent.mkdir(parents=True)
    file.write_bytes(b"state")
    assert not teacher_is_kept(store, parts.key)  # the step has not begun
    store.put_blob(parts.canonical())
    assert teacher_is_kept(store, parts.key)
    assert goes_on(store, parts)
    Checkpoints(folder_of(store, parts)).clear()
    assert not folder_of(store, parts).exists()
    assert not teacher_is_kept(store, parts.key)


def test_who_taught_is_in_run_json_the_terminal_and_the_dashboard(store: Store) -> None:
    run = Run.new(store, load_recipe("digits"))
    model = store.publish("model", {ENDED: json.dumps(WHOLE).encode(), "taught.json": json.dumps(TAUGHT).encode()})
    run.journal.add(Entry("train", "ran", "first run", output=model))
    summary = finish(run, "failed", "at evaluate")
    assert summary["training"]["teacher"] == TAUGHT | {"words": taught_words(TAUGHT)}
    out = io.StringIO()
    show_run(Console(file=out, width=40), summary, store.root)
    assert f"taught by  {taught_words(TAUGHT)}" in out.getvalue()
    told = summary | {"verdict": {"verdict": "good fit", "reasons": []}, "shortcuts": {"summary": "It leans on none."}}
    assert f"Taught by {taught_words(TAUGHT)}." in dashboard._report(run, told)
    stopped = {"why": "stopped", "phases": [], "teacher": {"name": "big", **CUT}}
    show_run(Console(file=out, width=40), summary | {"training": with_words(stopped)}, store.root)
    assert out.getvalue().count("taught by") == 1
    assert "it was stopped while its teacher big was trained (phase 1: 3 of 10" in out.getvalue()


def test_other_backgrounds_are_in_run_json_the_terminal_and_the_dashboard(store: Store) -> None:
    behind = {"images": 9, "uniform": 4, "replace": 0.5, "with": ["plain"], "photos": {}}
    run = Run.new(store, load_recipe("digits"))
    files = {ENDED: json.dumps(WHOLE).encode(), "backgrounds.json": json.dumps(behind).encode()}
    run.journal.add(Entry("train", "ran", "first run", output=store.publish("model", files)))
    summary = finish(run, "failed", "at evaluate")
    assert summary["training"]["backgrounds"] == behind | {"words": backgrounds_words(behind)}
    out = io.StringIO()
    show_run(Console(file=out, width=40), summary, store.root)
    assert f"behind     {backgrounds_words(behind)}" in out.getvalue()
    told = summary | {"verdict": {"verdict": "good fit", "reasons": []}, "shortcuts": {"summary": "It leans on none."}}
    assert f"Backgrounds: {backgrounds_words(behind)}." in dashboard._report(run, told)


def test_what_travels_is_the_newest_state_and_of_teachers_what_they_came_to(store: Store, tmp_path: Path) -> None:
    folder = folder_of(store, parts_of_train(store))
    assert newest_files(folder) == []
    big, small = folder / "teacher-big", folder / "teacher-small"
    for below in (folder, big, small):
        below.mkdir(parents=True)
        for number in (1, 2):
            (below / f"{number:012d}-a.npz").write_bytes(b"state")
    for name in ("teacher-big.keras", "teacher-big.json", "teacher-small.keras", "3.part"):  # small is being written
        (folder / name).write_bytes(b"{}")
    names = newest_files(folder)
    assert sorted(names) == [
        "000000000002-a.npz",
        "teacher-big.json",
        "teacher-big.keras",
        "teacher-small/000000000002-a.npz",
    ]
    aside, other = tmp_path / "aside", tmp_path / "other"
    for name in names:
        (aside / name).parent.mkdir(parents=True, exist_ok=True)
        (aside / name).write_bytes((folder / name).read_bytes())
    take_up(other, aside)
    assert sorted(newest_files(other)) == sorted(names)
    assert not is_further(names, newest_files(other))


def test_which_of_two_trainings_had_come_further() -> None:
    course = [
        [],
        ["odd.npz", "x/y/1-a.npz"],
        ["teacher-a/000000000001-a.npz"],
        ["teacher-a/000000000003-a.npz"],
        ["teacher-a.json"],
        ["teacher-a.json", "teacher-b/000000000001-a.npz"],
        ["teacher-a.json", "000000000001-a.npz"],
        ["teacher-a.json", "000001000000-a.npz"],
    ]
    assert not is_further(course[1], course[0])
    for earlier, later in pairwise(course[1:]):
        assert is_further(later, earlier)
        assert not is_further(earlier, later)

"""runs.kept.checkpoints: which trainings share a folder, what a cut one says, and which checkpoints are over."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from commands.terminal import show_run
from evergreen.judging.ended import words
from evergreen.recipe import load_recipe
from evergreen.steps import BY_NAME
from flows.dashboard import run as dashboard
from runs import plan
from runs.kept.checkpoints import ENDED, ended_trainings, folder_of, goes_on, unchanged, why_ended
from runs.keys import key_parts
from runs.run import Entry, Run
from runs.summary import finish
from storage.artifacts import Ref
from storage.steps.keys import KeyParts
from storage.steps.records import SERIALIZER, Record, Records
from storage.store import Store

PHASES = [{"phase": 1, "epochs": 3, "of": 10, "midway": True, "why": "time limit"}]
CUT = {"why": "time limit", "phases": PHASES}
WHOLE = {"why": "epochs", "phases": [{"phase": 1, "epochs": 10, "of": 10, "midway": False, "why": "epochs"}]}


def _parts(store: Store, *overrides: str) -> KeyParts:
    return key_parts(BY_NAME["train"], load_recipe("digits", overrides), store, _inputs(store))


def _inputs(store: Store) -> dict[str, Ref]:
    return {"dataset": store.publish("dataset", {"dataset.csv": b""}), "weights": store.publish("weights", {"w": b""})}


def _trained(store: Store, parts: KeyParts, ended: dict[str, Any] | None) -> Ref:
    """Publish a model and its record."""
    files = {"model.keras": b"m"} | ({ENDED: json.dumps(ended).encode()} if ended else {})
    model = store.publish("model", files)
    record = Record("train", parts.key, model, {}, "digits", "run", 1.0, "2026-01-01T00:00:00")
    envelope = {"metadata": {"serializer": {"type": SERIALIZER}}, "result": record.dumps().decode()}
    store.put_blob(parts.canonical())
    (store.root / "records").mkdir(exist_ok=True)
    (store.root / "records" / parts.key).write_text(json.dumps(envelope))
    return model


def _keep_a_state(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "1-a.npz").write_bytes(b"state")


def test_trainings_that_differ_in_their_time_limit_alone_share_a_folder(store: Store) -> None:
    one, other = (_parts(store, f"train.time_limit_minutes={minutes}") for minutes in (1, 2))
    assert one.key != other.key
    assert folder_of(store, one) == folder_of(store, other)
    for override in ("train.phases.0.epochs=3", "train.threads=99", "seed=1", "image.height=20"):
        assert folder_of(store, _parts(store, override)) != folder_of(store, one)


def test_a_cut_model_that_is_reused_says_so_and_how_it_goes_on(store: Store) -> None:
    parts = _parts(store, "train.time_limit_minutes=1.5")
    assert unchanged(store, parts, _trained(store, parts, WHOLE)) == "nothing changed"
    assert unchanged(store, parts, _trained(store, parts, None)) == "nothing changed"  # of before it was noted
    model = _trained(store, parts, CUT)
    said = unchanged(store, parts, model)
    assert said.startswith(
        "nothing changed, but the training had not ended by itself: train.time_limit_minutes cut it short "
        "(phase 1: 3 of 10 epochs and part of one, time limit); "
        "to train on, raise train.time_limit_minutes, now 1.5: "
    )
    assert said.endswith("its checkpoint is gone, so it begins anew")
    longer = _parts(store, "train.time_limit_minutes=9")
    assert not goes_on(store, longer)
    _keep_a_state(folder_of(store, parts))
    assert unchanged(store, parts, model).endswith("it goes on from there")
    assert goes_on(store, longer)
    assert why_ended(store, model) == CUT


def test_checkpoints_are_over_once_a_model_is_there_that_no_limit_cut(store: Store) -> None:
    short, longer = (_parts(store, f"train.time_limit_minutes={minutes}") for minutes in (1, 2))
    _keep_a_state(folder_of(store, short))
    assert ended_trainings(store) == []
    _trained(store, short, CUT)
    assert ended_trainings(store) == []
    _trained(store, longer, WHOLE)
    assert ended_trainings(store) == [folder_of(store, short)]


def test_a_plan_tells_of_a_cut_model_and_of_a_checkpoint(store: Store) -> None:
    def planned(minutes: int) -> Entry:
        recipe = load_recipe("digits", [f"train.time_limit_minutes={minutes}"])
        return plan._look_up(BY_NAME["train"], recipe, store, Records(store), _inputs(store))

    short = _parts(store, "train.time_limit_minutes=1")
    assert planned(1).state == "would run"
    assert "checkpoint" not in planned(1).reason
    _keep_a_state(folder_of(store, short))
    _trained(store, short, CUT)
    assert planned(1).state == "reused"
    assert "now 1: it goes on from there" in planned(1).reason
    longer = planned(2)
    assert (longer.state, longer.reason) == (
        "would run",
        "train.time_limit_minutes: 1.0 -> 2.0; goes on from a checkpoint",
    )


def test_a_plan_says_why_the_training_of_a_reused_model_ended(store: Store) -> None:
    _trained(store, _parts(store), WHOLE)
    entry = plan._look_up(BY_NAME["train"], load_recipe("digits"), store, Records(store), _inputs(store))
    assert (entry.state, entry.reason) == ("reused", f"nothing changed; {words(WHOLE)}")


@pytest.mark.parametrize("ended", [CUT, WHOLE])
def test_a_runs_summary_and_terminal_say_why_its_training_ended(store: Store, ended: dict[str, Any]) -> None:
    run = Run.new(store, load_recipe("digits"))
    run.journal.add(Entry("train", "reused", "nothing changed", output=_trained(store, _parts(store), ended)))
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

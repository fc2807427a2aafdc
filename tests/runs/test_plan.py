"""runs.plan: what a plan tells of trainings."""

import pytest
from trainings import CUT, WHOLE, inputs_of_train, keep_a_state, make_model, parts_of_train

from evergreen.errors import BadInput
from evergreen.judging.ended import words
from evergreen.recipe import load_recipe
from evergreen.steps import BY_NAME
from evergreen.vision.formats.catalogue import known
from runs import plan
from runs.kept.checkpoints import folder_of
from runs.run import Entry
from storage.steps.records import Records
from storage.store import Store


def test_a_plan_tells_of_a_cut_model_and_of_a_checkpoint(store: Store) -> None:
    def planned(minutes: int) -> Entry:
        recipe = load_recipe("digits", [f"train.time_limit_minutes={minutes}"])
        return plan._look_up(BY_NAME["train"], recipe, store, Records(store), inputs_of_train(store))

    short = parts_of_train(store, "train.time_limit_minutes=1")
    assert planned(1).state == "would run"
    assert "checkpoint" not in planned(1).reason
    keep_a_state(folder_of(store, short))
    make_model(store, short, CUT)
    assert planned(1).state == "reused"
    assert "now 1: it goes on from there" in planned(1).reason
    longer = planned(2)
    assert (longer.state, longer.reason) == (
        "would run",
        "train.time_limit_minutes: 1.0 -> 2.0; goes on from a checkpoint",
    )


def test_a_format_that_cannot_be_written_here_is_refused_before_the_source_is_asked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "version_of", lambda name: known.ABSENT if name == "onnx" else "1")
    recipe = load_recipe("digits", ["export.formats=[tfjs, onnx]"])
    with pytest.raises(BadInput, match=r"received onnx, which cannot: onnx needs onnx; make setup EXTRAS=\"onnx\""):
        plan.plan(recipe, store)
    assert plan.plan(recipe, store, [BY_NAME["probe"]])  # what writes no exports needs nothing of it


def test_what_waits_says_for_what_and_why_that_must_run(store: Store) -> None:
    entries = {entry.name: entry for entry in plan.plan(load_recipe("digits"), store)}
    assert (entries["probe"].state, entries["acquire"].state) == ("would run", "would run")
    for name in ("unpack", "train", "promote"):
        assert (entries[name].state, entries[name].reason) == ("unknown", "known once acquire has run (first run)")


def test_a_plan_says_why_the_training_of_a_reused_model_ended(store: Store) -> None:
    make_model(store, parts_of_train(store), WHOLE)
    entry = plan._look_up(BY_NAME["train"], load_recipe("digits"), store, Records(store), inputs_of_train(store))
    assert (entry.state, entry.reason) == ("reused", f"nothing changed; {words(WHOLE)}")

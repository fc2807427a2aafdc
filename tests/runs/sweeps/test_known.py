"""runs.sweeps.known: a sweep is answered from what is kept only if every training of it still stands as it is."""

import os
from pathlib import Path

import pytest
from swept import keep, leave_sweep
from trainings import make_trained

from evergreen.steps import BY_NAME, OF_DATA
from evergreen.sweeping.checking import check
from evergreen.sweeping.found import found
from evergreen.sweeping.reading import load_sweep
from evergreen.sweeping.space import Space
from evergreen.sweeping.values import recipe_of
from runs.keys import key_parts
from runs.sweeps.known import answered
from runs.sweeps.place import unasked, write_last
from storage.steps.records import Records
from storage.store import Store

DROPOUT = "train.head.dropout"


def space(values: str = "[0,0.2]", **options: object) -> Space:
    return check(load_sweep("digits", [f"{DROPOUT}={values}"], options=options))


def test_what_was_asked_before_is_answered_and_every_trial_reused(store: Store) -> None:
    asked = space()
    assert [step.name for step in OF_DATA][-2:] == ["split", "balance"]
    assert answered(asked, store) is None, "nothing is there"
    last = leave_sweep(store, asked, (0.5, 0.75))
    (search,) = (store.root / "sweeps").iterdir()
    for path in (*search.iterdir(), search):
        os.utime(path, (0, 0))
    assert unasked(store, 90) == [search]
    known = answered(asked, store)
    assert known is not None
    assert unasked(store, 90) == [], "it was asked for just now"
    data, values = known
    assert [entry.state for entry in data.entries] == ["reused"] * 7
    assert [(trial["state"], trial["seconds"]) for trial in values["trials"]] == [("reused", 0.0)] * 2
    assert {one["state"] for trial in values["trials"] for one in trial["seeds"]} == {"reused"}
    assert (values["best"], values["lead"]) == (last["best"], last["lead"])
    assert answered(space("[0,0.3]"), store) is None, "a value is new"
    assert answered(space(prune="successive-halving"), store) is None
    assert answered(space(budget_minutes=5), store) is not None
    key = last["trials"][1]["seeds"][0]["key"]
    Records(store).path(key).unlink()
    assert answered(asked, store) is None, "a record is gone"
    make_trained(store, key_parts(BY_NAME["train"], recipe_of(asked.sweep, {DROPOUT: 0.2}), store, data.inputs), [0.75])
    assert answered(asked, store) is not None
    store.blob_path(store.manifest(last["trials"][1]["seeds"][0]["model"]).files["model.keras"].sha256).unlink()
    assert answered(asked, store) is None, "a model is gone"


def test_what_is_not_known_to_be_over_is_asked_again(store: Store) -> None:
    asked = space()
    last = leave_sweep(store, asked, (0.5, 0.75))
    ended = {"state": "pruned", "why": "at epoch 1", "val_accuracy": None}
    diverged = {"state": "failed", "why": "TrainingDiverged: nan", "val_accuracy": None, "again": False}
    for change, is_answered in (
        ({}, True),
        (ended, True),
        (diverged, True),
        (diverged | {"again": True}, False),
        ({"state": "running"}, False),
        ({"state": "waiting", "seeds": []}, False),
        (diverged | {"seeds": []}, True),  # no recipe at all
        (ended | {"seeds": [last["trials"][0]["seeds"][0] | {"key": "ab" * 32}]}, False),
        ({"seeds": [last["trials"][0]["seeds"][0] | {"key": last["trials"][1]["seeds"][0]["key"]}]}, False),
    ):
        trials = [last["trials"][0] | change, last["trials"][1]]
        keep(store, asked, last | {"trials": trials})
        assert (answered(asked, store) is not None) is is_answered, change
    for name, value in (("outcome", "stopped"), ("outcome", "out of budget"), ("planned", 3)):
        keep(store, asked, last | {name: value})
        assert answered(asked, store) is None, name
    for name in (*found([], {}, 0, {}), "outcome", "planned", "trials"):
        keep(store, asked, {key: value for key, value in last.items() if key != name})
        assert answered(asked, store) is None, f"an earlier version did not say {name}"
    untested = last["lead"] | {"p_value": None}
    keep(store, asked, last | {"lead": untested})
    assert answered(asked, store) is None, "the lead can be tested now"


def test_a_training_that_is_another_by_now_is_no_answer(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = space()
    last = leave_sweep(store, asked, (0.5, 0.75))
    monkeypatch.setattr("runs.sweeps.known.folder_of", lambda *_: tmp_path)
    write_last(tmp_path, last)
    assert answered(asked, store) is not None
    values = ["train.phases.0.epochs=3"]
    other = check(load_sweep("digits", [f"{DROPOUT}=[0,0.2]"], values))
    assert answered(other, store) is None, "each key is asked, whatever folder it was found in"

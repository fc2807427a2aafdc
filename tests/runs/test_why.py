"""runs.why: the key of a step in a run against the nearest earlier record, in words and as a diff of code."""

from dataclasses import replace

import pytest
from releases import leave_record

from evergreen.errors import BadInput
from evergreen.recipe import load_recipe
from runs.run import Entry, Run
from runs.summaries.summary import finish
from runs.why import why
from storage.steps.keys import KeyParts
from storage.store import Store


def _run(store: Store, parts: KeyParts) -> Run:
    run = Run.new(store, load_recipe("digits"))
    run.journal.add(Entry("split", "ran", "as the run said", key=store.put_blob(parts.canonical())))
    finish(run, "completed")
    return run


def test_what_differs_from_the_nearest_record_is_named_and_its_code_shown(store: Store) -> None:
    old, new = (store.put_blob(text) for text in (b"def split():\n    return 1\n", b"def split():\n    return 2\n"))
    parts = KeyParts("split", 1, {"dataset": "a" * 64}, {"seed": 7}, {"evergreen.split": old}, {"numpy": "1"})
    leave_record(store, parts, store.publish("dataset", {}))
    run = _run(store, replace(parts, code={"evergreen.split": new}, libraries={"numpy": "2"}))
    found = why(store, "split", None)
    assert (found.run, found.step, found.state, found.reason) == (run.id, "split", "ran", "as the run said")
    assert any("numpy 1 -> 2" in line for line in found.differences)
    assert any("evergreen.split" in line for line in found.differences)
    assert found.diff.splitlines()[:2] == ["--- evergreen.split (earlier)", "+++ evergreen.split (this run)"]
    assert {"-    return 1", "+    return 2"} <= set(found.diff.splitlines())


def test_code_that_is_gone_is_said_to_be(store: Store) -> None:
    parts = KeyParts("split", 1, {}, {"seed": 7}, {"evergreen.split": "a" * 64}, {})
    leave_record(store, parts, store.publish("dataset", {}))
    _run(store, replace(parts, code={"evergreen.split": store.put_blob(b"x = 1")}))
    assert "-# this code is no longer stored" in why(store, "split", None).diff


def test_a_first_run_differs_from_nothing(store: Store) -> None:
    _run(store, KeyParts("split", 1, {}, {}, {}, {}))
    found = why(store, "split", None)
    assert (found.differences, found.diff) == ([], "")


def test_a_step_that_is_none_or_was_not_reached_is_said(store: Store) -> None:
    run = _run(store, KeyParts("split", 1, {}, {}, {}, {}))
    with pytest.raises(BadInput, match=r"expected one of probe, acquire, .*; received 'bake'"):
        why(store, "bake", None)
    with pytest.raises(BadInput, match=f"run {run.id} did not reach train"):
        why(store, "train", run.id)

"""runs.changes: what differs from the champion's run, in words, and what of it a training reads."""

import json
from dataclasses import replace

import pandas as pd
import pytest
from releases import leave_record

from evergreen.recipe import load_recipe
from runs.changes import Baseline, Changes, baseline_of, changes_since, with_images
from runs.run import Entry, Run
from runs.summaries.summary import finish
from runs.tables import publish_dataset
from storage.steps.keys import KeyParts
from storage.store import Store


def _table(*rows: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame([(sha256, label, "train") for sha256, label in rows], columns=["sha256", "label", "split"])


@pytest.fixture
def baseline(store: Store) -> Baseline:
    """A completed run of the recipe digits, whose model is stored."""
    run = Run.new(store, load_recipe("digits"))
    train = KeyParts("train", 1, {}, {}, {"evergreen.gone": "0"}, {"keras": "0.1"})
    model = store.publish("model", {"model.keras": b"m"})
    leave_record(store, train, model)
    outputs = {
        "probe": store.publish("source", {}, {"version": "v1"}),
        "split": publish_dataset(store, _table(("a" * 64, "cat"), ("b" * 64, "dog")), ["cat", "dog"]),
        "train": model,
    }
    for name, output in outputs.items():
        run.journal.add(Entry(name, "ran", "first run", output=output, key=train.key if name == "train" else None))
    finish(run, "completed")
    found = baseline_of(store, "digits")
    assert found is not None
    assert (found.run, found.outputs["train"], found.keys) == (run.id, model.sha256, {"train": train})
    assert found.age_days > 0
    return found


def test_a_recipes_change_is_named_and_counts_where_a_training_reads_it(store: Store, baseline: Baseline) -> None:
    token = store.publish("source", {}, {"version": "v2"})
    run = Run.new(store, load_recipe("digits", ["seed=42", "gate.min_gain=0.5"]))
    found = changes_since(baseline, run, token)
    assert found.source == ("v1", "v2")
    assert found.recipe == ["gate.min_gain: 0.0 -> 0.5", "seed: 7 -> 42"]
    assert found.training == ["seed: 7 -> 42"]
    assert any("keras 0.1 -> " in line for line in found.libraries)
    assert [line.partition(" of ")[0] for line in found.code] == ["code"]
    same = changes_since(baseline, Run.new(store, load_recipe("digits")), token)
    assert (same.recipe, same.training) == ([], [])


def test_images_are_counted_while_the_dataset_of_then_is_stored(store: Store, baseline: Baseline) -> None:
    run, changes = Run.new(store, load_recipe("digits")), Changes(("v1", "v1"), [], [], [], [])
    now = publish_dataset(store, _table(("a" * 64, "dog"), ("c" * 64, "cat")), ["cat", "dog"])
    images = with_images(changes, baseline, run, now).images
    assert images is not None
    assert (images.total, images.added, images.removed, images.relabelled) == (2, 1, 1, 1)
    assert with_images(changes, replace(baseline, outputs={"split": "0" * 64}), run, now).images is None


def test_the_rows_are_words() -> None:
    rows = Changes(("v1", "v2"), ["seed: 1 -> 2", "title: a -> b"], [], [], []).rows()
    assert rows == {
        "source": "v1 -> v2", "recipe": "seed: 1 -> 2; title: a -> b", "code": "the same", "libraries": "the same",
    }  # fmt: skip
    assert Changes(("v1", "v1"), [], [], [], []).rows()["source"] == "the same version"


def test_a_run_whose_model_is_gone_is_no_baseline(store: Store, baseline: Baseline) -> None:
    assert baseline_of(store, "another") is None
    (record,) = (store.root / "records").iterdir()
    record.write_text(json.dumps({}))
    assert baseline_of(store, "digits") is None


def test_of_several_sources_those_that_differ_are_named(store: Store, baseline: Baseline) -> None:
    def said(before: list[tuple[str, str]], now: list[tuple[str, str]]) -> str:
        tokens = [
            store.publish("source", {}, {"sources": [{"name": name, "version": version} for name, version in some]})
            for some in (before, now)
        ]
        then = replace(baseline, outputs={"probe": tokens[0].sha256})
        return changes_since(then, Run.new(store, load_recipe("digits")), tokens[1]).rows()["source"]

    base = ("local:base", "folder 1")
    assert said([base, ("kaggle:new", "version 1")], [base, ("kaggle:new", "version 2")]) == (
        "kaggle:new version 1 -> kaggle:new version 2"
    )
    assert said([base], [base, ("kaggle:new", "version 1")]) == "no such source -> kaggle:new version 1"
    assert said([base, ("b", "1")], [base, ("b", "1")]) == "the same version"

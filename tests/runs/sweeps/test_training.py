"""runs.training: from artifacts to a model, and which checkpoints go when."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from trainings import CUT, WHOLE, keep_a_state

from evergreen.recipe import load_recipe
from evergreen.steps import BY_NAME
from evergreen.tables import to_csv
from evergreen.vision.train import Callbacks, ClassBalance, Labelled, ModelFiles, Training
from runs import training
from runs.kept.checkpoints import folder_of
from runs.keys import key_parts, only
from runs.model_file import MODEL
from runs.run import Run
from runs.training import drop, forget, trained
from storage.artifacts import Ref
from storage.store import Store

TABLE = pd.DataFrame({"path": ["a/1"], "label": ["a"], "sha256": ["00"], "split": ["train"]})
HISTORY = pd.DataFrame({"phase": [1], "epoch": [1], "kept": [True]})


@pytest.fixture
def train(store: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ref]:
    """Train without TensorFlow; what there was of a checkpoint stays in its folder meanwhile."""
    recipe = load_recipe("digits")
    inputs = {
        "dataset": store.publish("dataset", {"dataset.csv": to_csv(TABLE)}, {"classes": ["a", "b"]}),
        "weights": store.publish("weights", {"class-weights.json": b'{"a": 2}', "repeats.json": b'{"b": 3}'}),
    }
    parts = key_parts(BY_NAME["train"], recipe, store, inputs)
    folder = folder_of(store, parts)

    def run(ended: dict[str, Any], taught: dict[str, Any] | None = None, **options: bool) -> Ref:
        def fit(
            labelled: Labelled, balance: ClassBalance, recipe: Any, files: ModelFiles, callbacks: Callbacks, given: Any
        ) -> Training:
            assert (balance.weights, balance.repeats) == ({"a": 2}, {"b": 3})
            assert labelled.classes == ["a", "b"]
            assert labelled.dataset["path"].tolist() == ["a/1"]
            assert files.checkpoints == folder
            files.model.write_bytes(b"the model")
            for path in files.others.values():
                path.write_bytes(path.name.encode())
            return Training(HISTORY, ended, 1.0, 0.0, taught, {"uniform": 3} if taught else None)

        monkeypatch.setattr(training, "fit", fit)
        if not folder.exists():
            keep_a_state(folder)
        scoped = only(recipe, BY_NAME["train"].recipe)
        return trained(Run(store, scoped, "run", "digits"), parts, **inputs, callbacks=Callbacks(), **options)

    run.folder, run.parts = folder, parts  # type: ignore[attr-defined]
    return run


def test_a_model_is_published_with_its_history_and_why_it_ended(train: Callable[..., Ref], store: Store) -> None:
    model = train(WHOLE, {"teachers": []})
    whole = store.manifest(model.sha256)
    assert (whole.kind, whole.facts["classes"]) == ("model", ["a", "b"])
    assert whole.facts["image"] == load_recipe("digits").image.model_dump(mode="json")
    assert {MODEL, "history.csv", "ended.json", "taught.json"} < set(whole.files)
    assert store.read(model, MODEL) == b"the model"
    assert json.loads(store.read(model, "ended.json")) == WHOLE
    others = [name for name in whole.files if name.startswith("best-")]
    assert others
    assert f"best-{load_recipe('digits').train.keep}.keras" not in others
    assert json.loads(store.read(model, "backgrounds.json")) == {"uniform": 3}
    assert "backgrounds.json" not in store.manifest(train(WHOLE).sha256).files
    assert "taught.json" not in store.manifest(train(WHOLE).sha256).files
    assert list((store.root / "tmp").iterdir()) == []


def test_checkpoints_go_once_nothing_can_be_lost_with_them(train: Any, store: Store) -> None:
    folder: Path = train.folder
    train(WHOLE)
    assert not folder.exists()
    model = train(WHOLE, forgets=False)
    assert folder.exists(), "its record is written elsewhere: a kill before that would cost the whole training"
    forget(store, train.parts, model)
    assert not folder.exists()
    forget(store, train.parts, model)  # nothing is there
    cut = train(CUT)
    assert folder.exists(), "a longer limit goes on from there"
    forget(store, train.parts, cut)
    assert folder.exists()
    drop(store, train.parts)
    assert not folder.exists()

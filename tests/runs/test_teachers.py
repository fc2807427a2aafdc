"""runs.teachers: which model a recipe means, that its digest counts, and what it learned from."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from releases import leave_record

from evergreen.errors import BadInput
from evergreen.recipe import Recipe, load_recipe
from evergreen.steps import BY_NAME
from evergreen.tables import to_csv
from runs.keys import given, key_parts, why_it_runs
from runs.run import Run
from runs.teachers import given_teachers, learned_by
from storage.artifacts import Ref
from storage.garbage import garbage
from storage.steps import lineage
from storage.steps.keys import KeyParts
from storage.steps.records import Records
from storage.store import Store


def _dataset(store: Store, name: str, columns: tuple[str, ...] = ("sha256", "pixels", "phash")) -> Ref:
    """Publish a dataset of three images, one of each side."""
    sides = ("train", "validation", "test")
    rows = [{"path": side, "label": "a", "split": side} | {c: f"{name} {side} {c}" for c in columns} for side in sides]
    return store.publish("dataset", {"dataset.csv": to_csv(pd.DataFrame(rows))}, {"classes": ["a", "b"]})


def _model(store: Store, name: str, inputs: Mapping[str, str] | None, **facts: Any) -> Ref:
    """Publish a model, and the record of its training from some artifacts; with None, no record."""
    history = b"epoch,val_accuracy,kept\n1,0.25,False\n2,0.75,True\n"
    files: dict[str, bytes | Path] = {"model.keras": name.encode(), "history.csv": history}
    model = store.publish("model", files, {"classes": ["b", "a"], **facts})
    if inputs is not None:
        leave_record(store, KeyParts("train", 1, dict(inputs), {"name": name}, {}, {}), model, inputs=dict(inputs))
    return model


def _recipe(*refs: str) -> Recipe:
    return load_recipe("digits", [f"train.teacher={{model: {json.dumps(refs)}}}"])


def _parts(store: Store, recipe: Recipe) -> KeyParts:
    made = {name: store.publish(name, {"dataset.csv": b""}) for name in ("dataset", "weights")}
    return key_parts(BY_NAME["train"], recipe, store, made)


def test_a_model_is_in_the_key_of_what_it_teaches_and_in_its_lineage(store: Store, tmp_path: Path) -> None:
    model = _model(store, "old", {"split": _dataset(store, "old").sha256})
    recipe = _recipe(model.sha256[:9])
    parts = _parts(store, recipe)
    called = f"teacher {model.sha256[:9]}"
    assert parts.libraries[called] == f"model {model.sha256}, model.keras"
    told = given(BY_NAME["train"], {}, parts)
    assert told == {called: model.sha256}
    student = store.publish("model", {"model.keras": b"student"})
    leave_record(store, parts, student, inputs=told)
    assert lineage.trace(store, student.sha256).inputs[called].inputs["split"].kind == "dataset"
    store.publish("run", {})
    kept = store.root / "runs" / "x" / "run.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps({"output": student.sha256}))
    assert store.manifest_path(model.sha256) not in garbage(store, 0).manifests
    other = _model(store, "other", None)
    assert not _parts(store, load_recipe("digits")).libraries.get(called)
    changed = _parts(store, _recipe(other.sha256[:9]))
    assert changed.key != parts.key
    assert f"train.teacher.model: ['{model.sha256[:9]}'] -> ['{other.sha256[:9]}']" in why_it_runs(
        changed, Records(store), _recipe(other.sha256[:9])
    )


@pytest.mark.parametrize("ref", ["0123456789", "nobody"])
def test_a_model_that_is_not_there_is_said_before_anything_runs(store: Store, ref: str) -> None:
    with pytest.raises(BadInput, match=r"train\.teacher\.model: expected"):
        _parts(store, _recipe(ref))


def test_what_a_teacher_learned_from_is_found_with_what_its_teachers_did(store: Store, tmp_path: Path) -> None:
    first = _model(store, "first", {"split": _dataset(store, "one").sha256})
    second = _model(store, "second", {"split": _dataset(store, "two").sha256, "teacher x": first.sha256})
    recipe = _recipe(second.sha256)
    (found,) = given_teachers(Run(store, recipe, "run"), _parts(store, recipe), tmp_path)
    sides = ("train", "validation")
    assert set(found.learned["sha256"]) == {f"{name} {side} sha256" for name in ("one", "two") for side in sides}
    assert list(found.learned.columns) == ["sha256", "pixels", "phash"]
    assert (found.images, found.val_accuracy, found.classes) == ((1, 1), 0.75, ["b", "a"])
    assert found.file.read_bytes() == b"second"
    assert found.name == second.sha256


def test_a_model_of_which_nobody_knows_what_it_learned_is_refused(store: Store) -> None:
    unknown, gone = _model(store, "unknown", None), _model(store, "gone", {"split": "a" * 64})
    early = _model(store, "early", {"split": _dataset(store, "early", ("sha256",)).sha256})
    above = _model(store, "above", {"split": _dataset(store, "above").sha256, "teacher x": unknown.sha256})
    for model, message in (
        (unknown, "there is none of big .* train.teacher: {recipe: NAME}"),
        (gone, "that big learned from are no longer stored"),
        (early, "of an earlier version and lacks phash, pixels"),
        (above, "there is none of a teacher of big"),
    ):
        with pytest.raises(BadInput, match=message):
            learned_by(store, list(Records(store).all("train")), model.sha256, "big")


def test_a_teacher_of_other_values_is_refused(store: Store, tmp_path: Path) -> None:
    model = _model(store, "deep", {"split": _dataset(store, "deep").sha256}, range=[0, 4095])
    recipe = _recipe(model.sha256)
    with pytest.raises(BadInput, match=r"of the same screen\.range"):
        given_teachers(Run(store, recipe, "run"), _parts(store, recipe), tmp_path)

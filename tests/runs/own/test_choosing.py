"""runs.own.choosing: from an inspection to files that are recipes."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import yaml

from evergreen.errors import BadDataset, BadRecipe
from evergreen.recipe import load_recipe
from runs.own import choosing as module
from runs.own.choosing import Chosen, chosen
from storage.store import Store

DAY = date(2026, 11, 29)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Screened photos: 40 of each of two classes."""
    rows = [
        {"path": f"{label}/{number}", "label": label, "subset": "", "pixels": f"{label}{number}", "mode": "RGB"}
        for label in ("cat", "dog")
        for number in range(40)
    ]
    made = pd.DataFrame(rows).assign(width=640, height=480, phash="0" * 16)
    data = SimpleNamespace(splits=SimpleNamespace(dataset=made, classes=["cat", "dog"]))
    monkeypatch.setattr(module, "read_data", lambda *_: data)
    monkeypatch.setattr(module, "read_table", lambda *_: pd.DataFrame({"path": [], "group": []}))
    return made


def _chosen(tmp_path: Path, *overrides: str, preset: str = "default") -> Chosen:
    store = Store(tmp_path)
    digest = store.publish("dataset", {"a": b""}, {}).sha256
    summary = {"steps": [{"name": name, "output": digest} for name in ("repair", "screen")]}
    return chosen(store, summary, "pets", {"local": {"path": "x"}}, overrides, preset, DAY)


def _read(tmp_path: Path, found: Chosen, name: str = "pets") -> Any:
    for each, text in found.files.items():
        (tmp_path / f"{each}.yaml").write_text(text, encoding="utf-8")
    return load_recipe(tmp_path / f"{name}.yaml")


@pytest.mark.usefixtures("table")
def test_what_is_written_is_what_was_chosen_and_set(tmp_path: Path) -> None:
    found = _chosen(tmp_path, "screen.near_duplicate_bits=0", "augment.horizontal_flip=false")
    recipe = _read(tmp_path, found)
    assert recipe == found.recipe
    assert (recipe.train.backbone, recipe.split.method) == ("EfficientNetLite1", "exact")
    assert recipe.repair.classes == ("cat", "dog")
    assert recipe.screen.near_duplicate_bits == 0
    assert recipe.augment.horizontal_flip is False, "--set wins over a rule"
    assert found.divided == {label: {"train": 24, "validation": 8, "test": 8} for label in ("cat", "dog")}
    assert found.counts == {"train": 48, "validation": 16, "test": 16}
    assert found.remarks == ()


@pytest.mark.usefixtures("table")
def test_another_kind_of_network_brings_its_own(tmp_path: Path) -> None:
    found = _chosen(tmp_path, "train.backbone=cnn", "image.height=32", "image.width=32")
    assert _read(tmp_path, found).train.cnn
    assert found.remarks[0].startswith("train.backbone is cnn in place of EfficientNetLite1")


@pytest.mark.usefixtures("table")
def test_the_best_has_teachers_whose_recipes_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _chosen(tmp_path, preset="best")
    assert list(found.files) == ["pets-lite1", "pets-lite2", "pets"]
    (tmp_path / "recipes").mkdir()
    monkeypatch.chdir(tmp_path)
    recipe = _read(tmp_path / "recipes", found)
    assert recipe.train.teacher.recipe == ("pets-lite1", "pets-lite2")
    assert [teacher.train.backbone for teacher in recipe.teaching.recipes] == ["EfficientNetLite1", "EfficientNetLite2"]
    assert recipe.evaluate.folds == 5


@pytest.mark.usefixtures("table")
def test_teachers_learn_for_as_many_epochs_as_the_rules_say_whatever_phases_are_set(tmp_path: Path) -> None:
    phase = "{epochs: 3, learning_rate: 0.001}"
    found = _chosen(tmp_path, f"train.phases=[{phase}, {phase}, {phase}]", preset="best")
    assert [len(yaml.safe_load(text)["train"]["phases"]) for text in found.files.values()] == [2, 2, 3]


def test_nothing_to_learn_from_is_refused(tmp_path: Path, table: pd.DataFrame) -> None:
    with pytest.raises(BadRecipe, match=r"train\.phases"):
        _chosen(tmp_path, "train.phases=[]")
    table.drop(index=table.index[2:], inplace=True)
    with pytest.raises(BadDataset, match="dog"):
        _chosen(tmp_path)
    table.drop(index=table.index, inplace=True)
    with pytest.raises(BadDataset, match="found none"):
        _chosen(tmp_path)

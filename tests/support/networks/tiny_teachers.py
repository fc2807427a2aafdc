"""Tiny recipes with teachers, and the images of the tiny training as a teacher needs them."""

from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from tiny_training import CLASSES, SETTINGS, Trained

from evergreen.recipe import Recipe, load_recipe
from evergreen.recipe_files import RECIPES
from evergreen.vision.train import Labelled


def teacher_file(folder: Path, name: str = "big", **sections: Any) -> Path:
    """Write the recipe of a tiny teacher and return its path."""
    values = yaml.safe_load((RECIPES / "digits.yaml").read_text())
    values |= {"name": name, "repair": {}, "balance": {}, "image": {"height": 12, "width": 12}}
    values["train"] = {
        "backbone": "cnn",
        "precision": "float32",
        "cnn": [{"filters": 4}],
        "head": {"pooling": "average"},
        "phases": [{"epochs": 2, "learning_rate": 0.02, "batch": 8}],
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(values | sections))
    return path


def student(teachers: list[Path], *overrides: str, phases: str = "[{epochs: 3, batch: 8}]", **said: Any) -> Recipe:
    """Return a tiny recipe with teachers that are trained first; ``said`` is of its ``train.teacher``."""
    settings = yaml.safe_dump({"recipe": [str(path) for path in teachers], **said}, default_flow_style=True, width=9999)
    own = [*SETTINGS, f"train.phases={phases}", "train.views=2", "augment={rotation: 20}", "repair.classes=[]"]
    own.append("train.precision=float32")  # else tests that follow in this process would compute in bfloat16
    return load_recipe("digits", [*own, f"train.teacher={settings}", *overrides])


def by_model() -> Recipe:
    """Return a tiny recipe whose teacher is in the store."""
    return load_recipe("digits", [*SETTINGS, "repair.classes=[]", "train.teacher={model: 4fd2}"])


def images(trained: Trained, features: Path | None = None, table: pd.DataFrame | None = None) -> Labelled:
    """Return the tiny training's images, each of pixels of its own."""
    found = trained.table if table is None else table
    where = trained.images.__class__(trained.images.read, trained.folder / "pixels", features)
    return Labelled(found.assign(pixels=found["sha256"], phash=""), where, CLASSES)

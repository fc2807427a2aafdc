"""evergreen.vision.training.material: what an epoch learns from is made ready outside its time."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tiny_training import Trained, still

from evergreen.vision.training import course as course_module
from evergreen.vision.training.material import FromImages


def test_what_an_epoch_learns_from_is_made_ready_outside_its_time(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0

    def training(material: FromImages, epoch: int) -> Any:
        nonlocal now
        now += 3300 if epoch == 0 else 0  # as a frozen backbone's features take
        return ready(material, epoch)

    ready = FromImages.training
    monkeypatch.setattr(course_module, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(FromImages, "training", training)
    recipe = still(epochs=3)
    recipe = recipe.model_copy(update={"train": recipe.train.model_copy(update={"time_limit_minutes": 100})})
    assert len(trained.train(recipe, tmp_path / "model.keras")) == 3

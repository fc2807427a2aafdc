"""evergreen.vision.training.material: what an epoch learns from is made ready outside its time; features, any time."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tiny_training import Trained, still

from evergreen.images.rows import Rows
from evergreen.vision.training import course as course_module
from evergreen.vision.training import material as module
from evergreen.vision.training.batches import Side
from evergreen.vision.training.features import PLAIN
from evergreen.vision.training.material import FromFeatures, FromImages, Source
from evergreen.vision.training.views import View


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


def test_the_seconds_of_every_feature_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def rows(keys: list[bytes], gather: Any, view: str) -> Rows:
        nonlocal now
        now += 1 if view == PLAIN else 100 + 10 * int(view)
        return side.rows

    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now))
    side = Side(
        Rows.of(np.zeros((2, 3), np.float32)), np.eye(2, dtype=np.float32), np.ones(2, np.float32), [b"a", b"b"]
    )
    source: Any = SimpleNamespace(
        sides={"train": side, "validation": side},
        view=lambda number: View(side, side.rows.gather, str(number)),
        say=lambda _: None,
        once=lambda: 0.0,
    )
    features: Any = SimpleNamespace(rows=rows)
    material = FromFeatures(None, source, features, views=2)
    assert (material.once(), material.once()) == (1, 0)  # those of validation, as they are
    seconds = []
    for epoch in range(4):
        material.training(epoch)
        seconds.append(material.once())
    assert seconds == [100, 110, 0, 0]


@pytest.mark.parametrize("unfreeze", ["all", "none"])
def test_with_a_teacher_every_phase_sees_the_same_few_views(unfreeze: str) -> None:
    said: list[str] = []

    class Looked(Source):
        def view(self, number: int) -> Any:
            seen.append(number)
            return SimpleNamespace(side=number, gather=None)

    seen: list[int] = []
    recipe = still(epochs=9, unfreeze=unfreeze)
    for augmenter, views in ((SimpleNamespace(active=True), 4), (SimpleNamespace(active=False), 1)):
        teachers: Any = SimpleNamespace(once=lambda: 2.5)
        source = Looked(recipe, {"validation": None}, None, augmenter, None, said.append, teachers)  # type: ignore[arg-type, dict-item]
        material = source.material(3, recipe.train.phases[0], None)
        seen.clear()
        for epoch in range(6):
            material.training(epoch)
        assert seen == [epoch % views for epoch in range(6)]
        assert material.once() == 2.5
    assert said == [
        "phase 3: with a teacher, who answers once for each, its epochs see 4 views of each image in turn (train.views)"
    ]
    alone = Looked(recipe, {"validation": None}, None, augmenter, None, said.append)  # type: ignore[arg-type, dict-item]
    alone.material(3, recipe.train.phases[0], None).training(5)
    assert seen[-1] == 3_000_005

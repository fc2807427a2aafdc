"""How long a recipe will take on this machine: a few steps of each phase are measured, on noise, and multiplied."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.images.processors import threads_of
from evergreen.vision.networks import activations, backbones, batch_norm, runtime
from evergreen.vision.networks.build import build, halves
from evergreen.vision.networks.precision import precision_of
from evergreen.vision.training.optimizers import optimizer_of

if TYPE_CHECKING:
    from evergreen.recipe import Recipe
    from evergreen.sections.phases import Phase

_WARM, _STEPS, _FEATURES_BATCH = 1, 3, 64
# What changes of an image are tried on each of ``evaluate.shortcut_images``, itself among them.
_COPIES = 9
# Seconds that a cold run takes beside what is counted: the data's steps, imports, exports and their proofs.
_BESIDE, _BESIDE_AN_IMAGE = 30.0, 0.003


@dataclass(frozen=True)
class Estimate:
    """Seconds that a run is expected to take, if no phase ends before its last epoch.

    Attributes:
        parts: what takes how long: ``features``, ``phase 1`` and so on, ``evaluation``, ``the rest``.
        folds: of cross-validation beside it.
    """

    parts: Mapping[str, float]
    folds: float = 0.0

    @property
    def seconds(self) -> float:
        """All of it."""
        return sum(self.parts.values()) + self.folds


def estimate(recipe: Recipe, counts: Mapping[str, int], classes: int) -> Estimate:
    """Measure a few steps of a recipe's network, and say how long all of them would take.

    Args:
        recipe: its ``train``, ``image``, ``evaluate``, ``teaching`` and ``seed`` are read.
        counts: split -> images; ``train`` is among them.
        classes: how many there are.

    Raises:
        WeightsUnavailable: the backbone's weights are not here.
    """
    number, precision = threads_of(recipe.train), precision_of(recipe.train)
    runtime.start(recipe.seed, precision, number)
    try:
        model = build(recipe.train, recipe.image, classes)
        rng = np.random.default_rng(recipe.seed)
        parts: dict[str, float] = {}
        views = set()
        for index, phase in enumerate(recipe.train.phases, start=1):
            if phase.unfreeze == "none":
                views |= set(range(min(recipe.train.views, phase.epochs)))
                continue
            parts[f"phase {index}"] = _phase(model, phase, counts, rng)
        forward = _seconds_each(model, _FEATURES_BATCH, rng)
        if views:
            passes = counts["train"] * len(views) + counts.get("validation", 0)
            parts["features"] = passes * _seconds_each(halves(model)[0], _FEATURES_BATCH, rng)
    finally:
        runtime.start(recipe.seed)
    parts |= _teachers(recipe, counts, classes)
    again = sum(seconds for name, seconds in parts.items() if name.startswith("phase"))
    images = sum(counts.values())
    judged = min(recipe.evaluate.shortcut_images, counts.get("test") or counts.get("validation", 0))
    probed = min(recipe.evaluate.baseline_images, counts["train"]) if recipe.train.backbone != "cnn" else 0
    parts["evaluation"] = forward * (images + _COPIES * judged + 2 * (probed + judged))
    parts["the rest"] = _BESIDE + _BESIDE_AN_IMAGE * images
    return Estimate(parts, recipe.evaluate.folds * again)


def _teachers(recipe: Recipe, counts: Mapping[str, int], classes: int) -> dict[str, float]:
    """Return the seconds of teachers that are trained first, their backbones frozen: their features, their answers."""
    found = {}
    for teacher in recipe.teaching.recipes if recipe.teaching else ():
        runtime.start(recipe.seed, precision_of(teacher.train), threads_of(recipe.train))
        try:
            model = build(teacher.train, teacher.image, classes)
            each = _seconds_each(model, _FEATURES_BATCH, np.random.default_rng(recipe.seed))
        finally:
            runtime.start(recipe.seed)
        found[f"teacher {teacher.name}"] = each * counts["train"] * (teacher.train.views + recipe.train.views)
    return found


def _phase(model: Any, phase: Phase, counts: Mapping[str, int], rng: np.random.Generator) -> float:
    """Return the seconds of a phase that trains the network itself."""
    backbones.unfreeze(model, phase)
    batch_norm.fuse(model)
    activations.fuse(model)
    model.compile(optimizer_of(phase, model), "categorical_crossentropy", jit_compile=runtime.may_compile())
    size = min(phase.batch, counts["train"])
    images, labels = _noise(model, size, rng), np.eye(model.output_shape[-1], dtype=np.float32)[[0] * size]
    step = _median(lambda: model.train_on_batch(images, labels))
    validation = counts.get("validation", 0) * _seconds_each(model, _FEATURES_BATCH, rng)
    return phase.epochs * (step * counts["train"] / size + validation)


def _seconds_each(model: Any, batch: int, rng: np.random.Generator) -> float:
    """Return the seconds of one image, looked at without learning."""
    images = _noise(model, batch, rng)
    return _median(lambda: model.predict_on_batch(images)) / batch


def _noise(model: Any, size: int, rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (size, *model.input_shape[1:]), np.uint8).astype(np.float32)


def _median(work: Callable[[], object]) -> float:
    """Return the seconds of what is done again and again, once it is warm."""
    seconds = []
    for turn in range(_WARM + _STEPS):
        began = time.perf_counter()
        work()
        if turn >= _WARM:
            seconds.append(time.perf_counter() - began)
    return float(np.median(seconds))

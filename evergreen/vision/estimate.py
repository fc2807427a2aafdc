"""How long a recipe will take on this machine: a few steps of each phase are measured, on noise, and multiplied."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.drifting.reference import MOST as MOST_KNOWN
from evergreen.errors import WeightsUnavailable
from evergreen.images.augment import Augmenter
from evergreen.images.processors import threads_of
from evergreen.sections.phases import Phase
from evergreen.sections.training import Train
from evergreen.vision.diagnose import network_of
from evergreen.vision.networks import activations, backbones, batch_norm, runtime
from evergreen.vision.networks.build import build, halves
from evergreen.vision.networks.precision import precision_of
from evergreen.vision.training.features import stayed_frozen
from evergreen.vision.training.optimizers import optimizer_of

if TYPE_CHECKING:
    from evergreen.recipe import Recipe

_STEPS, _FEATURES_BATCH = 3, 64
# What changes of an image are tried on each of ``evaluate.shortcut_images``, itself among them.
_COPIES = 9
# Seconds that a cold run takes beside what is counted: the data's steps, imports, the start of Prefect.
_BESIDE, _BESIDE_AN_IMAGE = 25.0, 0.003
# A format costs some first passes of the network (it is written, and read again in a process of its own), and passes of
# the proof, one image at a time, as so many in batches: measured on EfficientNet-Lite0, the web's in two runtimes.
_FIRST_PASSES, _FOR_ONE, _FOR_THE_WEB = 4, 4, 20
# How often a training builds its network (for its check, itself, and the two files that it writes), and a format reads
# it: of few photos, most of the time.
_BUILDS, _BUILDS_A_FORMAT = 4, 2


@dataclass(frozen=True)
class Estimate:
    """Seconds that a run is expected to take, if no phase ends before its last epoch.

    Attributes:
        parts: what takes how long: ``preparation``, ``features``, ``phase 1`` and so on, ``evaluation``, ``diagnosis``,
            ``exports``, ``the rest``.
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
        recipe: its ``train``, ``image``, ``evaluate``, ``diagnose``, ``export``, ``verify``, ``teaching`` and ``seed``
            are read.
        counts: split -> images; ``train`` is among them.
        classes: how many there are.

    Raises:
        WeightsUnavailable: the backbone's weights are not here.
    """
    number, precision = threads_of(recipe.train), precision_of(recipe.train)
    runtime.start(recipe.seed, precision, number)
    try:
        began = time.perf_counter()
        model = build(recipe.train, recipe.image, classes)
        built = time.perf_counter() - began
        rng = np.random.default_rng(recipe.seed)
        parts = {"preparation": _BUILDS * built}
        views = set()
        for index, phase in enumerate(recipe.train.phases, start=1):
            if phase.unfreeze == "none":
                views |= set(range(min(recipe.train.views, phase.epochs)))
                continue
            first, parts[f"phase {index}"] = _phase(model, phase, counts, rng)
            parts["preparation"] += 2 * first  # in the check before a training, and in it
        first, forward = _looked_at(model, rng)
        if views:
            passes = counts["train"] * len(views) + counts.get("validation", 0)
            parts["features"] = passes * _looked_at(halves(model)[0], rng)[1]
    finally:
        runtime.start(recipe.seed)
    parts |= _teachers(recipe, counts, classes)
    again = sum(seconds for name, seconds in parts.items() if name.startswith(("phase", "preparation", "teacher")))
    images = sum(counts.values())
    test = counts.get("test") or counts.get("validation", 0)
    judged = min(recipe.evaluate.shortcut_images, test)
    known = min(2 * MOST_KNOWN, test)  # the reference's images
    parts["evaluation"] = forward * (_evaluated(recipe, counts) + _COPIES * judged + known)
    parts["diagnosis"] = _diagnosed(recipe, counts, forward)
    formats = recipe.export.formats
    proofs = sum(_FOR_THE_WEB if name == "tfjs" else _FOR_ONE for name in formats) * min(recipe.verify.images, test)
    parts["exports"] = len(formats) * (_FIRST_PASSES * first + _BUILDS_A_FORMAT * built) + proofs * forward
    parts["the rest"] = _BESIDE + _BESIDE_AN_IMAGE * images
    return Estimate(parts, recipe.evaluate.folds * again)


def _evaluated(recipe: Recipe, counts: Mapping[str, int]) -> int:
    """Return how many images pass through the network for evaluation and baseline whose features are not kept yet."""
    images, validation = sum(counts.values()), counts.get("validation", 0)
    test = counts.get("test") or validation
    train = recipe.train
    probed = min(recipe.evaluate.baseline_images, counts["train"]) if train.backbone != "cnn" else 0
    asked = validation + test if probed else 0  # and their mirror images
    if not stayed_frozen(train):
        return images + probed + 2 * asked
    kept = validation if Augmenter(recipe.augment, 0).active else validation + counts["train"]
    return images - kept + asked


def _diagnosed(recipe: Recipe, counts: Mapping[str, int], forward: float) -> float:
    """Return the seconds in which images pass through the network whose features labels are judged by.

    None where these are pixels, or where training and baseline keep them already.

    Args:
        recipe: its ``diagnose`` is read, too.
        counts: split -> images.
        forward: seconds that an image takes in the recipe's own network.
    """
    network, train = network_of(recipe), recipe.train
    if network is None or not recipe.diagnose.enabled:
        return 0.0
    learned = min(recipe.diagnose.images, counts["train"])
    asked = sum(counts.values()) - counts["train"]
    backbone, weights, image = network
    if (backbone, weights) == (train.backbone, train.weights):
        frozen = stayed_frozen(train)
        all_kept = frozen and not Augmenter(recipe.augment, 0).active
        kept = counts["train"] if all_kept else min(recipe.evaluate.baseline_images, counts["train"])
        return forward * (max(0, learned - kept) + (0 if kept or frozen else asked))
    runtime.start(recipe.seed)
    try:
        own = Train(backbone=backbone, weights=weights, phases=(Phase(unfreeze="none", epochs=1),))
        before = halves(build(own, image, 2))[0]
    except WeightsUnavailable:
        return 0.0  # then they are judged by pixels
    first, each = _looked_at(before, np.random.default_rng(recipe.seed))
    return first + each * (learned + asked)


def _teachers(recipe: Recipe, counts: Mapping[str, int], classes: int) -> dict[str, float]:
    """Return the seconds of teachers that are trained first: their features, their phases, their answers."""
    found, rng = {}, np.random.default_rng(recipe.seed)
    for teacher in recipe.teaching.recipes if recipe.teaching else ():
        runtime.start(recipe.seed, precision_of(teacher.train), threads_of(recipe.train))
        try:
            model = build(teacher.train, teacher.image, classes)
            _, each = _looked_at(model, rng)
            learned = sum(
                sum(_phase(model, phase, counts, rng)) for phase in teacher.train.phases if phase.unfreeze != "none"
            )
        finally:
            runtime.start(recipe.seed)
        looked = each * counts["train"] * (teacher.train.views + recipe.train.views)
        found[f"teacher {teacher.name}"] = looked + learned
    return found


def _phase(model: Any, phase: Phase, counts: Mapping[str, int], rng: np.random.Generator) -> tuple[float, float]:
    """Return the seconds in which a phase that trains the network prepares its graphs, and those of its epochs."""
    backbones.unfreeze(model, phase)
    batch_norm.fuse(model)
    activations.fuse(model)
    model.compile(optimizer_of(phase, model), "categorical_crossentropy", jit_compile=runtime.may_compile())
    size = min(phase.batch, counts["train"])
    images, labels = _noise(model, size, rng), np.eye(model.output_shape[-1], dtype=np.float32)[[0] * size]
    first, step = _measured(lambda: model.train_on_batch(images, labels))
    first_look, look = _looked_at(model, rng)
    epochs = phase.epochs * (step * counts["train"] / size + counts.get("validation", 0) * look)
    return first + first_look, epochs


def _looked_at(model: Any, rng: np.random.Generator) -> tuple[float, float]:
    """Return the seconds that a first pass takes longer, without learning, and those of an image in later ones."""
    images = _noise(model, _FEATURES_BATCH, rng)
    first, each = _measured(lambda: model.predict_on_batch(images))
    return first, each / _FEATURES_BATCH


def _noise(model: Any, size: int, rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (size, *model.input_shape[1:]), np.uint8).astype(np.float32)


def _measured(work: Callable[[], object]) -> tuple[float, float]:
    """Return by how many seconds the first time, in which TensorFlow prepares a graph, is longer; and the others."""
    seconds = []
    for _ in range(1 + _STEPS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    usual = float(np.median(seconds[1:]))
    return max(0.0, seconds[0] - usual), usual

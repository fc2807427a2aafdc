"""What a model makes of images, to hold new ones against those that it was judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.datasets.splitting.units import grouped
from evergreen.drifting.looks import looks_of
from evergreen.drifting.projection import Projection, project
from evergreen.drifting.reference import Known, Reference, Space, halves
from evergreen.images import pixels
from evergreen.images.pixels import Images
from evergreen.judging.judged import judged_split
from evergreen.vision.networks import runtime, saving
from evergreen.vision.predict import Answer, Model
from evergreen.vision.predict import predict as answers

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.recipe import Recipe
    from evergreen.sections.data import Image, Screen

_BLOCK = 64
_POOLING = "pooling"


def penultimate(model: Any) -> Any:
    """Return a model that gives, for (N, H, W, 3) raw pixels, features (N, C) and probabilities (N, K).

    Features are what the network's last pooling gives, before the dense layers of its head; of a network without a
    pooling of that name, what its last layer takes.

    Args:
        model: as ``networks.build.build`` returns it.
    """
    import keras

    named = {layer.name: layer for layer in model.layers}
    features = named[_POOLING].output if _POOLING in named else model.layers[-1].input
    return keras.Model(model.inputs, [features, model.output], name="features_and_answers")


def reference(
    dataset: pd.DataFrame,
    groups: pd.DataFrame,
    images: Images,
    classes: list[str],
    recipe: Recipe,
    model_file: Path,
    temperature: float,
    bits: int,
) -> tuple[Reference, pd.DataFrame, Projection]:
    """Ask a model about the images that it is judged by, and keep what it makes of them in two halves.

    The test images: no training saw them, and they chose neither the epoch nor the temperature, as validation did.
    Where there is no test split it is validation all the same, and whoever reads the reference is told.

    Args:
        dataset: path, label, sha256, pixels, phash, split.
        groups: path and group of images whose folders stay together; empty if folders do not.
        images: where they are read, and where their pixels are kept.
        classes: class names in order.
        recipe: its ``image`` and ``seed`` are read.
        model_file: a ``.keras`` file.
        temperature: of its probabilities, fitted on validation.
        bits: how far apart perceptual hashes of near-duplicates are; 0 joins none.

    Returns:
        what is kept; where its images lie in a plane, as ``Projection.table`` says; and how far to trust that.

    Raises:
        ExportRefused: Keras refuses the model.
    """
    judged = judged_split(set(dataset["split"]))
    table = dataset[dataset["split"] == judged].sort_values("path", ignore_index=True)
    units = grouped(table, groups, bits)
    first, second = halves(units, recipe.seed)
    order = np.concatenate([first, second])
    known = seen(table.iloc[order].reset_index(drop=True), units[order], images, classes, recipe.image, model_file)
    features = np.asarray(known.features)
    space = Space.of(features[: len(first)])
    truth = pixels.targets(table["label"].iloc[order], classes)
    places = project(features)
    kept = Reference(
        known=Known(known.scores, space(features), known.looks, known.units),
        calibration=np.arange(len(order)) >= len(first),
        right=known.scores.argmax(axis=1) == truth,
        space=space,
        classes=classes,
        temperature=temperature,
        judged=judged,
    )
    return kept, places.table(list(table["path"].iloc[order])), places


def seen(
    table: pd.DataFrame, units: np.ndarray, images: Images, classes: list[str], image: Image, model_file: Path
) -> Known:
    """Return what a model makes of images of a dataset, in the table's order.

    Args:
        table: sha256, width, height.
        units: (N,) int64.
        images: where they are read.
        classes: class names in order.
        image: how they become the network's input.
        model_file: a ``.keras`` file.

    Raises:
        ExportRefused: Keras refuses the model.
    """
    runtime.start()
    asked = _Asked.of(model_file, classes)
    found = [asked(block) for block in images.rows(table, image).blocks(_BLOCK)]
    features, scores, looks = (np.concatenate(parts) for parts in zip(*found, strict=True))
    sizes = table[["height", "width"]].to_numpy(np.float32)
    return Known(scores, features, np.concatenate([looks, sizes], axis=1), units)


@dataclass(frozen=True)
class Looked:
    """What a model makes of files.

    Attributes:
        known: of those that are images.
        at: their positions among the files.
        bad: positions of the others, and why they are none.
    """

    known: Known
    at: list[int]
    bad: list[tuple[int, str]]


def looked_at(
    reads: Sequence[Callable[[], bytes]],
    units: np.ndarray,
    classes: list[str],
    image: Image,
    screen: Screen,
    model_file: Path,
) -> Looked:
    """Return what a model makes of files, read through the same door as any other; a bad one stops no other.

    Args:
        reads: each returns one file's bytes, or raises OSError or an EvergreenError.
        units: (N,) int64, of the files.
        classes: class names in order.
        image: how they become the network's input.
        screen: limits of the images that the model was trained on, and which of their values are black and white.
        model_file: a ``.keras`` file.

    Raises:
        ExportRefused: Keras refuses the model.
    """

    def opened() -> Model:
        asked = _Asked.of(model_file, classes)
        # One row an image: what is known of it, side by side.
        return lambda batch: np.concatenate([np.asarray(part, np.float32) for part in asked(batch)], axis=1)

    found: list[Answer] = list(answers(reads, opened, image, _shape, screen))
    rows = np.array([one.scores for one in found if one.scores is not None], np.float32)
    good = [at for at, one in enumerate(found) if one.scores is not None]
    bad = [(at, one.error) for at, one in enumerate(found) if one.scores is None]
    if not good:
        rows = np.zeros((0, len(classes) + 2), np.float32)
    shapes = np.array([found[at].kept for at in good], np.float32).reshape(-1, 2)
    count = rows.shape[1] - len(classes) - 2
    features, scores, looks = np.split(rows, [count, count + len(classes)], axis=1)
    return Looked(Known(scores, features, np.concatenate([looks, shapes], axis=1), units[good]), good, bad)


def _shape(picture: np.ndarray) -> np.ndarray:
    return np.array(picture.shape[:2])


class _Asked:
    """A network that tells (N, C) features, (N, K) probabilities, and (N, 2) looks of (N, H, W, 3) uint8."""

    def __init__(self, model: Any) -> None:
        self._model = penultimate(model)

    @classmethod
    def of(cls, model_file: Path, classes: list[str]) -> _Asked:
        return cls(saving.load_to_run(model_file, classes))

    def __call__(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        features, scores = (np.asarray(part) for part in self._model.predict_on_batch(batch))
        return features.reshape(len(batch), -1), scores, looks_of(batch)

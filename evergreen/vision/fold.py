"""One fold of a cross-validation: a network is trained on the other folds, and judged on this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evergreen.datasets.balance import balance, repeats
from evergreen.datasets.deal import sides
from evergreen.images import pixels
from evergreen.vision.networks import runtime, saving
from evergreen.vision.teaching.teachers import Given
from evergreen.vision.train import Callbacks, ClassBalance, Labelled, ModelFiles, Training, train

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.recipe import Recipe


@dataclass(frozen=True)
class Fold:
    """What came of a fold.

    Attributes:
        predictions: one row an image of the fold: path, label, sha256, predicted, probability (top-1); sorted by path.
        scores: (N, K) float32, the probabilities of the classes, in the rows' order.
        training: of its network, which is not kept.
    """

    predictions: pd.DataFrame
    scores: np.ndarray
    training: Training


def fold(
    labelled: Labelled,
    number: int,
    recipe: Recipe,
    files: ModelFiles,
    callbacks: Callbacks,
    given: Sequence[Given] = (),
) -> Fold:
    """Train as ``train`` does on what is not in a fold, and run the network over what is.

    Class weights and repeats are those of the fold's own training images, from which alone teachers learn that are
    trained first. Features of a frozen backbone are kept by image, model and view, so those of an image are computed
    once for all folds.

    Args:
        labelled: path, label, sha256, pixels, phash, ``fold`` and ``side``, as ``deal`` gives them.
        number: of the fold, from 1.
        recipe: its ``train``, ``image``, ``augment``, ``balance``, ``teaching`` and ``seed`` are read.
        files: where the model is written, and what a killed training of this fold left.
        callbacks: who hears of the training.
        given: as ``train`` takes it.

    Raises:
        BadDataset, BadRecipe, TrainingDiverged, PreflightFailed, WeightsUnavailable: as ``balance`` and ``train``.
    """
    classes = labelled.classes
    dataset = labelled.dataset.assign(split=sides(labelled.dataset, number))
    weighed = ClassBalance(balance(dataset, classes, recipe.balance), repeats(dataset, classes, recipe.balance))
    done = train(replace(labelled, dataset=dataset), weighed, recipe, files, callbacks, given)
    judged = dataset[dataset["split"] == "test"].sort_values("path", ignore_index=True)
    runtime.start()
    scores = pixels.scores(saving.load_to_run(files.model, classes), labelled.images.rows(judged, recipe.image))
    predictions = judged[["path", "label", "sha256"]].assign(
        predicted=[classes[index] for index in scores.argmax(axis=1)], probability=scores.max(axis=1).round(6)
    )
    return Fold(predictions, scores, done)

"""A stand-in for the training of a fold."""

from typing import Any

import numpy as np
import pandas as pd

from evergreen.datasets.deal import sides
from evergreen.errors import TrainingDiverged
from evergreen.recipe import Recipe
from evergreen.vision.fold import Fold
from evergreen.vision.train import Callbacks, Labelled, ModelFiles, Training

ENDED = {"why": "epochs", "phases": [{"phase": 1, "epochs": 1, "of": 1, "midway": False, "why": "epochs"}]}


class Craft:
    """Stands in for the training of a fold: right about three images of four; breaks off where a test says so."""

    def __init__(self) -> None:
        self.trained: list[int] = []
        self.breaks_in = 0

    def __call__(
        self, labelled: Labelled, number: int, recipe: Recipe, files: ModelFiles, callbacks: Callbacks, given: list[Any]
    ) -> Fold:
        if number == self.breaks_in:
            raise TrainingDiverged("the loss became nan")
        self.trained.append(number)
        dataset, classes = labelled.dataset, labelled.classes
        judged = dataset[sides(dataset, number) == "test"].reset_index(drop=True)
        truth = judged["label"].map(classes.index).to_numpy()
        answers = np.where(np.arange(len(judged)) % 4 == 3, 1 - truth, truth)
        scores = np.where(np.eye(2)[answers] > 0, 0.75, 0.25).astype(np.float32)
        predictions = judged[["path", "label", "sha256"]].assign(
            predicted=[classes[index] for index in answers], probability=0.75
        )
        history = pd.DataFrame({"phase": [1], "epoch": [1], "loss": [0.5]})
        return Fold(predictions, scores, Training(history, ENDED, 12.5, 3.0))

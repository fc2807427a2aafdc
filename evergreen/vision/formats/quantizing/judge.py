"""An int8 file held against the Keras model, in the LiteRT runtime, before it is exported."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evergreen.errors import ExportRefused
from evergreen.vision.formats import tflite
from evergreen.vision.formats.contract import Answers, RuntimeNotInstalled
from evergreen.vision.formats.quantizing.attempts import EPSILON, Attempt


@dataclass(frozen=True)
class Judge:
    """Images that no training and no verdict uses up, and Keras' answers to them.

    Attributes:
        split: of the images.
        images: (N, H, W, 3) uint8 RGB in 0-255.
        reference: (N, K) float32 probabilities of the Keras model.
        truth: (N,) class indices.
        min_agreement: share of equal top-1 answers that reaches the bar.
        max_accuracy_loss: accuracy that may be lost.
    """

    split: str
    images: np.ndarray
    reference: np.ndarray
    truth: np.ndarray
    min_agreement: float
    max_accuracy_loss: float

    def attempt(self, data: bytes, how: str, representative_images: int, in_float: tuple[str, ...] = ()) -> Attempt:
        """Judge a file.

        Args:
            data: of a ``.tflite`` file.
            how: it was made, in words.
            representative_images: as in ``Attempt``.
            in_float: as in ``Attempt``.

        Raises:
            RuntimeNotInstalled: LiteRT is not on this machine.
        """
        made = (how, representative_images, in_float, len(data))
        try:
            answers = answered(data, self.images)
        except RuntimeNotInstalled:
            raise
        except ExportRefused as error:
            return Attempt(*made, None, None, None, passed=False, reason=str(error).splitlines()[0])
        said = answers.scores.argmax(axis=1)
        expected = self.reference.argmax(axis=1)
        agreement, accuracy = float((said == expected).mean()), float((said == self.truth).mean())
        lost = float((expected == self.truth).mean()) - accuracy
        passed = agreement >= self.min_agreement and lost <= self.max_accuracy_loss + EPSILON
        milliseconds = round(float(np.median(answers.seconds)) * 1000, 3)
        return Attempt(*made, agreement, accuracy, lost, passed, median_ms=milliseconds)

    def error(self, data: bytes, most: int) -> float:
        """Return the mean absolute difference of a file's probabilities to Keras', on ``most`` images at most.

        The images are spread evenly over all of them; a difference tells more of few images than answers do.
        """
        some = np.unique(np.linspace(0, len(self.images) - 1, min(most, len(self.images))).astype(int))
        scores = answered(data, self.images[some]).scores
        return float(np.abs(scores - self.reference[some]).mean())


def answered(data: bytes, images: np.ndarray) -> Answers:
    """Return what LiteRT answers with a file's bytes, in a process of its own.

    Raises:
        ExportRefused: it refuses the file, or crashes.
        RuntimeNotInstalled: LiteRT is not on this machine.
    """
    with tempfile.TemporaryDirectory() as name:
        tflite.save(Path(name), data)
        return tflite.open_predictor(Path(name)).run(images)

"""What every export format promises: raw 0-255 RGB in, class probabilities out, the class names beside them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evergreen.errors import ExportRefused

# Yields representative images, each [(1, H, W, 3) float32 in 0-255].
Representative = Callable[[], Iterator[list[np.ndarray]]]

LABELS = "labels.txt"


class RuntimeNotInstalled(ExportRefused):
    """The format's own runtime is not on this machine: the export is not verified, which is not the same as passed."""


@dataclass(frozen=True)
class Trained:
    """A trained model, in the forms that formats are written from.

    Attributes:
        file: the ``.keras`` file.
        model: the same, loaded: (N, H, W, 3) in 0-255 -> (N, K) probabilities.
        saved: where the same goes as a bare SavedModel, which converters read (``savedmodel.bare``).
        classes: class names in the order of the scores.
        representative: images from which quantization takes its ranges.
    """

    file: Path
    model: Any
    saved: Path
    classes: list[str]
    representative: Representative


@dataclass(frozen=True)
class Answers:
    """What a runtime gave for some images, which it was shown one at a time.

    Attributes:
        scores: (N, K) float32 class probabilities.
        classes: the class names that the model itself gives, in order; None where its format cannot carry them.
        load_seconds: from the export's files to the first answer being possible.
        seconds: (N,) float64, wall time of each image from pixels to scores.
        threads: how many threads the runtime computed with.
    """

    scores: np.ndarray
    classes: list[str] | None
    load_seconds: float
    seconds: np.ndarray
    threads: int


@dataclass(frozen=True)
class Predictor:
    """An export, opened in its own runtime; calling it is ``run`` without the measurements.

    Attributes:
        run: (N, H, W, 3) uint8 RGB in 0-255 -> answers; N is at least 1.
    """

    run: Callable[[np.ndarray], Answers]

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return (N, K) float32 class probabilities for (N, H, W, 3) uint8 RGB in 0-255."""
        return self.run(images).scores


def write_labels(folder: Path, classes: list[str]) -> None:
    """Write the class names in order, one a line."""
    (folder / LABELS).write_text("".join(f"{name}\n" for name in classes), encoding="utf-8")


def read_labels(folder: Path) -> list[str]:
    """Return the class names that an export carries, in order."""
    return (folder / LABELS).read_text(encoding="utf-8").splitlines()

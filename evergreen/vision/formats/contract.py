"""What every export format promises."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from evergreen.errors import ExportRefused

# (N, H, W, 3) uint8 RGB in 0-255 -> (N, K) float32 class probabilities.
Predictor = Callable[[np.ndarray], np.ndarray]

# Yields representative images, each (1, H, W, 3) float32 in 0-255.
Representative = Callable[[], Iterator[list[np.ndarray]]]

LABELS = "labels.txt"


class RuntimeNotInstalled(ExportRefused):
    """The format's own runtime is not on this machine: the export is not verified, which is not the same as passed."""


def write_labels(folder: Path, classes: list[str]) -> None:
    """Write the class names in order, one a line."""
    (folder / LABELS).write_text("".join(f"{name}\n" for name in classes), encoding="utf-8")


def read_labels(folder: Path) -> list[str]:
    """Return the class names that an export carries, in order."""
    return (folder / LABELS).read_text(encoding="utf-8").splitlines()

"""The Keras file itself, as one more export."""

import shutil
from pathlib import Path

from evergreen.vision.formats.contract import Predictor, Trained
from evergreen.vision.formats.runtimes import process

FILE = "model.keras"


def write(trained: Trained, folder: Path) -> None:
    """Copy the trained model's file."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(trained.file, folder / FILE)


def open_predictor(folder: Path) -> Predictor:
    """Return a predictor that runs Keras in a process of its own."""
    return process.python("keras", folder)

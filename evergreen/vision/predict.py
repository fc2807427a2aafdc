"""Classify pictures with a trained model, through the same door as training."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evergreen.datasets.door import open_image
from evergreen.vision import pixels, runtime, saving
from evergreen.vision.cache import Rows

if TYPE_CHECKING:
    from evergreen.sections.data import Image


def predict(images: list[bytes], model_file: Path, classes: list[str], image: "Image") -> np.ndarray:
    """Return class probabilities, (N, K) float32.

    Args:
        images: the files' bytes.
        model_file: a ``.keras`` file.
        classes: class names in order.
        image: how the model was fed in training.

    Raises:
        BadImage: one of the files is no image that can be used.
        ExportRefused: Keras refuses the model.
    """
    batch = np.stack([pixels.resize(open_image(data).pixels, image) for data in images])
    runtime.start()
    return pixels.scores(saving.load(model_file, classes), Rows.of(batch))

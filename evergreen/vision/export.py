"""Export a model in every format that the recipe names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evergreen.images import pixels
from evergreen.images.pixels import Images
from evergreen.vision.formats import card
from evergreen.vision.formats.contract import Representative, Trained
from evergreen.vision.formats.registry import WRITE
from evergreen.vision.networks import runtime, saving

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.recipe import Recipe


def export(
    dataset: pd.DataFrame,
    images: Images,
    about: card.About,
    recipe: Recipe,
    model_file: Path,
    folder: Path,
    scratch: Path,
) -> None:
    """Write ``folder/<format>/`` for each format, with labels, a model card and a snippet that runs it.

    Args:
        dataset: path, label, sha256, split; quantization takes a stratified sample of its training images.
        images: where they are read, and where their pixels are kept.
        about: what the cards say; its classes are the order of the scores.
        recipe: its ``export``, ``image`` and ``seed`` are read.
        model_file: a ``.keras`` file.
        folder: where the exports go.
        scratch: a folder for what is not an export.

    Raises:
        ExportRefused: Keras refuses the model.
    """
    runtime.start(recipe.seed)
    model = saving.load(model_file, about.classes)
    trained = Trained(
        model_file, model, scratch / "savedmodel", about.classes, _representative(dataset, images, recipe)
    )
    for name in recipe.export.formats:
        WRITE[name](trained, folder / name)
        card.complete(name, folder / name, about)


def _representative(dataset: pd.DataFrame, images: Images, recipe: Recipe) -> Representative:
    training = dataset[dataset["split"] == "train"]
    sample = pixels.stratified_sample(training, recipe.export.representative_images, recipe.seed)

    def blocks() -> Iterator[list[np.ndarray]]:
        for number, block in enumerate(images.rows(sample, recipe.image).blocks(1)):
            image = block.astype(np.float32)
            if number == 0:
                # The input's range is then exactly 0-255 and its scale 1: uint8 pixels go in as they are.
                image[0, 0, 0], image[0, -1, -1] = 0, 255
            yield [image]

    return blocks

"""Export a model in every format that the recipe names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evergreen.errors import NotBuiltYet
from evergreen.vision import pixels, runtime, saving
from evergreen.vision.formats import savedmodel, tfjs, tflite
from evergreen.vision.formats.contract import write_labels
from evergreen.vision.pixels import Images

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.recipe import Recipe


def export(
    dataset: pd.DataFrame,
    images: Images,
    classes: list[str],
    recipe: Recipe,
    model_file: Path,
    folder: Path,
    scratch: Path,
) -> None:
    """Write ``folder/<format>/`` for each format; each carries ``labels.txt`` in class order.

    Args:
        dataset: path, label, sha256, split; quantization takes a stratified sample of its training images.
        images: where they are read, and where their pixels are kept.
        classes: class names in order.
        recipe: its ``export``, ``image`` and ``seed`` are read.
        model_file: a ``.keras`` file.
        folder: where the exports go.
        scratch: a folder for what is not an export.

    Raises:
        NotBuiltYet: a format is not built.
    """
    runtime.start(recipe.seed)
    model = saving.load(model_file, classes)
    saved = scratch / "savedmodel"
    savedmodel.write(model, saved)

    def representative() -> Iterator[list[np.ndarray]]:
        training = dataset[dataset["split"] == "train"]
        sample = pixels.stratified_sample(training, recipe.export.representative_images, recipe.seed)
        for block in images.rows(sample, recipe.image).blocks(1):
            yield [block.astype(np.float32)]

    for name in recipe.export.formats:
        target = folder / name
        if name == "savedmodel":
            savedmodel.write(model, target)
        elif name == "tflite-float32":
            tflite.write_float32(saved, target)
        elif name == "tflite-int8":
            tflite.write_int8(saved, target, representative)
        elif name == "tfjs":
            tfjs.write(saved, target)
        else:
            raise NotBuiltYet(f"not built yet: export.formats: {name}")
        write_labels(target, classes)

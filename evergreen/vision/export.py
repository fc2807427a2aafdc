"""Export a model in every format that the recipe names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evergreen.images import pixels
from evergreen.images.pixels import Images
from evergreen.vision.formats import card
from evergreen.vision.formats.catalogue.names import INT8
from evergreen.vision.formats.contract import Representative, Trained
from evergreen.vision.formats.quantizing.attempts import Repair
from evergreen.vision.formats.quantizing.judge import Judge
from evergreen.vision.formats.quantizing.ladder import Limit, Material, repair
from evergreen.vision.formats.registry import WRITE
from evergreen.vision.networks import runtime, saving

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.recipe import Recipe

JUDGING = "validation"


def export(
    dataset: pd.DataFrame,
    images: Images,
    about: card.About,
    recipe: Recipe,
    model_file: Path,
    folder: Path,
    scratch: Path,
) -> Repair | None:
    """Write ``folder/<format>/`` for each format, with labels, a model card and a snippet that runs it.

    Args:
        dataset: path, label, sha256, split; quantization takes a stratified sample of its training images.
        images: where they are read, and where their pixels are kept.
        about: what the cards say; its classes are the order of the scores.
        recipe: its ``export``, ``image`` and ``seed`` are read.
        model_file: a ``.keras`` file.
        folder: where the exports go.
        scratch: a folder for what is not an export.

    Returns:
        How ``tflite-int8`` came to be; None if it is not written, or the recipe has nothing tried.

    Raises:
        ExportRefused: Keras refuses the model.
    """
    runtime.start(recipe.seed)
    model = saving.load(model_file, about.classes)
    material = material_of(dataset, images, recipe)
    trained = Trained(
        file=model_file,
        model=model,
        saved=scratch / "savedmodel",
        classes=about.classes,
        representative=material.of(material.asked),
        image=about.image,
    )
    repaired: Repair | None = None
    for name in recipe.export.formats:
        WRITE[name](trained, folder / name)
        if name == INT8 and recipe.export.int8.minutes:
            limit = Limit(recipe.export.int8.minutes)
            repaired = repair(trained, folder / name, material, judge_of(dataset, images, trained, recipe), limit)
        card.complete(name, folder / name, about, repaired)
    return repaired


def judge_of(dataset: pd.DataFrame, images: Images, trained: Trained, recipe: Recipe) -> Judge:
    """Return what int8 is judged by: validation images, so that those of verify stay unseen."""
    bars = recipe.export.int8
    sample = pixels.stratified_sample(dataset[dataset["split"] == JUDGING], bars.images, recipe.seed)
    shape = (0, recipe.image.height, recipe.image.width, 3)
    batch, reference = np.empty(shape, np.uint8), np.empty((0, len(trained.classes)), np.float32)
    if len(sample):
        rows = images.rows(sample, recipe.image)
        batch, reference = rows.gather(np.arange(len(rows))), pixels.scores(trained.model, rows)
    return Judge(
        split=JUDGING,
        images=batch,
        reference=reference,
        truth=pixels.targets(sample["label"], trained.classes),
        min_agreement=bars.min_agreement,
        max_accuracy_loss=bars.max_accuracy_loss,
    )


def material_of(dataset: pd.DataFrame, images: Images, recipe: Recipe) -> Material:
    """Return the training images as what ranges are taken from, stratified."""
    training = dataset[dataset["split"] == "train"]

    def of(count: int) -> Representative:
        sample = pixels.stratified_sample(training, count, recipe.seed)

        def blocks() -> Iterator[list[np.ndarray]]:
            for number, block in enumerate(images.rows(sample, recipe.image).blocks(1)):
                image = block.astype(np.float32)
                if number == 0:
                    # The input's range is then exactly 0-255 and its scale 1: uint8 pixels go in as they are.
                    image[0, 0, 0], image[0, -1, -1] = 0, 255
                yield [image]

        return blocks

    return Material(of, recipe.export.representative_images, len(training))

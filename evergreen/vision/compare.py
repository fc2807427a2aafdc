"""Champion and challenger on the same images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evergreen.errors import ValuesWithoutRange
from evergreen.images import pixels
from evergreen.images.pixels import Images
from evergreen.release.judge import (
    Challenger,
    Comparison,
    judge_against,
    judge_first,
    refuse_other_classes,
    refuse_too_few,
    refuse_unreadable,
)
from evergreen.release.shared import shared_images
from evergreen.vision.networks import runtime, saving

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.data import Image
    from evergreen.sections.release import Gate


@dataclass(frozen=True)
class Champion:
    """The model to beat.

    Attributes:
        dataset: what it learned from: path, pixels, phash, split.
        classes: class names in the order of its scores.
        image: how it is fed; its own, whatever the recipe says now.
        model_file: its ``.keras`` file.
        values: of pictures with more than 8 bits a channel, which are black and white for it, as ``screen.range``.
    """

    dataset: pd.DataFrame
    classes: list[str]
    image: Image
    model_file: Path
    values: tuple[float, float] | None = None


def compare(challenger: Challenger, champion: Champion | None, images: Images, bits: int, gate: Gate) -> Comparison:
    """Judge a challenger, against the champion on images that neither learned from if there is one.

    The challenger's answers are those of its evaluation; the champion's model is run here, on just the shared images.

    Args:
        challenger: the model that was just trained, as evaluated and verified.
        champion: None for a recipe's first model.
        images: where images are read as the champion reads them, and where their pixels are kept.
        bits: how far apart perceptual hashes of near-duplicates are.
        gate: the bars.

    Raises:
        ExportRefused: Keras refuses the champion's model.
    """
    if champion is None:
        return judge_first(challenger, gate)
    if refused := refuse_other_classes(challenger, champion.classes, gate):
        return refused
    shared = shared_images(challenger.dataset, champion.dataset, bits)
    if refused := refuse_too_few(challenger, shared, gate):
        return refused
    try:
        rows = images.rows(shared.images, champion.image)
    except ValuesWithoutRange as error:
        return refuse_unreadable(challenger, str(error), gate)
    runtime.start()
    model = saving.load_to_run(champion.model_file, champion.classes)
    scores = pixels.scores(model, rows)
    return judge_against(challenger, shared, [champion.classes[index] for index in scores.argmax(axis=1)], gate)

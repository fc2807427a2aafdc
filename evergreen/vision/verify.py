"""Verify exports: each is loaded by its own runtime and must answer as the Keras model does."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evergreen.errors import ExportRefused
from evergreen.vision import pixels, runtime, saving
from evergreen.vision.formats.contract import RuntimeNotInstalled, read_labels
from evergreen.vision.formats.registry import OPEN_PREDICTOR
from evergreen.vision.pixels import Images

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.recipe import Recipe
    from evergreen.sections.release import Verify

# Where Keras' own first and second choice are closer than this, another float32 order of sums may pick the other.
_MARGIN = 2e-3


@dataclass(frozen=True)
class Verification:
    """What one export showed in its own runtime.

    Attributes:
        format: the export's format.
        verified: passed, failed, or not verified (its runtime is not installed).
        reason: why, in words.
        agreement: share of images whose top-1 answer equals Keras', 0-1; None if it did not run.
        max_difference: largest difference of a probability to Keras'; None if it did not run.
        accuracy: share of right answers, 0-1; None if it did not run.
        count: test images that were run.
    """

    format: str
    verified: Literal["passed", "failed", "not verified"]
    reason: str
    agreement: float | None
    max_difference: float | None
    accuracy: float | None
    count: int

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def verify(
    dataset: pd.DataFrame,
    images: Images,
    classes: list[str],
    recipe: Recipe,
    model_file: Path,
    exports: Path,
    formats: list[str],
) -> list[Verification]:
    """Run every export on the test images (a stratified sample if there are many) against the Keras model.

    Args:
        dataset: path, label, sha256, split.
        images: where they are read, and where their pixels are kept.
        classes: class names in order; every export must carry the same.
        recipe: its ``verify``, ``image`` and ``seed`` are read.
        model_file: the ``.keras`` file that is the reference.
        exports: a folder with one folder a format.
        formats: the formats to verify.
    """
    runtime.start()
    held_out = dataset[dataset["split"] == ("test" if (dataset["split"] == "test").any() else "validation")]
    sample = pixels.stratified_sample(held_out, recipe.verify.images, recipe.seed)
    rows = images.rows(sample, recipe.image)
    batch = rows.gather(np.arange(len(rows)))
    truth = pixels.targets(sample["label"], classes)
    reference = pixels.scores(saving.load(model_file, classes), rows)
    results = []
    for name in formats:
        try:
            if read_labels(exports / name) != classes:
                raise ExportRefused(f"its labels.txt is not {classes}")
            scores = OPEN_PREDICTOR[name](exports / name)(batch)
            results.append(_compare(name, scores, reference, truth, recipe.verify))
        except RuntimeNotInstalled as error:
            results.append(Verification(name, "not verified", str(error), None, None, None, 0))
        except Exception as error:  # noqa: BLE001 - whatever a runtime raises, this export has failed
            results.append(Verification(name, "failed", f"{type(error).__name__}: {error}", None, None, None, 0))
    return results


def _compare(name: str, scores: np.ndarray, reference: np.ndarray, truth: np.ndarray, bars: Verify) -> Verification:
    """Judge one format's scores, (N, K), by the bars of its kind."""
    if scores.shape != reference.shape or not np.isfinite(scores).all():
        raise ExportRefused(f"expected finite scores of shape {reference.shape}, received {scores.shape}")
    same = scores.argmax(axis=1) == reference.argmax(axis=1)
    difference = float(np.abs(scores - reference).max())
    accuracy = float((scores.argmax(axis=1) == truth).mean())
    if name.endswith("int8"):
        passed = same.mean() >= bars.min_agreement_quantized
        reason = f"agreement at least {bars.min_agreement_quantized:.1%} expected"
    else:
        first, second = np.sort(reference, axis=1)[:, -1], np.sort(reference, axis=1)[:, -2]
        passed = bool((same | (first - second < _MARGIN)).all()) and difference <= bars.max_difference
        reason = f"same answers and probabilities within {bars.max_difference:g} expected"
    verdict: Literal["passed", "failed"] = "passed" if passed else "failed"
    return Verification(name, verdict, reason, float(same.mean()), difference, accuracy, len(truth))

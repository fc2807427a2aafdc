"""What a training has to beat: a linear probe of the frozen backbone, and how the training stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evergreen.judging.statistics import paired

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Baseline:
    """What a linear probe reaches.

    Attributes:
        found: ``why`` there is no probe, or of the probe: backbone, weights, pixels (height, width), split (the judged
            one), accuracy, accuracy_low and accuracy_high (95 %, Wilson), count, c (the inverse strength of its L2
            penalty), fitted_on and of (training images that it was fitted on, and all), mirrored (whether answers to
            an image and its mirror image were averaged), converged.
        predictions: one row an image of the judged split: path, predicted; empty where there is no probe.
    """

    found: Mapping[str, Any]
    predictions: pd.DataFrame


def beside(baseline: Baseline, predictions: pd.DataFrame) -> dict[str, Any]:
    """Return how a model stands beside the probe on the same images, as programs and people read it.

    Args:
        baseline: of the same dataset.
        predictions: of the model, one row an image of any split: path, label, split, predicted.

    Returns:
        ``why`` and ``words``; or ``Baseline.found`` and training (the model's accuracy), gain (its accuracy less the
        probe's), gain_low and gain_high (95 %, paired bootstrap), standing (better, alike or worse) and words.
        A model is better if the whole interval is above 0, and worse if its accuracy is below the probe's.

    Raises:
        KeyError: the probe did not answer every image of the judged split.
    """
    found = baseline.found
    if "why" in found:
        return {"why": found["why"], "words": f"No linear probe to compare with: {found['why']}."}
    judged = predictions[predictions["split"] == found["split"]]
    answers = baseline.predictions.set_index("path")["predicted"].loc[judged["path"]]
    label = judged["label"].to_numpy()
    pair = paired(answers.to_numpy() == label, judged["predicted"].to_numpy() == label)
    low, high = pair.gain_interval
    standing = "worse" if pair.gain < 0 else "better" if low > 0 else "alike"
    values = {"training": pair.challenger, "gain": pair.gain, "gain_low": low, "gain_high": high, "standing": standing}
    return {**found, **values, "words": f"{_of_probe(found)}; {_of_training(pair.gain, low, high)}."}


def _of_probe(found: Mapping[str, Any]) -> str:
    """Return what the probe is and reaches, in words."""
    words = f"Linear probe on the frozen {found['backbone']}: {found['accuracy']:.1%} of {found['count']:,}"
    more = [f"fitted on {found['fitted_on']:,} of {found['of']:,} training images"] * (found["fitted_on"] < found["of"])
    more += [] if found["converged"] else ["its fit did not converge"]
    return f"{words} {found['split']} images" + (f" ({'; '.join(more)})" if more else "")


def _of_training(gain: float, low: float, high: float) -> str:
    """Return how a training stands beside the probe, in words."""
    interval = f"95 % interval {100 * low:+.1f} to {100 * high:+.1f}"
    if gain == 0:
        return f"this training is exactly as good ({interval})"
    chance = "; that may be chance" if low <= 0 <= high else ""
    way = "better" if gain > 0 else "worse"
    caution = "" if gain > 0 else ": what it changed in the backbone, or its head, has not paid"
    return f"this training is {100 * abs(gain):.1f} points {way} ({interval}{chance}){caution}"

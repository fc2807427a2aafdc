"""What a model's accuracy is on the judged images that are not suspect, beside the plain one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evergreen.diagnosing.suspects import DOUBTED
from evergreen.judging.metrics import wilson

if TYPE_CHECKING:
    import pandas as pd


def beside(
    facts: Mapping[str, Any], suspects: pd.DataFrame, predictions: pd.DataFrame, judged: str
) -> dict[str, Any] | None:
    """Return a model's accuracy without suspect images; None where no label was judged, or every image is suspect.

    Left out is whose label is doubted: label errors, outliers, near-duplicates under several labels; what is merely
    ambiguous stays. It flatters all the same: a probe and a model err on like images.

    Args:
        facts: of a ``Diagnosis``.
        suspects: of the same: sha256, label, kind.
        predictions: of the model, one row an image: path, label, split, predicted, sha256.
        judged: the split that numbers are from.

    Returns:
        ``split``; ``accuracy``, ``accuracy_low``, ``accuracy_high`` (95 %, Wilson) and ``count`` without suspects;
        ``plain`` (the accuracy on all) and ``suspect`` (how many images are); ``words``.
    """
    if "why" in facts:
        return None
    rows = predictions[predictions["split"] == judged]
    doubted = suspects[suspects["kind"].isin(DOUBTED)]
    named = set(zip(doubted["sha256"], doubted["label"], strict=True))
    kept = [pair not in named for pair in zip(rows["sha256"], rows["label"], strict=True)]
    right = (rows["label"] == rows["predicted"]).to_numpy()
    count, suspect = sum(kept), len(rows) - sum(kept)
    if not count:
        return None
    answered = int(right[kept].sum())
    low, high = wilson(answered, count)
    accuracy, plain = answered / count, float(right.mean())
    words = (
        f"On the {count:,} {judged} images that are not suspect the accuracy is {accuracy:.2%} (95 % interval "
        f"{low:.1%} to {high:.1%}), on all {len(rows):,} it is {plain:.2%}; {suspect:,} are suspect. It flatters: a "
        "probe and a model err on like images."
    )
    found = {"split": judged, "accuracy": accuracy, "accuracy_low": low, "accuracy_high": high, "count": count}
    return {**found, "plain": plain, "suspect": suspect, "words": words}

"""From images without a label and those with one to a ranked list of what to label next, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergreen.datasets.near import hashes_of
from evergreen.diagnosing.probes import compact, logistic
from evergreen.suggesting.pick import pick, uncertainty
from evergreen.vectors import unit_length

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("rank", "path", "sha256", "kind", "label", "suggested", "confidence", "uncertainty", "reason")
KIND = "unlabelled"
_STRENGTH = 0.1
_DIGITS = 6


@dataclass(frozen=True)
class Candidates:
    """Images that may be suggested, and how many may not.

    Attributes:
        table: path, sha256, pixels, phash of the images; of several with equal pixels the first, sorted by path.
        copies: how many have the pixels of another one.
        labelled: how many have the pixels of an image with a label.
    """

    table: pd.DataFrame
    copies: int
    labelled: int


def candidates(unlabelled: pd.DataFrame, labelled: pd.DataFrame) -> Candidates:
    """Return what may be suggested of images without a label: each picture once, and none that has a label elsewhere.

    Args:
        unlabelled: path, sha256, pixels, phash.
        labelled: pixels.
    """
    table = unlabelled.sort_values("path", kind="stable", ignore_index=True)
    known = table["pixels"].isin(labelled["pixels"])
    again = table["pixels"].duplicated() & ~known
    return Candidates(table[~known & ~again].reset_index(drop=True), int(again.sum()), int(known.sum()))


def probe(features: np.ndarray, labels: Sequence[str], asked: np.ndarray, classes: Sequence[str]) -> np.ndarray | None:
    """Return (N, K) probabilities of logistic regression on the labels; None where these are of less than two classes.

    Args:
        features: (M, D), of images with a label, as ``compact`` returns them.
        labels: of them.
        asked: (N, D), of those that are judged.
        classes: class names in order.
    """
    from threadpoolctl import threadpool_limits

    index = {name: at for at, name in enumerate(classes)}
    truth = np.array([index.get(label, -1) for label in labels], np.int64)
    known = truth >= 0
    if len(np.unique(truth[known])) < 2:
        return None
    with threadpool_limits(1):
        scores = logistic(features[known], truth[known], asked, len(classes), _STRENGTH)
    return np.asarray(np.round(scores, _DIGITS))


def compared(features: np.ndarray) -> np.ndarray:
    """Return what images are compared by, (N, D) float64: features of length 1, in the dimensions that vary most."""
    return compact(unit_length(features).astype(np.float32))


def suggested(
    table: pd.DataFrame,
    features: np.ndarray,
    others: np.ndarray,
    scores: np.ndarray | None,
    classes: Sequence[str],
    count: int,
    bits: int,
) -> pd.DataFrame:
    """Return what to label next, ``COLUMNS``, the most telling first; no two of them near-duplicates.

    Args:
        table: path, sha256, phash of the images that may be suggested.
        features: (N, D), of them, as ``compared`` returns them.
        others: (M, D), of those with a label, of the same call.
        scores: (N, K) probabilities; None where nobody can judge, and only what differs most counts.
        classes: class names, in the order of the probabilities.
        count: how many.
        bits: how far apart perceptual hashes of near-duplicates are; 0 for none.
    """
    import pandas as pd

    unsure = np.ones(len(table)) if scores is None else uncertainty(scores)
    hashes = hashes_of(list(table["phash"])) if bits else None
    picked = pick(features, others, unsure, count, hashes, bits)
    rows = []
    for rank, (at, stands_for) in enumerate(zip(picked.index, picked.stands_for, strict=True), 1):
        label, sure, between = ("", "", "") if scores is None else _judged(scores[at], classes)
        many = f"stands for {stands_for - 1:,} other image{'s' * (stands_for != 2)}" if stands_for > 1 else ""
        reason = "; ".join(filter(None, (between, many))) or "like no other image"
        told = (label, sure, "" if scores is None else round(float(unsure[at]), 4), reason)
        rows.append((rank, table["path"].iloc[at], table["sha256"].iloc[at], KIND, "", *told))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _judged(scores: np.ndarray, classes: Sequence[str]) -> tuple[str, float, str]:
    """Return the likeliest class, its probability, and between which two an image stands."""
    first, second = scores.argsort(kind="stable")[::-1][:2]
    words = f"between {classes[first]} ({scores[first]:.0%}) and {classes[second]} ({scores[second]:.0%})"
    return classes[first], round(float(scores[first]), _DIGITS), words

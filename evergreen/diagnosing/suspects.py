"""Which images to look at, why, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.datasets.near import hashes_of

if TYPE_CHECKING:
    import pandas as pd

LABEL_ERROR, OUTLIER, NEAR_DUPLICATE, AMBIGUOUS = KINDS = ("label_error", "outlier", "near_duplicate", "ambiguous")
COLUMNS = ("rank", "path", "sha256", "kind", "label", "suggested", "confidence", "reason")
# Whose label, or which of whom, is doubted; an ambiguous image is merely hard.
DOUBTED = (LABEL_ERROR, OUTLIER, NEAR_DUPLICATE)
# An image more than so many times as far from its neighbours as the median one, by mean cosine distance (Kuan and
# Mueller 2022, "Back to the basics: revisiting out-of-distribution detection baselines", arXiv:2207.03061). At 2, which
# cleanlab's Datalab has by default, 4 % of the handwritten digits would be outliers.
_FAR = 3.0
_MOST_SURE = 0.9  # of an outlier: far from all others is not yet wrong
_LARGEST = 2000  # images that are alike step by step, within which pairs are looked at
_ORDER = {kind: place for place, kind in enumerate((NEAR_DUPLICATE, LABEL_ERROR, AMBIGUOUS, OUTLIER))}


@dataclass(frozen=True)
class Judged:
    """What is known of the images that were judged.

    Attributes:
        table: N rows: path, label, sha256, pixels, phash.
        classes: K names.
        labels: (N,) int64, of the classes.
        units: (N,) int64, what belongs together.
        scores: (N, K), out of fold.
        far: (N,) mean cosine distance to the nearest neighbours.
    """

    table: pd.DataFrame
    classes: list[str]
    labels: np.ndarray
    units: np.ndarray
    scores: np.ndarray
    far: np.ndarray


def suspects(judged: Judged, conflicts: pd.DataFrame, bits: int) -> pd.DataFrame:
    """Return ``COLUMNS``, one row an image and kind, best to look at first on top; equal bytes count once.

    ``confidence`` is, 0-1: of a label error and an ambiguous image one less what the probe gives to the label; of a
    near-duplicate the share of the other's label in what it gives to both, a half or more where pixels are equal; of an
    outlier one less three times the median distance over its own.

    Args:
        judged: what is known of the images.
        conflicts: path, label, sha256 of images that are not used since their pixels stand under several labels.
        bits: how far apart perceptual hashes of near-duplicates are; 0 for none.
    """
    import pandas as pd

    rows = [*_of_labels(judged), *_outliers(judged), *_across(judged, bits), *_conflicts(conflicts)]
    found = pd.DataFrame(rows, columns=list(COLUMNS[1:]))
    found["order"] = found["kind"].map(_ORDER)
    found["confidence"] = found["confidence"].astype(float).round(4)
    found = found.sort_values(["confidence", "order", "path"], ascending=[False, True, True])
    found = found.drop_duplicates(["sha256", "label", "kind"]).drop(columns="order").reset_index(drop=True)
    found.insert(0, "rank", np.arange(1, len(found) + 1))
    return found


def _of_labels(judged: Judged) -> Iterator[dict[str, Any]]:
    """Yield label errors as cleanlab finds them, and as ambiguous what else is answered otherwise."""
    from cleanlab.filter import find_label_issues

    issues = find_label_issues(judged.labels, judged.scores, n_jobs=1)
    answers = judged.scores.argmax(axis=1)
    for at in np.flatnonzero(issues | (answers != judged.labels)).tolist():
        own, best = (float(judged.scores[at, index]) for index in (judged.labels[at], answers[at]))
        if answers[at] == judged.labels[at]:
            continue
        label, other = judged.classes[judged.labels[at]], judged.classes[answers[at]]
        kind = LABEL_ERROR if issues[at] else AMBIGUOUS
        told = f"looks like {other} ({best:.0%}), not like {label} ({own:.0%})"
        if kind == AMBIGUOUS:
            told = f"looks more like {other} ({best:.0%}) than {label} ({own:.0%}), but may be a hard one of that"
        yield _row(judged, at, kind, other, 1 - own, told)


def _outliers(judged: Judged) -> Iterator[dict[str, Any]]:
    usual = float(np.median(judged.far))
    if usual <= 0:
        return
    for at in np.flatnonzero(judged.far > _FAR * usual).tolist():
        times = float(judged.far[at]) / usual
        told = f"unlike all others, of any class: {times:.1f} times as far from its neighbours as usual"
        yield _row(judged, at, OUTLIER, "", min(_MOST_SURE, 1 - _FAR / times), told)


def _across(judged: Judged, bits: int) -> Iterator[dict[str, Any]]:
    """Yield images with a near-duplicate under another label, each beside its nearest."""
    if not bits:
        return
    hashes = hashes_of(judged.table["phash"].tolist())
    there = ~np.ma.getmaskarray(hashes)  # type: ignore[no-untyped-call]
    values, paths = np.asarray(hashes), judged.table["path"].tolist()
    order = np.argsort(judged.units, kind="stable")
    for unit in np.split(order, np.flatnonzero(np.diff(judged.units[order])) + 1):
        if not 1 < len(unit) <= _LARGEST or len(set(judged.labels[unit].tolist())) < 2:
            continue
        for at in unit[there[unit]].tolist():
            others = unit[there[unit] & (judged.labels[unit] != judged.labels[at])]
            apart = np.bitwise_count(values[others] ^ values[at])
            if not len(others) or apart.min() > bits:
                continue
            other = int(others[apart.argmin()])
            own, its = (float(judged.scores[at, judged.labels[index]]) for index in (at, other))
            share = its / (own + its) if own + its else 0.5
            label = judged.classes[judged.labels[other]]
            told = f"nearly the same picture as {paths[other]}, which is {label}"
            yield _row(judged, at, NEAR_DUPLICATE, label if its > own else "", share, told)


def too_alike(units: np.ndarray) -> list[int]:
    """Return the sizes of units so large that pairs of near-duplicates are not looked for in them."""
    return sorted((int(size) for size in np.bincount(units) if size > _LARGEST), reverse=True)


def _conflicts(conflicts: pd.DataFrame) -> Iterator[dict[str, Any]]:
    by_bytes = conflicts.groupby("sha256")["label"].agg(lambda labels: sorted(set(labels)))
    for row in conflicts.to_dict("records"):
        others = [label for label in by_bytes[row["sha256"]] if label != row["label"]]
        told = f"the same picture stands under {' and '.join(others)}" if others else row["reason"]
        yield {
            "path": row["path"],
            "sha256": row["sha256"],
            "kind": NEAR_DUPLICATE,
            "label": row["label"],
            "suggested": "",
            "confidence": 0.5,
            "reason": f"{told}, so neither is used: one label of them is wrong",
        }


def _row(judged: Judged, at: int, kind: str, suggested: str, confidence: float, reason: str) -> dict[str, Any]:
    row = judged.table.iloc[at]
    return {
        "path": row["path"],
        "sha256": row["sha256"],
        "kind": kind,
        "label": row["label"],
        "suggested": suggested,
        "confidence": confidence,
        "reason": reason,
    }

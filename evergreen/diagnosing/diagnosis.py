"""What a diagnosis of a dataset's labels says: a table of suspects and what holds of all labels together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.datasets.splitting.units import grouped
from evergreen.diagnosing.lookalikes import COLUMNS as ALIKE
from evergreen.diagnosing.lookalikes import lookalikes
from evergreen.diagnosing.probes import FOLDS, MOST_LEARNED, Probed, probed
from evergreen.diagnosing.share import expected_share, overlapping
from evergreen.diagnosing.suspects import COLUMNS, KINDS, LABEL_ERROR, Judged, suspects, too_alike

if TYPE_CHECKING:
    import pandas as pd

# Different images of a class below which nothing can be said of it: it is learned from all but those that are asked.
LEAST_OF_A_CLASS = 3
# The share of labels that a probe has to answer before what it doubts says how many are wrong: on CIFAR-10, one that
# answered 58.5 % doubted 31.5 % of labels that are known to be right.
LEAST_ANSWERED = 0.8
_MOST_NAMED = 10


@dataclass(frozen=True)
class Labelled:
    """What is known of a dataset before any pixel is looked at.

    Attributes:
        dataset: path, label, sha256, pixels, phash, split, and width and height, of what a training gets.
        aside: as ``dataset``, of what the split set aside.
        groups: path and group of images whose folders stay together; empty if folders do not.
        conflicts: path, label, sha256, reason of what is not used since its pixels stand under several labels.
        bits: how far apart perceptual hashes of near-duplicates are; 0 for none.
        folds: path, and (N, K) probabilities in its order, of a cross-validation; None without one.
    """

    dataset: pd.DataFrame
    aside: pd.DataFrame
    groups: pd.DataFrame
    conflicts: pd.DataFrame
    bits: int
    folds: tuple[pd.DataFrame, np.ndarray] | None = None


@dataclass(frozen=True)
class Seen:
    """What images are compared by.

    Attributes:
        features: (N, C) float32.
        how: what they are, in words.
        notes: what people should know of them, a sentence each.
    """

    features: np.ndarray
    how: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Attributes:
        suspects: rank, path, sha256, kind, label, suggested, confidence, reason; the best to look at first on top.
        facts: plain JSON values, as docs/doctor.md describes them; ``why`` where nothing could be judged.
        lookalikes: ``lookalikes.COLUMNS``, what the suspects look like.
    """

    suspects: pd.DataFrame
    facts: dict[str, Any]
    lookalikes: pd.DataFrame


def diagnosis(
    labelled: Labelled, classes: list[str], chosen: pd.DataFrame, see: Callable[[pd.DataFrame], Seen]
) -> Diagnosis:
    """Judge the labels of some images by the others; the rest is said.

    Args:
        labelled: what is known of the dataset.
        classes: class names in order.
        chosen: those rows of its dataset that are judged.
        see: gives what the images of a table are compared by, in its order.
    """
    table, units, small = _that_can_be(labelled, chosen)
    unjudged = _not_judged(labelled, chosen, small)
    present = [name for name in classes if name in set(table["label"])]
    if len(present) < 2:
        why = (
            f"labels are judged by other images: expected two classes with {LEAST_OF_A_CLASS} different images or "
            f"more each, found {len(present)}"
        )
        return nothing(why, unjudged)
    seen = see(table)
    if not np.isfinite(seen.features).all():
        return nothing(f"{seen.how} are no numbers for some images", unjudged)
    index = {name: number for number, name in enumerate(present)}
    labels = table["label"].map(index).to_numpy(np.int64)
    found = probed(seen.features, labels, units, len(present), _of_folds(labelled, table, classes, present))
    judged = Judged(table, present, labels, units, found.best.scores, found.far)
    ranked = suspects(judged, labelled.conflicts, labelled.bits)
    unjudged += [
        f"near-duplicates among {size:,} images that are alike step by step: screen.near_duplicate_bits says how much"
        for size in too_alike(units)
    ]
    share = expected_share(labels, found.best.scores, units)
    facts = {
        "judged": len(table),
        "of": len(labelled.dataset),
        "by_split": {name: int(count) for name, count in sorted(table["split"].value_counts().items())},
        "probabilities": _how(found, seen, len(table)),
        **share,
        "expected_count": round(share["expected_share"] * len(table)),
        "counts": {kind: int((ranked["kind"] == kind).sum()) for kind in KINDS},
        "overlap": overlapping(labels, found.best.scores, present),
        "not_judged": unjudged,
        "notes": list(seen.notes),
    }
    alike = lookalikes(seen.features, judged, ranked)
    return Diagnosis(ranked, facts | {"words": _in_words(facts)}, alike)


def nothing(why: str, not_judged: list[str]) -> Diagnosis:
    """Return a diagnosis that found nothing, and says why."""
    import pandas as pd

    counts = dict.fromkeys(KINDS, 0)
    words = f"No label was judged: {why}."
    empty: dict[str, Any] = {"judged": 0, "counts": counts, "overlap": [], "notes": []}
    facts = {"why": why, **empty, "not_judged": not_judged, "words": words}
    return Diagnosis(pd.DataFrame(columns=list(COLUMNS)), facts, pd.DataFrame(columns=list(ALIKE)))


def _that_can_be(labelled: Labelled, chosen: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, Mapping[str, int]]:
    """Return the rows whose class has enough images, by path; their units; and the classes that have not, with counts.

    Images of one unit learn and are judged together, so a class needs several units.
    """
    table = chosen.sort_values("path", ignore_index=True)
    units = grouped(table, labelled.groups, labelled.bits)
    counts = table.assign(unit=units).groupby("label")["unit"].nunique()
    small = counts[counts < LEAST_OF_A_CLASS].to_dict()
    kept = ~table["label"].isin(list(small)).to_numpy()
    numbered: np.ndarray = np.unique(units[kept], return_inverse=True)[1].astype(np.int64)
    return table[kept].reset_index(drop=True), numbered, small


def _not_judged(labelled: Labelled, chosen: pd.DataFrame, small: Mapping[str, int]) -> list[str]:
    """Return what was not judged, and why, a sentence each."""
    said = []
    if left := len(labelled.dataset) - len(chosen):
        said.append(f"{left:,} training images: diagnose.images is how many are judged (evergreen doctor --all: all)")
    if small:
        named = ", ".join(f"{name} ({count})" for name, count in list(small.items())[:_MOST_NAMED])
        more = f" and {len(small) - _MOST_NAMED} more" if len(small) > _MOST_NAMED else ""
        said.append(f"classes with fewer than {LEAST_OF_A_CLASS} different images among those judged: {named}{more}")
    if len(labelled.aside):
        said.append(f"{len(labelled.aside):,} images that the split set aside")
    return said


def _of_folds(labelled: Labelled, table: pd.DataFrame, classes: list[str], present: list[str]) -> dict[str, np.ndarray]:
    """Return what the recipe's folds said of the judged images, where they said something of each."""
    if labelled.folds is None:
        return {}
    predictions, scores = labelled.folds
    place = {path: number for number, path in enumerate(predictions["path"])}
    if not set(table["path"]) <= set(place):
        return {}
    rows = scores[np.ix_([place[path] for path in table["path"]], [classes.index(name) for name in present])]
    rows = np.clip(rows.astype(np.float64), 1e-7, 1)
    return {"networks of the recipe's folds": rows / rows.sum(axis=1, keepdims=True)}


def _how(found: Probed, seen: Seen, count: int) -> dict[str, Any]:
    best = found.best
    others = ", ".join(f"{probe.name} {probe.accuracy:.1%}, {probe.loss:.3f}" for probe in found.candidates[1:])
    words = (
        f"Each image was judged by others, never by its near-duplicates: {best.name} over {seen.how} answers "
        f"{best.accuracy:.1%} of the labels, cross-entropy {best.loss:.3f}; of the others ({others}) none has less."
    )
    if count > MOST_LEARNED:
        words += f" It learned from every {-(-count // MOST_LEARNED)}th image."
    return {
        "words": words,
        "chosen": best.name,
        "features": seen.how,
        "folds": FOLDS,
        "accuracy": best.accuracy,
        "candidates": [probe.as_json() for probe in found.candidates],
    }


def _in_words(facts: Mapping[str, Any]) -> str:
    low, high = facts["expected_share_low"], facts["expected_share_high"]
    found, answered = facts["counts"][LABEL_ERROR], facts["probabilities"]["accuracy"]
    if answered < LEAST_ANSWERED:
        return (
            f"How many of {facts['judged']:,} labels are wrong is not known: the probe answers {answered:.1%} of them, "
            f"expected {LEAST_ANSWERED:.0%} and more, and below that most of what it doubts are its own errors. "
            f"{found:,} are named, the likeliest first, and most of them may be right."
        )
    return (
        f"Of {facts['judged']:,} labels about {facts['expected_share']:.1%} are wrong (95 % interval {low:.1%} to "
        f"{high:.1%}), {facts['expected_count']:,} images; {found:,} are named, the likeliest first. The probe answers "
        f"{answered:.1%} of the labels, and its own confident errors count as wrong labels."
    )

"""What tests of drift found, in words, and which pictures carry it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evergreen.drifting import statistics
from evergreen.drifting.reference import Known, Reference

DRIFT, NONE, CANNOT = "drift", "no drift found", "cannot tell"
TITLES = {
    "answers": "the model's probabilities",
    "shares": "shares of its answers",
    "features": "what the network sees",
    "unlike": "unlike anything before",
    "brightness": "brightness",
    "sharpness": "sharpness",
    "size": "size and shape of the files",
}
_FAR = 0.99


def source(name: str, learned: Known, new: Known, classes: Sequence[str], *, found: bool) -> tuple[str, np.ndarray]:
    """Return a difference in words, and for each new image how much it carries of it, (N,).

    Args:
        name: of the test.
        learned: the reference.
        new: features in the reference's space.
        classes: names in order.
        found: whether the test found a difference; else the words say that it did not.
    """
    words, weight = _TOLD[name](learned, new, classes)
    return words if found else "no difference found", weight


def verdict(
    found: str,
    p: float,
    threshold: float,
    smallest: float,
    share: float | None,
    sizes: tuple[int, int, int, int],
    sources: Sequence[str],
) -> str:
    """Return what all tests together say, in a sentence or two.

    Args:
        found: drift, no drift found, or cannot tell.
        p: of all tests together.
        threshold: below which it is drift.
        smallest: the least p that so many images can give.
        share: below which a change goes unseen, as a rule.
        sizes: new images, their units, images of the reference and of the calibration.
        sources: tests that found a difference.
    """
    new, units, reference, calibration = sizes
    groups = f" in {units:,} groups" if units != new else ""
    about = f"{new:,} new images{groups} against {reference + calibration:,} that the model was judged by"
    if found == CANNOT:
        return (
            f"Cannot tell: of {about}, the least p-value that can come out is {smallest:.2g}, not below {threshold:g}: "
            "more images, or more groups of them, are needed."
        )
    if found == DRIFT:
        where = ", ".join(TITLES[name] for name in sources)
        told = f"p = {p:.2g}, below {threshold:g}"
        return f"Drift: {about} differ in {where} ({told})."
    return (
        f"No drift found: {about} (p = {p:.2g}, not below {threshold:g}). That is no proof: a change that shows in "
        f"less than about {share or 0:.0%} of the images goes unseen, as a rule."
    )


def notes(reference: Reference, new: Known, share: float | None) -> list[str]:
    """Return what a reader must know beside the numbers."""
    said = []
    if reference.judged != "test":
        said.append(
            "there is no test split: the model is held against validation images, which chose its epoch, so drift is "
            "found by mistake more often than the p-values say"
        )
    if new.features is None:
        said.append("of a log there are probabilities alone: what the network sees and the pictures were not compared")
    if share is not None and share > 0.5:
        said.append(
            f"so few images say little: only a change of about {share:.0%} of them, or a very large one, would be found"
        )
    return said


def _answers(learned: Known, new: Known, classes: Sequence[str]) -> tuple[str, np.ndarray]:
    before, now = learned.scores.mean(axis=0), new.scores.mean(axis=0)
    at = int(np.abs(now - before).argmax())
    words = f"{classes[at]} has a probability of {now[at]:.0%} on average, {before[at]:.0%} before"
    return f"{words}; the likeliest class {_top(new):.0%}, {_top(learned):.0%} before", np.sign(
        now[at] - before[at]
    ) * new.scores[:, at]


def _top(known: Known) -> float:
    return float(known.scores.max(axis=1).mean())


def _shares(learned: Known, new: Known, classes: Sequence[str]) -> tuple[str, np.ndarray]:
    count = len(classes)
    before = np.bincount(learned.scores.argmax(axis=1), minlength=count) / len(learned)
    now = np.bincount(new.scores.argmax(axis=1), minlength=count) / len(new)
    more, less = int((now - before).argmax()), int((before - now).argmax())
    words = (
        f"{classes[more]} is {now[more]:.0%} of the answers, {before[more]:.0%} before; "
        f"{classes[less]} {now[less]:.0%}, {before[less]:.0%} before"
    )
    return words, new.scores[:, more]


def _features(learned: Known, new: Known, _: Sequence[str]) -> tuple[str, np.ndarray]:
    """The witness of the discrepancy says which images carry it (Gretton et al. 2012, section 2.3)."""
    among, to_reference = statistics.kernels(_of(learned.features), _of(new.features))
    return "what the network makes of them lies elsewhere than before", among.mean(axis=1) - to_reference


def _unlike(learned: Known, new: Known, _: Sequence[str]) -> tuple[str, np.ndarray]:
    own = statistics.far(_of(learned.features), _of(learned.features), own=True)
    away = statistics.far(_of(learned.features), _of(new.features))
    share = float((away > np.quantile(own, _FAR)).mean())
    words = (
        f"{share:.0%} of them are farther from all that it was judged by than {_FAR:.0%} of those are from each other: "
        "another class, another place, another camera"
    )
    return words, away


def _brightness(learned: Known, new: Known, _: Sequence[str]) -> tuple[str, np.ndarray]:
    return _look(learned, new, 0, ("darker", "brighter"), "brightness of 255")


def _sharpness(learned: Known, new: Known, _: Sequence[str]) -> tuple[str, np.ndarray]:
    return _look(learned, new, 1, ("blurred", "sharper, or noisy"), "variance of the Laplacian")


def _of(values: np.ndarray | None) -> np.ndarray:
    """Return what a test looked at, which is there."""
    if values is None:
        raise ValueError("expected what the test looked at, received nothing")
    return values


def _look(learned: Known, new: Known, column: int, how: tuple[str, str], what: str) -> tuple[str, np.ndarray]:
    values = _of(new.looks)[:, column]
    before, now = float(np.median(_of(learned.looks)[:, column])), float(np.median(values))
    if now == before:
        return f"as much in the middle, otherwise spread: median {what} {now:.0f}", np.abs(values - before)
    signed = (values - before) * np.sign(now - before)
    return f"{how[now > before]}: median {what} {now:.0f}, {before:.0f} before", signed


def _size(learned: Known, new: Known, _: Sequence[str]) -> tuple[str, np.ndarray]:
    sizes = _of(new.looks)[:, 2:]
    before, now = np.median(_of(learned.looks)[:, 2:], axis=0), np.median(sizes, axis=0)
    away = np.abs(np.log(np.maximum(sizes, 1) / np.maximum(before, 1))).sum(axis=1)
    return f"median {now[1]:.0f} x {now[0]:.0f} pixels, {before[1]:.0f} x {before[0]:.0f} before", away


_TOLD = {
    "answers": _answers,
    "shares": _shares,
    "features": _features,
    "unlike": _unlike,
    "brightness": _brightness,
    "sharpness": _sharpness,
    "size": _size,
}

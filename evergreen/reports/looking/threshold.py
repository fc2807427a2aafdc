"""Coverage against accuracy: how many answers are left, and how right these are, if less sure ones are called unsure.

Counted at some hundred thresholds, and exactly there: of judged predictions, whose probabilities have six decimals. The
page's script only adds these counts up, so it says what is said here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.judging.metrics import wilson

if TYPE_CHECKING:
    import pandas as pd

_DIGITS = 6  # of a probability in predictions
_QUANTILES = 200
_ALSO = (0.5, 0.7, 0.9, 0.95, 0.99)  # beside the chosen one, where there is no script
# More counts than so many would be over a megabyte of numbers: then classes stay at the chosen threshold.
_MOST_COUNTS = 60_000
_WIDTH, _HEIGHT = 520, 290
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 26, 12, 46


@dataclass(frozen=True)
class Coverage:
    """What is left of judged answers at some thresholds.

    Attributes:
        thresholds: (M,) float64, ascending, from 0; an answer of at least that probability is given.
        answered: (M, K) int64, answers that are given, by true class.
        right: (M, K) int64, the right ones of these.
        images: (K,) int64, judged images by true class.
        chosen: position of the threshold that validation chose; 0 where all answers are given, None where none
            reached the precision that was asked for.
    """

    thresholds: np.ndarray
    answered: np.ndarray
    right: np.ndarray
    images: np.ndarray
    chosen: int | None

    @property
    def start(self) -> int:
        """Where the slider stands first: at the chosen threshold, or where every answer is given."""
        return self.chosen or 0


def coverage(judged: pd.DataFrame, classes: Sequence[str], chosen: float | None) -> Coverage:
    """Return what is left at thresholds: hundredths, the judged answers' own quantiles, and the chosen one.

    Args:
        judged: label, predicted, probability.
        classes: names in order.
        chosen: ``Calibration.unsure_below``.
    """
    probability = judged["probability"].astype(float).to_numpy().round(_DIGITS)
    index = {name: position for position, name in enumerate(classes)}
    truth = judged["label"].map(index).to_numpy(np.int64)
    right = (judged["label"] == judged["predicted"]).to_numpy()
    own = np.quantile(probability, np.linspace(0, 1, _QUANTILES + 1), method="inverted_cdf") if len(judged) else []
    marked = [] if chosen is None else [round(chosen, _DIGITS)]
    thresholds = np.unique(np.concatenate([np.arange(100) / 100, own, marked]))
    # Which is the highest threshold that an answer still reaches: it is given at that one, and at all below.
    reached = np.searchsorted(thresholds, probability, side="right") - 1
    shape = (len(thresholds), len(classes))
    flat = np.ravel_multi_index((reached, truth), shape)
    counted = [np.bincount(flat[of], minlength=shape[0] * shape[1]).reshape(shape) for of in (slice(None), right)]
    answered, good = (np.cumsum(counts[::-1], axis=0)[::-1] for counts in counted)
    at = None if chosen is None else int(np.searchsorted(thresholds, marked[0]))
    return Coverage(thresholds, answered, good, np.bincount(truth, minlength=len(classes)), at)


@dataclass(frozen=True)
class Left:
    """What is left of some judged images.

    Attributes:
        images: so many there are.
        answered: so many answers are given.
        right: so many of these are right.
        low, high: the 95 % interval (Wilson) of the accuracy among answered; 0 and 1 where nothing is.
    """

    images: int
    answered: int
    right: int
    low: float
    high: float

    @property
    def coverage(self) -> float:
        """The share of images with an answer, 0-1; 0 of no images."""
        return self.answered / self.images if self.images else 0.0

    @property
    def accuracy(self) -> float:
        """The share of right ones among answered, 0-1; 0 of none."""
        return self.right / self.answered if self.answered else 0.0


def left(images: int, answered: int, right: int) -> Left:
    """Return what is left of so many images."""
    low, high = wilson(right, answered) if answered else (0.0, 1.0)
    return Left(images, answered, right, low, high)


def overall(found: Coverage, at: int) -> Left:
    """Return what is left of all judged images at a threshold, by its position."""
    return left(int(found.images.sum()), int(found.answered[at].sum()), int(found.right[at].sum()))


def by_class(found: Coverage, at: int) -> list[Left]:
    """Return what is left of each class at a threshold, by its position."""
    counts = zip(found.images, found.answered[at], found.right[at], strict=True)
    return [left(*(int(count) for count in row)) for row in counts]


def said(threshold: float) -> str:
    """Return a threshold with as many decimals as it has, two at least and six at most."""
    text = f"{threshold:.{_DIGITS}f}".rstrip("0")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<2}"


def shown(found: Coverage, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page shows of it.

    Args:
        found: as ``coverage`` gave it.
        facts: as ``Calibration.as_json`` returned them, of this version or an earlier one.
    """
    few = {0, found.start, *(int(np.searchsorted(found.thresholds, value)) for value in _ALSO)}
    rows = [(position, said(found.thresholds[position]), overall(found, position)) for position in sorted(few)]
    # A threshold has more decimals than a stored probability: answers that are one with it at six may lie below it.
    exact = facts.get("sure")
    now = int(found.answered[found.start].sum())
    tied = now - exact if exact is not None and found.chosen and now != exact else 0
    return {
        "few": rows,
        "start": found.start,
        "chosen": found.chosen,
        "at": said(found.thresholds[found.start]),
        "last": len(found.thresholds) - 1,
        "left": overall(found, found.start),
        "classes": by_class(found, found.start),
        "curve": curve(found),
        "tied": tied,
        "data": data_of(found),
        "precision": facts["unsure_precision"],
    }


def data_of(found: Coverage) -> dict[str, Any]:
    """Return what the script needs, as JSON values.

    Returns:
        ``thresholds`` as they are said; ``images``; ``answered`` and ``right`` of all classes at each threshold;
        ``steps``: what each threshold adds to the next higher one, as position, class, answered, right, one after the
        other, or None where that would be too much; ``frame``: where the curve is drawn.
    """
    more = np.concatenate([found.answered[1:], np.zeros_like(found.answered[:1])])
    also = np.concatenate([found.right[1:], np.zeros_like(found.right[:1])])
    added, good = found.answered - more, found.right - also
    where = np.argwhere(added > 0)
    steps = None
    if len(where) <= _MOST_COUNTS:
        at = tuple(where.T)
        steps = np.column_stack([where, added[at], good[at]]).ravel().tolist()
    return {
        "thresholds": [said(value) for value in found.thresholds],
        "images": found.images.tolist(),
        "answered": found.answered.sum(axis=1).tolist(),
        "right": found.right.sum(axis=1).tolist(),
        "steps": steps,
        "frame": frame(found),
    }


def frame(found: Coverage) -> dict[str, float]:
    """Return where the curve is drawn: left, top, width and height of its axes, and the accuracy at their foot."""
    answered, right = found.answered.sum(axis=1), found.right.sum(axis=1)
    given = answered > 0
    worst = float((right[given] / answered[given]).min()) if given.any() else 0.0
    least = min(0.9, np.floor(worst * 10) / 10)
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    return {"left": _LEFT, "top": _TOP, "width": wide, "height": high, "least": float(round(least, 1))}


def place(frame: Mapping[str, float], one: Left) -> tuple[float, float]:
    """Return where coverage and accuracy lie in the drawing."""
    return frame["left"] + frame["width"] * one.coverage, _height(frame, one.accuracy)


def _height(frame: Mapping[str, float], share: float) -> float:
    part = (share - frame["least"]) / (1 - frame["least"])
    return frame["top"] + frame["height"] * (1 - max(0.0, part))


def curve(found: Coverage) -> str:
    """Return accuracy against coverage as an SVG, with its interval, the chosen threshold, and the slider's place."""
    box = frame(found)
    points = [one for at in range(len(found.thresholds)) if (one := overall(found, at)).answered]
    foot, end = box["top"] + box["height"], box["left"] + box["width"]
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="coverage-title">'
        '<title id="coverage-title">Accuracy among answered images against coverage</title>'
    ]
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x = box["left"] + box["width"] * tick
        parts.append(f'<text x="{x:.1f}" y="{foot + 18:.1f}" text-anchor="middle">{100 * tick:.0f} %</text>')
    count = 4 if box["least"] <= 0.6 else round((1 - box["least"]) / 0.05) if box["least"] >= 0.8 else 3
    for step in range(count + 1):
        share = box["least"] + (1 - box["least"]) * step / count
        y = _height(box, share)
        parts.append(f'<path class="grid" d="M{box["left"]:.1f} {y:.1f}H{end:.1f}"/>')
        digits = 0 if abs(100 * share - round(100 * share)) < 1e-6 else 1
        at = f'x="{box["left"] - 6:.1f}" y="{y + 4:.1f}"'
        parts.append(f'<text {at} text-anchor="end">{100 * share:.{digits}f} %</text>')
    middle = box["left"] + box["width"] / 2
    parts.append(f'<text x="{middle:.1f}" y="{foot + 38:.1f}" text-anchor="middle">coverage</text>')
    if points:
        along = [(*place(box, one), _height(box, one.low), _height(box, one.high)) for one in points]
        upper = " ".join(f"{x:.1f},{high:.1f}" for x, _, _, high in along)
        lower = " ".join(f"{x:.1f},{low:.1f}" for x, _, low, _ in reversed(along))
        parts.append(f'<polygon class="band" points="{upper} {lower}"/>')
        parts.append(f'<polyline class="line" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in along)}"/>')
    if found.chosen is not None and (one := overall(found, found.chosen)).answered:
        x, y = place(box, one)
        parts.append(
            f'<circle class="chosen" cx="{x:.1f}" cy="{y:.1f}" r="8"><title>chosen on validation</title></circle>'
        )
    one = overall(found, found.start)
    x, y = place(box, one)
    hidden = "" if one.answered else ' style="display:none"'
    parts.append(f'<circle class="here" cx="{x:.1f}" cy="{y:.1f}" r="4.5"{hidden}/>')
    return "".join([*parts, "</svg>"])

"""What the pictures of a sweep are drawn with: escaped text, colours by accuracy, numbers along an axis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from statistics import median
from typing import Any

from evergreen.reports.figures import BLUE, GREY, ORANGE
from evergreen.sources.archives.names import visible
from evergreen.sweeping.found import is_finite, ranking
from evergreen.sweeping.naming import trial_name
from evergreen.sweeping.states import FAILED, PRUNED

MOST_LINES = 200
# Of text and axes, on a page whose style says what its ink is; an SVG that is a picture takes grey.
CURRENT = "currentColor"
_FONT = 'font-family="system-ui, sans-serif" font-size="12"'
_LONGEST = 17  # characters of a label


def opening(width: float, height: float, title: str) -> str:
    """Return the first tag of a picture that keeps its size, and its title."""
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}><title>{plain(title)}</title>'


def plain(text: str) -> str:
    """Return text that an SVG shows as it stands, wherever it stands."""
    return escape(visible(text))


def label(x: float, y: float, text: str, *, ink: str, anchor: str = "middle", more: str = "", cut: bool = True) -> str:
    """Return a word at a place; a long one is cut, and whole in its title."""
    said = text if len(text) <= _LONGEST or not cut else f"{text[: _LONGEST - 1]}…"
    whole = f"<title>{plain(text)}</title>" if said != text else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{ink}" {_FONT}{more}>{plain(said)}{whole}</text>'
    )


def colour(share: float) -> str:
    """Return the colour of a place between the lowest accuracy (0, orange) and the highest (1, blue), over grey."""
    first, last, part = (ORANGE, GREY, 2 * share) if share < 0.5 else (GREY, BLUE, 2 * share - 1)
    mixed = (round(_channel(first, n) + part * (_channel(last, n) - _channel(first, n))) for n in range(3))
    return "#" + "".join(f"{value:02x}" for value in mixed)


def _channel(hexadecimal: str, number: int) -> int:
    return int(hexadecimal[1 + 2 * number : 3 + 2 * number], 16)


def colours(trials: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Return number of a trial -> its colour by validation accuracy; grey of one that did not end well."""
    ranked = ranking(trials)
    low, high, _ = scale_of(trials)
    shares = {
        trial["number"]: max(0.0, (trial["val_accuracy"] - low) / (high - low)) if high > low else 1.0
        for trial in ranked
    }
    return {trial["number"]: GREY for trial in trials} | {number: colour(share) for number, share in shares.items()}


def scale_of(trials: Sequence[Mapping[str, Any]]) -> tuple[float, float, bool]:
    """Return the accuracies at the ends of the scale of colours, and whether some trials lie below the lower one.

    A few that learned nothing would leave all others one colour, so the scale ends three times as far below the highest
    accuracy as the median does.
    """
    known = [trial["val_accuracy"] for trial in ranking(trials)]
    if not known:
        return 0.0, 0.0, False
    high, least = known[0], known[-1]
    low = max(least, high - 3 * (high - median(known)))
    return low, high, low > least


def drawn(trials: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the trials that a picture shows in the order of drawing, the best last and so on top; not over 200."""
    ranked = ranking(trials)
    ended = {trial["number"] for trial in ranked}
    others = [trial for trial in trials if trial["number"] not in ended and trial["state"] != "waiting"]
    others.sort(key=lambda trial: (trial["state"] == PRUNED, trial["val_accuracy"] or 0.0, -trial["number"]))
    return [*others, *reversed(ranked)][-MOST_LINES:]


def line_style(trial: Mapping[str, Any], best: int | None) -> str:
    """Return how a trial's line looks: the best one broad, one that ended whole, others dashed or dotted."""
    if trial["number"] == best:
        return 'stroke-width="3.5"'
    if trial["state"] == FAILED:
        return 'stroke-width="1.4" stroke-dasharray="2 3" opacity=".9"'
    dashes = "" if trial["state"] in ("trained", "reused") else ' stroke-dasharray="6 3"'
    return f'stroke-width="1.6" opacity=".8"{dashes}'


def line_of(trial: Mapping[str, Any], points: Sequence[tuple[float, float]], colour: str, best: int | None) -> str:
    """Return a trial's line with its name, over a broad one that is not seen, so that it is easily pointed at.

    Args:
        trial: whose it is.
        points: one or more.
        colour: of the line.
        best: number of the best trial.
    """
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    ended = trial["state"] in ("trained", "reused")
    mark = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' if ended else cross(x, y, colour)
    named = plain(name_of(trial, best))
    return (
        f'<g data-trial="{trial["number"]}" data-name="{named}"><title>{named}</title>'
        f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-opacity="0" stroke-width="11"/>'
        f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-linejoin="round" {line_style(trial, best)}/>'
        f"{mark}</g>"
    )


def cross(x: float, y: float, colour: str) -> str:
    """Return the mark of a trial that was ended before its time."""
    return (
        f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8" fill="none" stroke="{colour}" stroke-width="2.2" '
        'class="cross"/>'
    )


def name_of(trial: Mapping[str, Any], best: int | None) -> str:
    """Return a trial's name, what it reached, and its state where that is not plain."""
    words = [trial_name(trial)]
    if is_finite(trial["val_accuracy"]):
        words.append(f"validation accuracy {trial['val_accuracy']:.2%}")
    words.append("the best" if trial["number"] == best else state_of(trial))
    return ", ".join(words)


def state_of(trial: Mapping[str, Any]) -> str:
    """Return a trial's state in words, a pruned one's with the epoch."""
    return f"pruned at epoch {trial['epochs']}" if trial["state"] == PRUNED else str(trial["state"])


def steps(low: float, high: float, most: int = 5) -> list[float]:
    """Return round numbers from low to high, 1, 2 or 5 times a power of ten apart, not more than ``most`` + 1."""
    if high <= low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    width = next(power * times for times in (1, 2, 5, 10) if power * times >= rough * 0.999)
    first, last = math.ceil(low / width - 1e-9), math.floor(high / width + 1e-9)
    return [round(number * width, 12) for number in range(first, last + 1)]

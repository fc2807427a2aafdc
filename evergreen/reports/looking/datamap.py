"""A map of judged images: an SVG that reads without a script, and what a script shows of the mark pointed at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evergreen.sources.archives.names import visible

if TYPE_CHECKING:
    import pandas as pd

# Of so many classes each has a colour and shape of its own; of more they repeat, and one is chosen from a list.
COLOURS = 6
_SHAPES = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0",  # a disc
    "M-3.6-3.6h7.2v7.2h-7.2z",  # a square
    "M0-4.8l4.6 8h-9.2z",  # a triangle
    "M0-5l5 5l-5 5l-5-5z",  # a diamond
    "M0 4.8l4.6-8h-9.2z",  # a triangle on its tip
)
MOST_TOLD_APART = COLOURS * len(_SHAPES)
_SIDE, _EDGE = 640, 16
_LONGEST = 120  # characters of a file's name
WAYS = {"tsne": "by neighbours (t-SNE)", "pca": "by variance (PCA)"}


def mark(index: int) -> tuple[int, str]:
    """Return the number of a class's colour, and its shape around 0, 0 as the path of an SVG."""
    return index % COLOURS, _SHAPES[index // COLOURS % len(_SHAPES)]


def shown(
    places: pd.DataFrame,
    projection: Mapping[str, Any],
    judged: pd.DataFrame,
    classes: Sequence[str],
    tiles: Mapping[str, tuple[int, int]],
) -> dict[str, Any] | None:
    """Return what the page shows; None where no judged image has a place.

    Args:
        places: path, and x and y by way, as the step ``reference`` published them.
        projection: ``variance`` and ``kept``.
        judged: path, label, predicted, probability of judged images.
        classes: names in order.
        tiles: path -> column and row of its picture.
    """
    table = places.merge(judged[["path", "label", "predicted", "probability"]], on="path")
    if not len(table):
        return None
    # Mistakes are drawn last, and so on top.
    table = table.assign(wrong=table["label"] != table["predicted"]).sort_values(["wrong", "path"], ignore_index=True)
    ways = [way for way in WAYS if f"{way}_x" in table]
    index = {name: position for position, name in enumerate(classes)}
    truth = [index[str(label)] for label in table["label"]]
    at = {way: _pixels(table[f"{way}_x"], table[f"{way}_y"]) for way in ways}
    return {
        "svg": _svg(truth, list(table["wrong"]), at[ways[0]]),
        "count": len(table),
        "of": len(judged),
        "wrong": int(table["wrong"].sum()),
        "ways": {way: WAYS[way] for way in ways},
        "variance": projection["variance"],
        "kept": projection["kept"],
        "legend": [(*mark(position), name) for position, name in enumerate(classes)],
        "told_apart": len(classes) <= MOST_TOLD_APART,
        "data": {
            "first": ways[0],  # an object's names have no order that lasts
            "classes": [visible(name) for name in classes],
            "ways": {way: [value for place in at[way] for value in place] for way in ways},
            "truth": truth,
            "answer": [index[str(name)] for name in table["predicted"]],
            "percent": [f"{100 * float(value):.1f}" for value in table["probability"]],
            "names": [_cut(str(path)) for path in table["path"]],
            "tiles": [value for path in table["path"] for value in tiles[path]],
        },
    }


def _pixels(across: pd.Series, up: pd.Series) -> list[tuple[float, float]]:
    half = _SIDE / 2
    reach = half - _EDGE
    return [
        (round(half + reach * x, 1), round(half - reach * y, 1))
        for x, y in zip(across.astype(float), up.astype(float), strict=True)
    ]


def _cut(path: str) -> str:
    name = visible(path)
    return name if len(name) <= _LONGEST else f"…{name[-_LONGEST:]}"


def _svg(truth: Sequence[int], wrong: Sequence[bool], places: Sequence[tuple[float, float]]) -> str:
    marks = "".join(
        f'<path class="c{colour}{" wrong" if bad else ""}" d="{shape}" transform="translate({x} {y})"/>'
        for (colour, shape), bad, (x, y) in zip(map(mark, truth), wrong, places, strict=True)
    )
    return (
        f'<svg id="map" viewBox="0 0 {_SIDE} {_SIDE}" role="img" aria-label="Map of judged images">'
        f'<g id="map-marks">{marks}</g><circle id="map-ring" r="9" display="none"/></svg>'
    )

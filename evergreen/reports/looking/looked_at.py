"""What a report shows to look at: which pictures, each embedded once, where they are, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evergreen.reports.looking import datamap, threshold
from evergreen.reports.looking.cells import Cell, cells
from evergreen.reports.looking.sheet import sheet

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class Looking:
    """What is needed to show judged images.

    Attributes:
        pictures: gives, for the paths of images, blocks of them in that order, (N, H, W, 3) uint8, all of one shape: as
            the network is shown them.
        places: where some of them lie in a plane, as ``Projection.table`` says; None where nobody knows.
        projection: as ``Projection.facts`` says.
    """

    pictures: Callable[[list[str]], Iterable[np.ndarray]]
    places: pd.DataFrame | None
    projection: Mapping[str, Any]


def with_paths(dataset: pd.DataFrame, paths: Sequence[str]) -> pd.DataFrame:
    """Return the rows of a dataset that have these paths, in their order."""
    return dataset.set_index("path", drop=False).loc[list(paths)].reset_index(drop=True)


def looked_at(
    looking: Looking | None,
    judged: pd.DataFrame,
    classes: Sequence[str],
    calibration: Mapping[str, Any],
    pairs: Sequence[tuple[str, str]] | None,
) -> dict[str, Any]:
    """Return what the page's template shows: opened, open_at, tiles, tile_style, map and threshold.

    Args:
        looking: None shows no picture.
        judged: path, label, predicted, probability, loss of judged images.
        classes: names in order.
        calibration: as ``Calibration.as_json`` returned it.
        pairs: true class and answer of cells that open; None for all that have an image.
    """
    from markupsafe import Markup

    opened: list[Cell] = []
    tiles: dict[str, tuple[int, int]] = {}
    style, seen = "", None
    if looking is not None:
        opened = cells(judged, classes, pairs)
        known = set(judged["path"])
        placed = [] if looking.places is None else [path for path in looking.places["path"] if path in known]
        paths = list(dict.fromkeys([*(row["path"] for cell in opened for row in cell.pictures), *placed]))
        if paths and (made := sheet(picture for block in looking.pictures(paths) for picture in block)):
            tiles, style = {path: made.at(number) for number, path in enumerate(paths)}, made.style
        if looking.places is not None:
            seen = datamap.shown(looking.places, looking.projection, judged, classes, tiles)
    opened = [cell for cell in opened if cell.pictures]
    moved = threshold.shown(threshold.coverage(judged, classes, calibration["unsure_below"]), calibration)
    # What is drawn was escaped where it was drawn: of it, only numbers are anybody's.
    return {
        "opened": opened,
        "open_at": {(cell.truth, cell.answer): cell.name for cell in opened},
        "tiles": tiles,
        "tile_style": Markup(style),  # noqa: S704
        "map": seen and seen | {"svg": Markup(seen["svg"])},  # noqa: S704
        "threshold": moved | {"curve": Markup(moved["curve"])},  # noqa: S704
    }

"""What a report shows of heat maps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.reports.explaining.overlay import SCALE, enlarged, from_png, overlay, webp

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.reports.found import Heats

METHODS = {
    "grad-cam": "Grad-CAM (Selvaraju et al. 2017): the places of the network's last feature map that raise the score "
    "of the class, brought up from that map's size. Each map's hottest place is yellow, however little it counted",
    "occlusion": "Occlusion (Zeiler and Fergus 2014): what probability the class loses while a patch of the picture's "
    "mean colour hides the place. Each map's hottest place is yellow, if hiding it costs a point or more",
}
_FIRST_WRONG, _FIRST_RIGHT = 4, 2


def shown_heat(
    heats: Heats | None, predictions: pd.DataFrame, small: Callable[[dict[str, Any]], np.ndarray]
) -> dict[str, Any] | None:
    """Return what the section shows: ``method``, ``scale``, ``first`` and ``more`` images; None without heat maps.

    Args:
        heats: the maps.
        predictions: path, label, predicted, probability, loss and sha256 of every image.
        small: gives the thumbnail, (H, W, 3) uint8, of such a row.
    """
    if heats is None:
        return None
    images = []
    wanted = [entry["path"] for entry in heats.facts["images"]]
    rows = predictions[predictions["path"].isin(wanted)].astype({"loss": float, "probability": float})
    by_path = {row["path"]: row for row in rows.to_dict("records")}
    for entry in heats.facts["images"]:
        row = by_path[entry["path"]]
        picture = enlarged(small(row))
        maps = [_shown(heats.maps[one["file"]], picture) | {"label": one["label"]} for one in entry["maps"]]
        images.append(row | {"right": row["label"] == row["predicted"], "address": webp(picture), "maps": maps})
    wrong, right = ([one for one in images if one["right"] is so] for so in (False, True))
    shown_wrong = wrong[:_FIRST_WRONG]
    shown_right = right[: _FIRST_WRONG + _FIRST_RIGHT - len(shown_wrong)]
    return {
        "method": METHODS[heats.facts["method"]],
        "scale": ", ".join(SCALE),
        "first": [*shown_wrong, *shown_right],
        "more": [*wrong[len(shown_wrong) :], *right[len(shown_right) :]],
    }


def _shown(data: bytes, picture: np.ndarray) -> dict[str, Any]:
    heat = from_png(data)
    return {"address": webp(overlay(picture, heat)), "cold": not heat.any()}

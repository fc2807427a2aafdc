"""What a model leans on, in words: from what it lost under each change of ``judging.shortcuts``. Imports no library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LEAST_IMAGES = 10
LEANS = 0.05  # of accuracy: a model that surely loses more leans on what was taken away


def told(sample: int, changes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a model leans on, as programs and people read it.

    Args:
        sample: how many images the changes were tried on.
        changes: one a change, in the order of the table: what ``shortcuts.Loss.as_json`` returns.

    Returns:
        ``leans_on``, each thing once; ``summary``, a sentence; ``sample``; ``changes``.
    """
    leans_on = list(dict.fromkeys(row["leans_on"] for row in changes if row["leans_on"]))
    return {"leans_on": leans_on, "summary": _sentence(leans_on, changes), "sample": sample, "changes": list(changes)}


def in_points(row: Mapping[str, Any] | None, name: str) -> str:
    """Return a share of accuracy as points, with its interval: ``7.4 (4.3 to 10.5)``; or that nobody measured it.

    Args:
        row: has it under ``name``, and its limits under ``name_low`` and ``name_high``, 0-1; or None.
        name: ``lost``, ``accuracy`` or ``gained``.
    """
    if row is None or row[name] is None:
        return "not measured"
    value, low, high = (100 * row[key] for key in (name, f"{name}_low", f"{name}_high"))
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def _sentence(leans_on: Sequence[str], changes: Sequence[Mapping[str, Any]]) -> str:
    if not changes:
        return "What the model leans on was not measured: evaluate.shortcut_images is 0."
    unknown = [row["name"] for row in changes if row["accuracy"] is None]
    if len(unknown) == len(changes):
        return f"What the model leans on was not measured: no change could be made to {LEAST_IMAGES} images."
    lost = [f"{row['name']} {100 * row['lost']:.1f}" for row in changes if row["leans_on"]]
    found = (
        f"The model leans on {', '.join(leans_on)} (points of accuracy lost: {', '.join(lost)})."
        if leans_on
        else f"No change that was tried costs over {100 * LEANS:.0f} points of accuracy, chance aside."
    )
    perhaps = [
        f"{row['name']} {in_points(row, 'lost')}"
        for row in changes
        if row["lost"] is not None and not row["leans_on"] and 0 < row["lost_low"] <= LEANS < row["lost_high"]
    ]
    found += f" Perhaps over {100 * LEANS:.0f}: {', '.join(perhaps)}." if perhaps else ""
    left = f" Not measured, on fewer than {LEAST_IMAGES} images: {', '.join(unknown)}." if unknown else ""
    return found + left

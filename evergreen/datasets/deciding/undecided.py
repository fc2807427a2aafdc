"""About which images somebody is still to be asked; it knows no dataset, so that pages and reports may ask it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from evergreen.decisions.decision import KEEP, Decision

_Row = TypeVar("_Row", bound=Mapping[str, Any])


def undecided(rows: Sequence[_Row], made: Mapping[str, Decision]) -> list[_Row]:
    """Return the rows of suspects about which nobody has decided; of a label that was kept and is another now, too.

    Args:
        rows: each with sha256 and label, the label that an image has now; of one under two labels there are two.
        made: SHA-256 -> decision.
    """
    labels: dict[str, dict[str, None]] = {}
    for row in rows:
        labels.setdefault(row["sha256"], {})[row["label"]] = None
    return [row for row in rows if is_open(made.get(row["sha256"]), *labels[row["sha256"]])]


def decided_in_words(rows: int, left: int) -> str:
    """Return how many of the rows of suspects are shown no more, since people decided; empty if none is."""
    hidden = rows - left
    return f"{hidden:,} of {rows:,} rows: not shown, nor asked about again" if hidden else ""


def is_open(decision: Decision | None, *labels: str) -> bool:
    """Whether somebody is to be asked about an image that has these labels now; none, or an empty one, if it has none.

    Of an image under two labels both cannot be kept, so that is no decision.
    """
    if decision is None:
        return True
    if decision.what != KEEP:
        return False
    if len(labels) > 1:
        return True
    return decision.was is not None and decision.was != "".join(labels)

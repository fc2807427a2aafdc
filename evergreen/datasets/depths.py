"""Images of over 8 bits of which nobody says which values are black and which are white: what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.base import Range

# Cameras give 10, 12, 14 or 16 bits; under this, 16 bits of them would be a picture that is almost black.
_DARK = 4096
_DEPTHS = (8, 10, 12, 14, 16)
_NAMED = 3


@dataclass(frozen=True)
class Depths:
    """What screening found of images whose range nobody states, by SHA-256.

    Attributes:
        unstated: the greatest value of an image of 16 bits; it was read as if all of them counted.
        without: the least and greatest value of an image that was refused for want of a range.
    """

    unstated: dict[str, int]
    without: dict[str, Range]


def question(dataset: pd.DataFrame, depths: Depths, accepted: int) -> str:
    """Return what must be asked before the images can be used; nothing where nothing is doubtful.

    Images of 16 bits are doubtful if all of them stay under 4,096; those that have no range at all, if no others are
    left (where others are, these few are quarantined, and their reason names ``screen.range``).

    Args:
        dataset: path, sha256, of all images.
        depths: what screening found, without a ``screen.range``.
        accepted: how many images are used.
    """
    rows = dataset[dataset["sha256"].isin(depths.unstated)]
    greatest = rows["sha256"].map(depths.unstated)
    if len(rows) and 0 < greatest.max() < _DARK:
        bits = [depth for depth in (10, 12, 16) if greatest.max() < 2**depth]
        first = rows["path"].iloc[greatest.argmax()]
        return _asked(
            f"expected images whose values reach over 16 bits; found {_counted(rows, '16 bits a channel')} that hold "
            f"no value over {greatest.max():,} ({first}) and do not say how many of the bits count. Taken as 16 bits "
            "they are almost black",
            {(0, 2**depth - 1): f"{depth} bits" for depth in bits},
        )
    rows = dataset[dataset["sha256"].isin(depths.without)]
    if len(rows) and not accepted:
        low = min(low for low, _ in depths.without.values())
        high = max(high for _, high in depths.without.values())
        enough = [depth for depth in _DEPTHS if low >= 0 and high < 2**depth]
        readings: dict[Range, str] = {(0, 2**depth - 1): f"{depth} bits" for depth in enough[:2]}
        if low < high:
            readings.setdefault((low, high), "from the least to the greatest that was found")
        return _asked(
            "expected images that say which values are black and white; found "
            f"{_counted(rows, 'numbers of no stated range')} that hold {low:.9g} to {high:.9g}, and no other image",
            readings,
        )
    return ""


def _counted(rows: pd.DataFrame, what: str) -> str:
    paths = ", ".join(rows["path"].head(_NAMED)) + (" ..." if len(rows) > _NAMED else "")
    return f"{len(rows):,} image{'s' * (len(rows) > 1)} with {what} ({paths})"


def _asked(found: str, readings: Mapping[Range, str]) -> str:
    """Return a finding with one line for each way to read the values, for the recipe and for ``--set``."""
    lines = []
    for (low, high), why in readings.items():
        pair = f"[{_number(low)}, {_number(high)}]"
        lines.append(f"  screen.range: {pair}  # {why}; or: --set 'screen.range={pair}'")
    return "\n".join([f"{found}. Add one of these lines to the recipe:", *lines])


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)

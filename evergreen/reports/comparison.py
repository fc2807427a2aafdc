"""Two runs side by side, as one HTML page that stands alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from evergreen.errors import BadImage
from evergreen.images.thumbnails import embedded, thumbnail
from evergreen.reports.page import render
from evergreen.sections.base import Range

MOST_PICTURES = 24
_TINY = 64


def comparison(found: Any, read: Callable[[str], bytes | None], values: Range | None) -> bytes:
    """Return the page; equal runs give equal bytes.

    Args:
        found: what ``runs.looking.compared.Compared`` holds.
        read: gives an image's bytes for its SHA-256, or None if they are no longer stored.
        values: ``screen.range`` of the images.
    """
    together = found.together
    sides = (
        []
        if together is None
        else [
            ("Right before, wrong now", "failed", together.to_wrong),
            ("Wrong before, right now", "passed", together.to_right),
        ]
    )
    return render(
        "comparison.html.j2",
        found=found,
        runs=[found.first, found.second],
        sides=[
            (title, colour, len(pictures), _shown(pictures[:MOST_PICTURES], read, values))
            for title, colour, pictures in sides
        ],
    )


def _shown(
    pictures: Iterable[Any], read: Callable[[str], bytes | None], values: Range | None
) -> list[tuple[Any, str, bool]]:
    """Return each picture with its thumbnail as a data address, empty if it cannot be had, and whether it is tiny."""
    shown = []
    for picture in pictures:
        address, tiny = "", False
        if (data := read(picture.sha256)) is not None:
            try:
                small = thumbnail(data, values=values)
            except BadImage:  # screening took it, in an earlier version maybe
                small = None
            if small is not None:
                address, tiny = embedded(small), max(small.shape[:2]) < _TINY
        shown.append((picture, address, tiny))
    return shown

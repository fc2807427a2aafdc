"""What a shadow found, as shadow.json and as a page that stands alone."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storage import disk

JSON, PAGE = "shadow.json", "shadow.html"
_MOST_ROWS, _MOST_SHOWN = 50, 5


def write(folder: Path, told: Mapping[str, Any]) -> Path:
    """Write both files, each whole or not at all, and return the page's path.

    Args:
        folder: is made.
        told: recipe, challenger, canary (share or None), began, written, and what was compared, newest first.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    disk.replace(folder / JSON, (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode())
    disk.replace(folder / PAGE, page(told))
    return folder / PAGE


def page(told: Mapping[str, Any]) -> bytes:
    """Return the page; arguments as ``write``.

    It names images by their digest alone: what a log keeps can be deleted from it, a copy in a page could not.
    """
    from evergreen.reports.page import render  # late: Jinja and OpenCV

    compared = [{**pair, "classes": [_shown(row) for row in pair["classes"]]} for pair in told["compared"]]
    return render("shadow.html.j2", told={**told, "compared": compared}, most_rows=_MOST_ROWS)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    instead: Sequence[tuple[str, int]] = sorted(row["instead"].items(), key=lambda pair: -pair[1])
    return {
        **row,
        "share": row["agreed"] / row["images"],
        "shown": instead[:_MOST_SHOWN],
        "more": max(0, len(instead) - _MOST_SHOWN),
    }

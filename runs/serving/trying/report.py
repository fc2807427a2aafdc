"""What a shadow found, as shadow.json and as a page that stands alone."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from storage import disk

JSON, PAGE = "shadow.json", "shadow.html"
_MOST_ROWS, _MOST_SHOWN = 50, 5
_MOST_PICTURES, _LARGEST_PICTURE = 40, 256 * 1024
# What every browser shows, by the first bytes of a file; nothing is decoded for the page.
_SHOWN = ((b"\xff\xd8\xff", "jpeg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"GIF8", "gif"), (b"BM", "bmp"))

# The bytes of a picture by its SHA-256, where somebody keeps it; else None.
Picture = Callable[[str], bytes | None]


def no_picture(_sha256: str) -> None:
    """Return None: nobody keeps pictures."""
    return


def write(folder: Path, told: Mapping[str, Any], picture: Picture = no_picture) -> Path:
    """Write both files, each whole or not at all, and return the page's path.

    Args:
        folder: is made.
        told: recipe, challenger, canary (share or None), began, written, and what was compared, newest first.
        picture: where a page may show pictures.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    disk.replace(folder / JSON, (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode())
    disk.replace(folder / PAGE, page(told, picture))
    return folder / PAGE


def page(told: Mapping[str, Any], picture: Picture = no_picture) -> bytes:
    """Return the page; arguments as ``write``."""
    from evergreen.reports.page import render  # late: Jinja and OpenCV

    pictures = _Pictures(picture)
    compared = [
        {
            **pair,
            "classes": [_shown(row) for row in pair["classes"]],
            "examples": [{**row, "picture": pictures.address(row["sha256"])} for row in pair["examples"][:_MOST_ROWS]],
        }
        for pair in told["compared"]
    ]
    return render("shadow.html.j2", told={**told, "compared": compared}, most_rows=_MOST_ROWS)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    instead: Sequence[tuple[str, int]] = sorted(row["instead"].items(), key=lambda pair: -pair[1])
    return {
        **row,
        "share": row["agreed"] / row["images"],
        "shown": instead[:_MOST_SHOWN],
        "more": max(0, len(instead) - _MOST_SHOWN),
    }


class _Pictures:
    """Pictures as addresses that hold them, so many of them, and no large ones."""

    def __init__(self, picture: Picture) -> None:
        self._picture, self._left = picture, _MOST_PICTURES

    def address(self, sha256: str) -> str | None:
        """Return the address of a picture that is kept; None for any other."""
        data = self._picture(sha256) if self._left else None
        kind = next((kind for magic, kind in _SHOWN if data and data.startswith(magic)), None)
        if data is None or kind is None or len(data) > _LARGEST_PICTURE:
            return None
        self._left -= 1
        return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"

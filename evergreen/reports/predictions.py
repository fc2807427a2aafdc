"""What a model says of images, for people and programs: CSV and contact sheets."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from textwrap import wrap
from typing import IO, Any

import numpy as np

from evergreen.reports import pictures
from evergreen.sources.archives.names import visible

_COLUMNS, _PER_PAGE = 6, 48
_WIDTH = 22  # characters over a picture
MOST_PAGES = 20
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Prediction:
    """What a model says of one image.

    Attributes:
        image: how it was named.
        top: (label, probability 0-1) of the likeliest classes, likeliest first; empty if the image cannot be used.
        unsure: whether the first probability is below the threshold that was chosen on validation; None if none was.
        truth: its label, where that is known.
        error: why it cannot be used; empty if it can.
        learned: whether the model learned from this very file, or was chosen by it.
        explained: the file that shows which parts of it spoke for the answer; None where nobody asked.
    """

    image: str
    top: tuple[tuple[str, float], ...] = ()
    unsure: bool | None = None
    truth: str | None = None
    error: str = ""
    learned: bool = False
    explained: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return ``image`` and ``error``, or ``image``, ``top``, ``unsure``, and the others where they are known."""
        if self.error:
            return {"image": self.image, "error": self.error}
        top = [{"label": label, "probability": probability} for label, probability in self.top]
        known = ({"truth": self.truth} if self.truth else {}) | ({"learned": True} if self.learned else {})
        known |= {"explained": self.explained} if self.explained else {}
        return {"image": self.image, "top": top, "unsure": self.unsure} | known


def write_csv(predictions: Iterable[Prediction], file: IO[str], top: int) -> None:
    """Write one row an image: image, label, probability, unsure, truth, error, then the next likeliest classes.

    A spreadsheet takes a cell that begins with ``=``, ``+``, ``-`` or ``@`` for a formula: such a file name gets ``./``
    in front, which names the same file, and any other text an apostrophe.

    Args:
        predictions: the rows.
        file: opened with ``newline=""``.
        top: how many classes a row has at most.
    """
    more = [f"{column}_{rank}" for rank in range(2, top + 1) for column in ("label", "probability")]
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(["image", "label", "probability", "unsure", "truth", "error", *more])
    for one in predictions:
        cells = [cell for label, probability in one.top for cell in (_inert(label), f"{probability:.6f}")]
        first = cells[:2] or ["", ""]
        unsure = "" if one.unsure is None else "yes" if one.unsure else "no"
        about = [unsure, _inert(one.truth or ""), _inert(one.error)]
        rows.writerow([_inert(one.image, "./"), *first, *about, *cells[2:], *[""] * (len(more) - len(cells[2:]))])


class ContactSheet:
    """Pages of labelled thumbnails; each is drawn once it is full, so that one at a time is in memory."""

    def __init__(self, write: Callable[[int, bytes], None]) -> None:
        """Take a function that writes the PNG bytes of a page, counted from 1."""
        self.pages, self.shown, self.left_out = 0, 0, 0
        self._write = write
        self._waiting: list[tuple[np.ndarray, str]] = []

    def add(self, prediction: Prediction, thumbnail: np.ndarray) -> None:
        """Add one image, (h, w, 3) uint8; after ``MOST_PAGES`` full pages it is only counted."""
        if self.pages == MOST_PAGES:
            self.left_out += 1
            return
        self._waiting.append((thumbnail, caption(prediction)))
        if len(self._waiting) == _PER_PAGE:
            self._draw()

    def close(self) -> None:
        """Draw the last page."""
        if self._waiting:
            self._draw()

    def _draw(self) -> None:
        self.pages += 1
        self.shown += len(self._waiting)
        self._write(self.pages, pictures.gallery(self._waiting, _COLUMNS))
        self._waiting = []


def caption(prediction: Prediction) -> str:
    """Return lines for a thumbnail: the answer; how sure it is, and the truth if it is known; the file's whole name.

    One that nobody answered has its name alone.
    """
    name = prediction.image.rpartition("/")[2]
    if not prediction.top:
        return _wrapped(visible(name))
    label, probability = prediction.top[0]
    sure = f"{probability:.0%}{' unsure' if prediction.unsure else ''}"
    if prediction.truth is not None:
        sure += " right" if prediction.truth == label else f" wrong: {prediction.truth}"
    return "\n".join(_wrapped(visible(text)) for text in (label, sure, name))


def _wrapped(text: str) -> str:
    """Return a text in as many lines as it needs over a picture; a name without blanks is broken where it must be."""
    return "\n".join(wrap(text, _WIDTH, break_on_hyphens=False)) or text


def _inert(text: str, prefix: str = "'") -> str:
    return f"{prefix}{text}" if text.startswith(_FORMULA) else text

"""A log of a model's answers as probabilities: what `evergreen predict --csv` writes, or a column for each class."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from evergreen.drifting.reference import Known, Reference
from evergreen.errors import BadInput

_DIGITS = 6  # as predictions are written
_HALF = 0.5 * 10**-_DIGITS
_INT8 = 256  # steps of the probabilities that an int8 model writes


@dataclass(frozen=True)
class Log:
    """What a log says.

    Attributes:
        known: probabilities, rows of sum 1; each image is a unit of its own.
        names: of the images, as the log has them.
        top: how many of the likeliest classes a row names; the number of classes where it names all.
        passed_over: rows without an answer.
    """

    known: Known
    names: list[str]
    top: int
    passed_over: int


def read_log(path: Path, classes: Sequence[str]) -> Log:
    """Read a log.

    Args:
        path: of a CSV file with a header: ``image``, ``label``, ``probability``, ``label_2``, ``probability_2`` and so
            on, as ``evergreen predict --csv`` writes it; or a column for each class.
        classes: of the model, in order.

    Raises:
        BadInput: it cannot be read, has no such columns, or names a class that the model does not have.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path}: expected a CSV file of predictions, it cannot be read: {error}") from error
    header = set(rows[0]) if rows else set()
    if set(classes) <= header:
        return _wide(path, rows, classes)
    if {"label", "probability"} <= header:
        return _long(path, rows, classes)
    raise BadInput(
        f"{path}: expected the columns label and probability, as evergreen predict --csv writes them, or one for each "
        f"class; found {', '.join(sorted(map(str, header))) or 'no row'}"
    )


def answered_log(rows: Sequence[tuple[str, Any]], classes: Sequence[str]) -> Log:
    """Return a log of answers that a service kept.

    Args:
        rows: name of an image, and its likeliest classes: pairs of a class and its probability, likeliest first.
            What is none is passed over.
        classes: of the model, in order.

    Raises:
        BadInput: no row has an answer of these classes.
    """
    index = {name: at for at, name in enumerate(classes)}
    found = [(name, top) for name, top in rows if _is_top(top, index)]
    if not found:
        raise BadInput(f"expected answers of the classes {', '.join(classes)}, found none in {len(rows):,} rows")
    least = min(len(top) for _, top in found)
    scores = np.zeros((len(found), len(classes)))
    for at, (_, top) in enumerate(found):
        for label, probability in top[:least]:
            scores[at, index[label]] = probability
    known = Known(truncated(scores, least), None, None, np.arange(len(found)))
    return Log(known, [name for name, _ in found], least, len(rows) - len(found))


def _is_top(top: Any, index: Mapping[str, int]) -> bool:
    """Whether a value is pairs of a class and its probability, each class once."""
    pairs = isinstance(top, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in top)
    if not pairs or not top or not all(isinstance(label, str) and label in index for label, _ in top):
        return False
    shares = all(isinstance(share, int | float) and -_HALF <= share <= 1 + _HALF for _, share in top)
    return shares and len({label for label, _ in top}) == len(top)


def told_so(reference: Reference, top: int) -> Reference:
    """Return a reference whose probabilities say as little as those of a log that names only some classes."""
    known = reference.known
    return replace(reference, known=replace(known, scores=truncated(known.scores, top)))


def truncated(scores: np.ndarray, top: int) -> np.ndarray:
    """Return rounded probabilities of which only the ``top`` largest are known, (N, K); the rest is shared out evenly.

    Args:
        scores: (N, K).
        top: 1 to K.
    """
    rounded = np.round(np.asarray(scores, np.float64), _DIGITS)
    others = rounded.shape[1] - top
    if others <= 0:
        return rounded
    order = np.argsort(-rounded, axis=1, kind="stable")
    found = np.zeros_like(rounded)
    largest = np.take_along_axis(rounded, order[:, :top], axis=1)
    np.put_along_axis(found, order[:, :top], largest, axis=1)
    rest = np.maximum(0, 1 - largest.sum(axis=1, keepdims=True)) / others
    np.put_along_axis(found, order[:, top:], np.broadcast_to(rest, (len(rounded), others)), axis=1)
    return found


def as_coarse(reference: Reference, log: Log) -> tuple[Reference, bool]:
    """Return a reference whose probabilities are as coarse as those of a log, and whether that changed any.

    An int8 model says multiples of 1/256: beside finer ones, of which few are 0, each of these looks odd.
    """
    scores = log.known.scores
    if not len(scores) or np.abs(scores * _INT8 - np.round(scores * _INT8)).max() > _INT8 * _HALF * 2:
        return reference, False
    known = reference.known
    return replace(reference, known=replace(known, scores=np.round(known.scores * _INT8) / _INT8)), True


def _wide(path: Path, rows: Sequence[Mapping[str, str]], classes: Sequence[str]) -> Log:
    answered = [row for row in rows if all((row[name] or "").strip() for name in classes)]
    scores = np.array([[_share(path, row[name]) for name in classes] for row in answered]).reshape(-1, len(classes))
    return _log(truncated(scores, len(classes)), answered, len(classes), len(rows) - len(answered))


def _long(path: Path, rows: Sequence[Mapping[str, str]], classes: Sequence[str]) -> Log:
    index = {name: at for at, name in enumerate(classes)}
    index |= {f"'{name}": at for at, name in enumerate(classes)}  # what a spreadsheet would take for a formula
    ranks = [""] + [f"_{rank}" for rank in range(2, len(classes) + 1) if f"label_{rank}" in rows[0]]
    answered = [row for row in rows if row["label"]]
    scores = np.zeros((len(answered), len(classes)))
    for at, row in enumerate(answered):
        for rank in ranks:
            if not (label := row[f"label{rank}"]):
                continue
            if label not in index:
                raise BadInput(f"{path}: expected classes of the model ({', '.join(classes)}), found {label!r}")
            scores[at, index[label]] = _share(path, row[f"probability{rank}"])
    return _log(truncated(scores, len(ranks)), answered, len(ranks), len(rows) - len(answered))


def _share(path: Path, text: str | None) -> float:
    try:
        found = float(text or "")
    except ValueError:
        found = math.nan
    if not -_HALF <= found <= 1 + _HALF:
        raise BadInput(f"{path}: expected probabilities of 0 to 1, found {text!r}")
    return found


def _log(scores: np.ndarray, rows: Sequence[Mapping[str, str]], top: int, passed_over: int) -> Log:
    names = [row.get("image") or f"row {at}" for at, row in enumerate(rows, start=1)]
    return Log(Known(scores, None, None, np.arange(len(rows))), names, top, passed_over)

"""Which files are images that can be used: every file ends up accepted, or quarantined with a reason."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from evergreen.datasets.depths import Depths, question
from evergreen.datasets.joining.images import SAME_PIXELS, repeated
from evergreen.datasets.near import hashes_of, nearest_earlier
from evergreen.datasets.workers import Request, measure_all
from evergreen.errors import BadDataset, DecodersUnavailable
from evergreen.images.door import Range
from evergreen.tables import UNLABELLED, ReadBlob

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.data import Screen

MEASURES = ("width", "height", "mode", "format", "pixels", "brightness", "sharpness", "phash")
CONFLICT = "the same pixels stand under another label"
CONFLICT_OF_SOURCES = f"{CONFLICT} in another source"
_AT_ONCE = 1000
_FEW = 200  # images for which one worker is enough
_NAMED = 3


# As ``measure_all``: the images, how many processes at once, megapixels, seconds for each, and values; see there.
Measure = Callable[[Iterable[Request], int, float, float, Range | None], Iterable[tuple[str, dict[str, Any]]]]


class Known(Protocol):
    """Answers of earlier screenings, by the image's SHA-256."""

    def get(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return those that are known."""

    def put(self, values: Mapping[str, Any]) -> None:
        """Remember some."""


@dataclass(frozen=True)
class Screened:
    """What screening found; accepted and quarantined rows add up to the dataset's.

    Attributes:
        accepted: the dataset's columns and what ``measure`` returns.
        quarantine: path, label, sha256, reason.
        duplicates: rows of ``accepted`` whose pixels stand under an earlier path too, with ``same_as``.
        near_duplicates: path, near (the most similar earlier path), distance in bits; exact duplicates are not in it.
    """

    accepted: pd.DataFrame
    quarantine: pd.DataFrame
    duplicates: pd.DataFrame
    near_duplicates: pd.DataFrame


def screen(
    dataset: pd.DataFrame,
    read: ReadBlob,
    path_of: Callable[[str], Path],
    settings: Screen,
    known: Known,
    most_workers: int,
    sources: pd.DataFrame | None = None,
    measure: Measure | None = None,
) -> Screened:
    """Put every image through the door, in processes of their own; one that was measured before is not again.

    Args:
        dataset: path, label, sha256, bytes, subset.
        read: gives the bytes for a SHA-256, or raises what is wrong with them.
        path_of: where the bytes of a SHA-256 lie.
        settings: limits, and what happens to conflicting labels.
        known: answers of earlier screenings under the same limits, by the same code.
        most_workers: processes at once; they change no answer.
        sources: path and source, where there are several: equal pixels of two under one label are one image.
        measure: who measures the images, if not processes of this machine; what it could not answer for want of memory
            or time these are asked.

    Raises:
        DecodersUnavailable: the machine has too little memory or time for some image, so nobody can judge it.
        BadDataset: nobody says which values of images with over 8 bits are black and white; it shows what to write.
    """
    measuring = _Measuring(read, path_of, settings, known, most_workers, measure or measure_all)
    depths = Depths({}, {})
    answers, undecided = measuring.answers(list(dict.fromkeys(dataset["sha256"])), depths)
    if undecided:
        raise DecodersUnavailable(_undecided(dataset, undecided, settings))
    reasons = dataset["sha256"].map(lambda digest: answers[digest] if isinstance(answers[digest], str) else "")
    table = dataset[reasons == ""].reset_index(drop=True)
    if asked := question(dataset, depths, len(table)):
        raise BadDataset(asked)
    for position, name in enumerate(MEASURES):
        table[name] = [answers[digest][position] for digest in table["sha256"]]
    refused = dataset[reasons != ""].assign(reason=reasons[reasons != ""])
    if settings.conflicts == "quarantine":
        table, conflicting = _without_conflicts(table, sources)
        refused = _joined(refused, conflicting)
    if sources is not None:
        again = repeated(table.merge(sources, on="path", how="left"), "pixels").to_numpy()
        refused = _joined(refused, table[again].assign(reason=SAME_PIXELS))
        table = table[~again].reset_index(drop=True)
    first = table.groupby("pixels")["path"].transform("first")
    repeats = table.assign(same_as=first)[table["path"] != first][["path", "label", "sha256", "same_as"]]
    quarantine = refused[["path", "label", "sha256", "reason"]].sort_values("path", ignore_index=True)
    near = near_duplicates(table, settings.near_duplicate_bits)
    return Screened(table, quarantine, repeats.reset_index(drop=True), near)


@dataclass(frozen=True)
class _Measuring:
    """Measures images that nobody measured before, and remembers what they answer."""

    read: ReadBlob
    path_of: Callable[[str], Path]
    settings: Screen
    known: Known
    most_workers: int
    measure: Measure

    def answers(self, digests: list[str], depths: Depths) -> tuple[dict[str, tuple[Any, ...] | str], dict[str, str]]:
        """Return for each digest its measures, in the order of ``MEASURES``, or the reason why it is refused.

        Beside them, {digest: what happened} of those which the machine kept from an answer, also when each was asked
        again after all others, in the one process that was left. What is doubtful of their depths goes into ``depths``.
        """
        answers: dict[str, tuple[Any, ...] | str] = {}
        for start in range(0, len(digests), _AT_ONCE):
            found = self.known.get(digests[start : start + _AT_ONCE])
            answers |= {digest: _compact(digest, answer, depths) for digest, answer in found.items()}
        missing = [digest for digest in digests if digest not in answers]
        workers = min(self.most_workers, -(-len(missing) // _FEW))
        fresh, undecided = self._measured(missing, workers, depths, self.measure)
        again, undecided = self._measured(list(undecided), 1, depths, measure_all)
        return answers | fresh | again, undecided

    def _measured(
        self, digests: list[str], workers: int, depths: Depths, measure: Measure
    ) -> tuple[dict[str, tuple[Any, ...] | str], dict[str, str]]:
        requests = (Request(digest, self.path_of(digest)) for digest in digests)
        settings = self.settings
        limits = settings.max_megapixels, settings.seconds_per_image, settings.range
        answers: dict[str, tuple[Any, ...] | str] = {}
        undecided: dict[str, str] = {}
        fresh: dict[str, dict[str, Any]] = {}
        for digest, answer in measure(requests, workers, *limits) if digests else ():
            if answer.get("damaged"):
                self.read(digest)  # raises what is wrong, in the words of whoever keeps the bytes
            if answer.get("machine"):
                undecided[digest] = answer["lost"]
                continue
            answers[digest] = _compact(digest, answer, depths)
            if "lost" not in answer:  # a crash is tried again next time
                fresh[digest] = answer
            if len(fresh) >= _AT_ONCE:
                self.known.put(fresh)
                fresh = {}
        if fresh:
            self.known.put(fresh)
        return answers, undecided


def _undecided(dataset: pd.DataFrame, reasons: Mapping[str, str], settings: Screen) -> str:
    paths = dict(zip(dataset["sha256"], dataset["path"], strict=True))
    named = [f"{paths[digest]} ({reason})" for digest, reason in list(reasons.items())[:_NAMED]]
    more = f" and {len(reasons) - _NAMED} more" if len(reasons) > _NAMED else ""
    return (
        f"expected memory and time enough to open every image, found too little for {', '.join(named)}{more}, also "
        "when each was opened alone; none is quarantined for it, and what was measured is kept. Run again when this "
        f"machine has more to spare, or lower screen.max_megapixels ({settings.max_megapixels:g}), or take these "
        "images away"
    )


def _compact(digest: str, answer: Mapping[str, Any], depths: Depths) -> tuple[Any, ...] | str:
    """Return the little that is kept of an answer: there may be hundreds of thousands."""
    if "unstated" in answer:
        depths.unstated[digest] = answer["unstated"]
    if "holds" in answer:
        depths.without[digest] = answer["holds"][0], answer["holds"][1]
    if reason := answer.get("refused") or answer.get("lost"):
        return str(reason)
    values = [answer[name] for name in MEASURES]
    return tuple(sys.intern(value) if isinstance(value, str) and len(value) < 9 else value for value in values)


def _without_conflicts(table: pd.DataFrame, sources: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows to keep, and those whose pixels stand under another label too, with the reason."""
    labelled = table[table["subset"] != UNLABELLED]
    labels = labelled.groupby("pixels")["label"].transform("nunique").astype("int64")
    conflicting = labelled[labels > 1]
    kept = table.drop(conflicting.index).reset_index(drop=True)
    if sources is None:
        return kept, conflicting.assign(reason=CONFLICT)
    places = conflicting["path"].map(sources.set_index("path")["source"]).groupby(conflicting["pixels"])
    across = places.transform("nunique") > 1
    return kept, conflicting.assign(reason=across.map({True: CONFLICT_OF_SOURCES, False: CONFLICT}))


def _joined(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([part for part in (first, second) if len(part)]) if len(first) or len(second) else first


def near_duplicates(table: pd.DataFrame, bits: int) -> pd.DataFrame:
    """Return one row for each image that has an earlier one at most ``bits`` away: path, near, distance.

    Args:
        table: path, pixels, phash.
        bits: largest Hamming distance of two perceptual hashes; 0 turns it off.
    """
    import pandas as pd

    distinct = table.drop_duplicates("pixels", ignore_index=True) if bits else table.head(0)
    nearest, distances = nearest_earlier(hashes_of(distinct["phash"].tolist()), bits)
    some = np.flatnonzero(nearest >= 0)
    paths = distinct["path"].to_numpy()
    return pd.DataFrame({"path": paths[some], "near": paths[nearest[some]], "distance": distances[some]})

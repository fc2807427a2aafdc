"""How much a log may take and how old it may be: what goes is the oldest, is counted, and is said."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from runs.serving.feedback.files import drop_first, made_folder, parsed, write_private
from runs.serving.feedback.log import KINDS, Log, logs_in, now, stamp

_SLACK = 0.05  # of the cap: so much more goes at once, so that not every answer looks through the folder


@dataclass
class Thrown:
    """What was thrown away.

    Attributes:
        answers, truths: lines.
        pictures: files.
        bytes: of all of it.
    """

    answers: int = 0
    truths: int = 0
    pictures: int = 0
    bytes: int = 0

    def __bool__(self) -> bool:
        return any(asdict(self).values())

    def add(self, other: "Thrown") -> None:
        """Count what another one counts, too."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    @property
    def words(self) -> str:
        """How many of what, as a person says it."""
        parts = [f"{getattr(self, name):,} {name}" for name in ("answers", "truths", "pictures")]
        return f"{', '.join(parts)}; {self.bytes / 2**20:,.1f} MiB"


@dataclass(frozen=True)
class _Piece:
    """A file of a log: when it was written last, and how large it is."""

    time: float
    size: int
    path: Path
    log: Log
    kind: str


def make_room(root: Path, cap: int, days: float, need: int = 0, time: datetime | None = None) -> tuple[Thrown, int]:
    """Throw away what is too old, and the oldest of what is too much. Whoever calls holds ``alone``.

    Args:
        root: of the logs.
        cap: bytes that answers, truths and pictures of all recipes may take together.
        days: how old they may get.
        need: bytes for which there shall be room below the cap.
        time: it is now.

    Returns:
        What went, and how many bytes are taken now.
    """
    time = time or now()
    before = time - timedelta(days=days)
    gone: dict[str, Thrown] = {}
    left = []
    for log in logs_in(root):  # nobody else writes: whoever left these was cut off
        for part in log.hidden.rglob("*.part"):
            part.unlink(missing_ok=True)
    for piece in sorted(_pieces(root), key=lambda piece: (piece.time, str(piece.path))):
        size = piece.size - _cut(piece, before, gone.setdefault(piece.log.recipe, Thrown()))
        if size:
            left.append(_Piece(piece.time, size, piece.path, piece.log, piece.kind))
    total = sum(piece.size for piece in left)
    too_much = total + need - cap
    if too_much > 0:
        too_much += int(cap * _SLACK)
    for piece in left:
        if too_much <= 0:
            break
        freed = _shorten(piece, too_much, gone[piece.log.recipe])
        too_much -= freed
        total -= freed
    told = Thrown()
    for recipe, thrown in gone.items():
        if thrown:
            told.add(thrown)
            _note(Log(root, recipe), thrown, time)
    return told, total


def thrown_away(log: Log) -> dict[str, Any] | None:
    """Return what was ever thrown away of a recipe's log: answers, truths, pictures, bytes, first, last; or None."""
    try:
        found = json.loads(log.thrown_away.read_bytes())
        return {**asdict(Thrown(**{one.name: int(found[one.name]) for one in fields(Thrown)})),
                "first": str(found["first"]), "last": str(found["last"])}  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _note(log: Log, thrown: Thrown, time: datetime) -> None:
    earlier = thrown_away(log)
    total = Thrown(**{one.name: earlier[one.name] for one in fields(Thrown)}) if earlier else Thrown()
    total.add(thrown)
    told = {**asdict(total), "first": earlier["first"] if earlier else stamp(time), "last": stamp(time)}
    made_folder(log.hidden, log.root)
    part = log.thrown_away.with_suffix(".part")
    write_private(part, json.dumps(told).encode())
    part.replace(log.thrown_away)


def _pieces(root: Path) -> Iterator[_Piece]:
    for log in logs_in(root):
        named = [(path, str(kind)) for kind in KINDS for path in log.days(kind)]
        for path, kind in (*named, *((path, "pictures") for path in log.pictures())):
            try:
                found = path.stat()
            except FileNotFoundError:
                continue
            yield _Piece(found.st_mtime, found.st_size, path, log, kind)


def _cut(piece: _Piece, before: datetime, thrown: Thrown) -> int:
    """Throw away what of a file is too old, and return how many bytes that were."""
    if piece.kind == "pictures":
        return _removed(piece, thrown) if piece.time < before.timestamp() else 0
    if piece.path.stem > f"{before:%Y-%m-%d}":  # what is in it was written later
        return 0
    return _dropped(piece, lambda line: _is_since(line, before), thrown)


def _shorten(piece: _Piece, wanted: int, thrown: Thrown) -> int:
    """Throw away a file, or of one with lines the first if they are enough; return how many bytes that were."""
    if piece.kind == "pictures":
        return _removed(piece, thrown)
    left = wanted

    def is_enough(line: bytes) -> bool:
        nonlocal left
        before, left = left, left - len(line)
        return before <= 0

    return _dropped(piece, is_enough, thrown)


def _dropped(piece: _Piece, is_enough: Callable[[bytes], bool], thrown: Thrown) -> int:
    lines, size = drop_first(piece.path, is_enough)
    setattr(thrown, piece.kind, getattr(thrown, piece.kind) + lines)
    thrown.bytes += size
    return size


def _removed(piece: _Piece, thrown: Thrown) -> int:
    piece.path.unlink(missing_ok=True)
    thrown.pictures += 1
    thrown.bytes += piece.size
    return piece.size


def _is_since(line: bytes, before: datetime) -> bool:
    found = parsed(line)
    try:
        return found is not None and datetime.fromisoformat(found["time"]) >= before
    except (ValueError, TypeError):  # no time, or one without a zone: nobody knows how old it is
        return False

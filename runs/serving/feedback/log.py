"""The folder in which a service keeps answers, pictures and truths: where each lies, and how it is read and written.

    <root>/<recipe>/.log/answers/2026-12-01.jsonl   one JSON object an answer; only ever appended to
    <root>/<recipe>/.log/truths/2026-12-01.jsonl    what somebody said an image is; the same
    <root>/<recipe>/.log/pictures/ab/<sha256>       an image's bytes, as they were sent
    <root>/<recipe>/.log/thrown-away.json           what went for age and for want of room
    <root>/<recipe>/confirmed/<class>/<sha256>.jpg  what a person confirmed (``confirmed``); confirmed.csv beside it

What nobody confirmed lies below a name that begins with a dot: no source of a recipe looks into such a folder, so
nothing of it trains, whichever folder above it somebody names. Whoever writes holds the lock of the root, so several
services may keep in one folder. Files are for their owner alone. Neither pandas nor TensorFlow is started.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

from evergreen.decisions.file import is_digest
from evergreen.errors import BadInput
from evergreen.paths import path_of
from evergreen.recipe_files import is_name
from runs.serving.feedback.files import append, lines_of, made_folder, naming, write_private
from storage.digests import sha256_bytes
from storage.disk import locked
from storage.store import Store

HIDDEN = ".log"
Kind = Literal["answers", "truths"]
KINDS: tuple[Kind, ...] = get_args(Kind)
IN_STORE = "store"
_DAY_FILE = re.compile(r"\d{4}-\d\d-\d\d\.jsonl")
LOG_SUFFIX = ".jsonl"


def log_root(named: str, store: Store) -> Path:
    """Return the root of a log, absolute: ``store`` is a folder of the store, anything else a path."""
    return store.root / "feedback" if named == IN_STORE else path_of(named).absolute()


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def stamp(time: datetime) -> str:
    """Return a time as logs have it: UTC, ISO 8601, to the millisecond."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Log:
    """What is kept of one recipe. Constructing it touches no disk.

    Attributes:
        root: of all recipes.
        recipe: name of one.
    """

    root: Path
    recipe: str

    def __post_init__(self) -> None:
        if not is_name(self.recipe):  # it becomes the name of a folder
            raise BadInput(f"expected a recipe's name, such as digits; received {self.recipe[:80]!r}")

    @property
    def folder(self) -> Path:
        """Where all of it lies."""
        return self.root / self.recipe

    @property
    def hidden(self) -> Path:
        """Where what nobody confirmed lies."""
        return self.folder / HIDDEN

    @property
    def thrown_away(self) -> Path:
        """The file that counts what was thrown away."""
        return self.hidden / "thrown-away.json"

    @property
    def is_there(self) -> bool:
        """Whether anything was kept."""
        return self.hidden.is_dir() or (self.folder / "confirmed.csv").is_file()

    def days(self, kind: Kind) -> list[Path]:
        """Return the files of a kind, the oldest day first."""
        try:
            return sorted(path for path in (self.hidden / kind).iterdir() if _DAY_FILE.fullmatch(path.name))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def lines(self, kind: Kind) -> Iterator[dict[str, Any]]:
        """Yield what was written, the oldest first; a line that is torn, or is none of ours, is passed over."""
        for path in self.days(kind):
            yield from lines_of(path)

    def last(self, kind: Kind, digest: str) -> dict[str, Any] | None:
        """Return the newest line about an image, or None.

        Files are read by the mebibyte, so that other threads run in between.
        """
        for path in reversed(self.days(kind)):
            found = None
            for line in naming(path, digest):
                found = line
            if found:
                return found
        return None

    def append(self, kind: Kind, lines: Sequence[Mapping[str, Any]], day: str, *, flush: bool = False) -> int:
        """Write lines, and return how many bytes that took. Whoever calls holds ``alone``.

        Args:
            kind: of the lines.
            lines: JSON objects, each with ``time`` and ``sha256``.
            day: as 2026-12-01.
            flush: whether to wait until the disk has them.
        """
        made_folder(self.hidden / kind, self.root)
        return append(self.hidden / kind / f"{day}{LOG_SUFFIX}", lines, flush=flush)

    def picture(self, digest: str) -> Path:
        """Return where the bytes of an image lie, or would lie; never by a name that somebody sent.

        Raises:
            BadInput: it is no SHA-256.
        """
        if not is_digest(digest):
            raise BadInput(f"expected a SHA-256, 64 digits of 0-9 and a-f; received {digest[:80]!r}")
        return self.hidden / "pictures" / digest[:2] / digest

    def pictures(self) -> Iterator[Path]:
        """Yield the pictures that are kept, in no order."""
        for path in (self.hidden / "pictures").glob("??/*"):
            if is_digest(path.name):
                yield path

    def put(self, digest: str, data: bytes) -> int:
        """Keep a picture, whole or not at all, and return how many bytes that took; one that is there is not older.

        Whoever calls holds ``alone``, and knows that the digest is that of the bytes.
        """
        path = self.picture(digest)
        try:
            os.utime(path)
        except FileNotFoundError:
            pass
        else:
            return 0
        made_folder(path.parent, self.root)
        part = path.with_name(f"{digest}.part")
        write_private(part, data)
        part.replace(path)
        return len(data)

    def read(self, digest: str) -> bytes:
        """Return a picture's bytes, checked.

        Raises:
            BadInput: it is not kept, or is damaged.
        """
        try:
            data = self.picture(digest).read_bytes()
        except OSError as error:
            raise BadInput(f"the picture {digest[:12]}... is not kept in {self.folder}: {error.strerror}") from None
        if sha256_bytes(data) != digest:
            raise BadInput(f"the picture {digest[:12]}... in {self.folder} was altered after it was kept")
        return data


def logs_in(root: Path) -> list[Log]:
    """Return the logs below a root, by recipe; none if it is no root of logs."""
    try:
        names = sorted(path.name for path in root.iterdir() if is_name(path.name))
    except (FileNotFoundError, NotADirectoryError, OSError):
        return []
    return [log for log in map(partial(Log, root), names) if log.is_there]


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold the lock of a root: nobody else writes meanwhile. It ends with its holder, however that ends."""
    made_folder(root, root)
    path = root / ".lock"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    with locked(path):
        yield


def log_at(path: Path, recipe: str) -> Log | None:
    """Return the log of a recipe that a folder holds or is: a root, a recipe's folder, its hidden one; or None."""
    path = path.absolute()
    places = [(path, recipe), (path.parent, path.name)]
    if path.name == HIDDEN:
        places = [(path.parent.parent, path.parent.name)]
    found = (Log(root, name) for root, name in places if is_name(name))
    return next((log for log in found if log.hidden.is_dir()), None)

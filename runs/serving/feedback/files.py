"""Files of a log: lines of JSON that are added at the end, and dropped as one; what its owner alone may read."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

_READ_AT_ONCE = 2**20


def append(path: Path, lines: Sequence[Mapping[str, Any]], *, flush: bool = False) -> int:
    """Add lines to a file, and return how many bytes that took. Whoever calls holds the lock of its log.

    Args:
        path: of the file; its folder is there.
        lines: JSON objects, each with ``time`` and ``sha256``.
        flush: whether to wait until the disk has them.
    """
    data = b"".join(map(line_of, lines))
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":  # whoever wrote last was cut off
            data = b"\n" + data
        written = 0
        while written < len(data):
            written += os.write(descriptor, data[written:])
        if flush:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return len(data)


def made_folder(folder: Path, root: Path) -> None:
    """Make a folder, and those above it up to the root, for their owner alone."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        if folder == root:
            break
        folder = folder.parent
    root.parent.mkdir(parents=True, exist_ok=True)
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)


def write_private(path: Path, data: bytes) -> None:
    """Write a file that its owner alone may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - of a descriptor
        file.write(data)


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of one file that are whole and ours: those with a SHA-256."""
    with _opened(path) as file:
        for line in file:
            if (found := parsed(line)) is not None:
                yield found


def drop_first(path: Path, is_enough: Callable[[bytes], bool]) -> tuple[int, int]:
    """Drop a file's first lines, as one; return how many, and how many bytes. Whoever calls holds the lock of its log.

    Args:
        path: of the file; one of which nothing is left is removed.
        is_enough: asked with each line from the first on; that one and all after it stay once it says yes.
    """
    lines = size = 0
    with path.open("rb") as file:
        for line in file:
            if is_enough(line):
                break
            lines, size = lines + 1, size + len(line)
        else:
            path.unlink()
            return lines, size
        if lines:
            file.seek(size)
            with _replacing(path) as part:
                shutil.copyfileobj(file, part, _READ_AT_ONCE)
    return lines, size


def drop_naming(path: Path, digest: str) -> int:
    """Drop a file's lines that name a digest, as one; return how many. Whoever calls holds the lock of its log."""
    wanted, dropped = digest.encode(), 0
    with path.open("rb") as file, _replacing(path) as part:
        for line in file:
            if wanted in line:
                dropped += 1
            else:
                part.write(line)
    return dropped


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file, for its owner alone, that takes the place of another one at the end; an empty one removes it."""
    part = path.with_name(f"{path.name}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123 - as above
        yield file
        size = file.tell()
    os.utime(part, (path.stat().st_atime, path.stat().st_mtime))  # what is left is no newer for it
    if size:
        part.replace(path)
    else:
        part.unlink()
        path.unlink()


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[bytes]]:
    """Yield the lines of a file; none of one that was thrown away meanwhile."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield iter(())
        return
    with file:
        yield iter(file)


def naming(path: Path, digest: str) -> Iterator[dict[str, Any]]:
    """Yield the lines of a file about an image; it is read by the mebibyte, so that other threads run in between."""
    wanted = digest.encode()
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        while lines := file.readlines(_READ_AT_ONCE):
            for line in lines:
                if wanted in line and (found := parsed(line)) is not None and found["sha256"] == digest:
                    yield found


def line_of(values: Mapping[str, Any]) -> bytes:
    """Return a line, as it is written."""
    # JSON escapes every line end inside of a text; U+2028 and such end no line of a file that is read as bytes.
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def parsed(line: bytes) -> dict[str, Any] | None:
    """Return what a line says; None if it is torn, or none of ours."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_ours = isinstance(found, dict) and isinstance(found.get("sha256"), str) and isinstance(found.get("time"), str)
    return found if is_ours else None

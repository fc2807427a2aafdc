"""A folder of photos as a source: its index, like git's, so that unchanged files are not read again.

An entry is trusted while path, size, mtime_ns, ctime_ns and inode are the same. ctime cannot be set back by a program,
so a replacement of the same size with its mtime restored is seen. As in git, an entry is not trusted if its file
changed at or after the moment at which the index was written: a later change in that same instant would not show.
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from evergreen.digests import sha256_of
from evergreen.errors import BadInput
from evergreen.sources.walk import Walk

# Clocks of file systems tick as coarsely as this; a change this near to the index could look like none.
_TICK_NS = 20_000_000

# path (POSIX, relative) -> (SHA-256, bytes)
Listing = dict[str, tuple[str, int]]


def list_folder(folder: Path, index: Path, store: Path | None = None, left_out: Counter[str] | None = None) -> Listing:
    """Return every file below a folder, sorted by path, reading only files that are not as the index knows them.

    Args:
        folder: the folder; symbolic links in it are followed, to files and folders.
        index: where the index lies, or will; it is a cache, and a torn or foreign one is ignored.
        store: the store in use, which is not entered; others are told by their marker.
        left_out: hears what is left out, reason -> count.

    Raises:
        BadInput: the folder is not there, is a store, or something in it cannot be read.
    """
    if not folder.is_dir():
        raise BadInput(f"source.local.path: expected a folder, found none at {folder}")
    walk = Walk(store, Counter() if left_out is None else left_out)
    return _listed(folder, walk.files(str(folder)), index)


def list_file(file: Path, index: Path) -> Listing:
    """Return the listing of one file, read only if it is not as the index knows it; a symbolic link is followed.

    Raises:
        BadInput: the file cannot be read.
    """
    return _listed(file.parent, [(file.name, file.stat())], index)


def _listed(folder: Path, files: Iterable[tuple[str, os.stat_result]], index: Path) -> Listing:
    known, written_ns = _load(index)
    entries: dict[str, list[Any]] = {}
    fresh = 0
    for path, found in sorted(files):
        stamp = [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
        entry = known.get(path)
        if entry is None or entry[1:] != stamp or max(found.st_mtime_ns, found.st_ctime_ns) + _TICK_NS >= written_ns:
            entry = [_digest(folder / path), *stamp]
            fresh += 1
        entries[path] = entry
    if fresh or len(entries) != len(known):
        _save(index, entries)
    return {path: (entry[0], entry[1]) for path, entry in entries.items()}


def listing_digest(listing: Listing) -> str:
    """Return one SHA-256 for a listing: of names and contents, of no time and no order."""
    digest = hashlib.sha256()
    for path, (sha256, _) in sorted(listing.items()):
        digest.update(f"{sha256} {path}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _digest(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise BadInput(f"source.local.path: {path} cannot be read: {error.strerror}; mend or remove it") from error


def _load(index: Path) -> tuple[dict[str, list[Any]], int]:
    """Return the index's entries, and the instant in nanoseconds at which it was begun; nothing if there is none."""
    try:
        value = json.loads(index.read_bytes())
        return dict(value["entries"]), int(value["begun_ns"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}, 0


def _save(index: Path, entries: dict[str, list[Any]]) -> None:
    """Write the index aside and rename it; its instant comes from the file system, whose clock the stamps are of."""
    index.parent.mkdir(parents=True, exist_ok=True)
    part = index.with_name(f"{index.name}.{os.getpid()}.part")
    part.touch()
    begun_ns = part.stat().st_mtime_ns
    part.write_text(json.dumps({"begun_ns": begun_ns, "entries": entries}, separators=(",", ":")), encoding="utf-8")
    part.replace(index)

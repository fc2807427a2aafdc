"""Walking a folder of photos: links are followed, and what is no part of a person's photos is not entered."""

import errno
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from evergreen.errors import BadInput
from evergreen.images.junk import SYSTEM_FOLDERS
from evergreen.sources.archives.names import readable

# What lies in the root of every store; storage.workspaces writes it, and knows nothing of sources, nor they of it.
STORE_MARKER = ".evergreen-store"
# A store that an earlier version made, and that was not written to since, has no marker.
_STORE_FOLDERS = {"blobs", "manifests", "records"}
_NOT_ENTERED = {".git", ".hg", ".svn", *SYSTEM_FOLDERS}
# Folders that link to each other have as many paths as their names have orders.
_MOST_LINKED_FOLDERS = 100_000

_BROKEN = {errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENAMETOOLONG}

# (device, inode)
_Place = tuple[int, int]


class Walk:
    """One walk; it counts what it leaves out."""

    def __init__(self, store: Path | None, left_out: Counter[str]) -> None:
        """Walk nothing yet.

        Args:
            store: of the store in use, which is not entered; it need not be there.
            left_out: hears what is left out, reason -> count.
        """
        self._store = os.path.realpath(store) if store else None
        self._left_out = left_out
        self._linked = 0

    def files(self, folder: str) -> Iterator[tuple[str, os.stat_result]]:
        """Yield (path below the folder, status) of every file, in no order; a link's is that of what it leads to.

        Raises:
            BadInput: the folder is a store, something cannot be read, or links lead to folders without end.
        """
        entries = _entries(folder)
        if self._is_store(folder, entries):
            raise BadInput(f"source.local.path: expected a folder of photos, received an Evergreen store: {folder}")
        yield from self._below(entries, "", (_place(folder),))

    def _below(
        self, entries: list[os.DirEntry[str]], prefix: str, above: tuple[_Place, ...]
    ) -> Iterator[tuple[str, os.stat_result]]:
        for entry in entries:
            path, is_link = f"{prefix}{entry.name}", entry.is_symlink()
            try:
                is_folder = entry.is_dir()
                is_file = not is_folder and entry.is_file()
                found = entry.stat() if is_file or is_link else None
            except OSError as error:
                if error.errno not in _BROKEN:
                    raise _unreadable(entry.path, error) from error
                if is_link:  # else it was removed meanwhile
                    self._left_out["a broken link"] += 1
                continue
            if is_folder:
                yield from self._entered(entry, path, is_link, above)
            elif is_file and found:
                yield path, found
            else:
                self._left_out["neither a file nor a folder (a pipe, a device, a socket)"] += 1

    def _entered(
        self, entry: os.DirEntry[str], path: str, is_link: bool, above: tuple[_Place, ...]
    ) -> Iterator[tuple[str, os.stat_result]]:
        if entry.name.lower() in _NOT_ENTERED:
            self._left_out[f"not entered: {entry.name}"] += 1
            return
        place, entries = _place(entry.path), _entries(entry.path)
        if place in above:
            self._left_out["a link to a folder that it lies in itself: not followed"] += 1
            return
        if is_link:
            self._linked += 1
            if self._linked > _MOST_LINKED_FOLDERS:
                raise BadInput(
                    f"source.local.path: links lead to over {_MOST_LINKED_FOLDERS:,} folders, now at {entry.path}: do "
                    "folders link to each other? Remove those links"
                )
        if self._is_store(entry.path, entries) or (is_link and self._is_in_store(entry.path)):
            self._left_out[f"not entered, an Evergreen store: {readable(path)}"] += 1
            return
        yield from self._below(entries, f"{path}/", (*above, place))

    def _is_store(self, folder: str, entries: list[os.DirEntry[str]]) -> bool:
        names = {entry.name for entry in entries if entry.name == STORE_MARKER or entry.name in _STORE_FOLDERS}
        if STORE_MARKER in names or names >= _STORE_FOLDERS:
            return True
        return self._store is not None and Path(folder).name == Path(self._store).name and self._is_in_store(folder)

    def _is_in_store(self, folder: str) -> bool:
        """Whether a folder is, or leads to, the store in use or a part of it."""
        return self._store is not None and Path(os.path.realpath(folder)).is_relative_to(self._store)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise _unreadable(folder, error) from error


def _unreadable(path: str, error: OSError) -> BadInput:
    return BadInput(f"source.local.path: {readable(path)} cannot be read: {error.strerror}; mend or remove it")


def _place(folder: str) -> _Place:
    try:
        found = os.stat(folder)
    except OSError as error:
        raise _unreadable(folder, error) from error
    return found.st_dev, found.st_ino

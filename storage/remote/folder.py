"""A folder as a remote, on a disk or shared between machines, without a lock.

Links and renames hold on shared file systems whose locks do not. A file is written aside, flushed, and linked to its
name, which fails where there is one: so one of many puts it, and nobody sees half. What ``put_if`` writes is a folder
of versions, numbered from 1: whoever read version n links n + 1, which one of many does. Versions are not deleted while
anybody may write the next: with a number free again, a writer with an old one in its hand would take it for its own.
"""

import contextlib
import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from storage.disk import fsync
from storage.errors import RemoteAbsent, RemoteError, RemoteFull, RemoteRefused, RemoteUnreachable
from storage.remote.objects import Found

_ASIDE = ".aside"
_VERSIONS = ".versions"
_VERSION = re.compile(r"[0-9]{8}\Z")
_BLOCK = 2**20
_GONE = (
    errno.ESTALE, errno.EIO, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENODEV,
    errno.ENXIO, errno.EREMOTEIO,
)  # fmt: skip
_REFUSED = {
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied, or a file system without hard links",
    errno.EROFS: "the file system is read-only",
    errno.EOPNOTSUPP: "the file system has no hard links, by which one of two writers wins",
    errno.EMLINK: "the file system has no hard links, by which one of two writers wins",
}


class Folder:
    """Objects as files below a folder, which is there: one that is not may be a share that is not mounted."""

    def __init__(self, root: Path, address: str = "") -> None:
        self._root, self._address = root, address or str(root)

    @property
    def address(self) -> str:
        """Return where they are, as a person named it."""
        return self._address

    def __repr__(self) -> str:
        return f"Folder({self._address!r})"

    def ask(self) -> None:
        """Raise what stands in the way of reading here, if anything does."""
        with self._explained():
            os.scandir(self._root).close()

    def get(self, name: str) -> bytes | None:
        """Return an object's bytes."""
        with self._explained():
            return self._read(self._path(name))

    def get_range(self, name: str, start: int, length: int) -> bytes | None:
        """Return so many bytes from ``start`` on, fewer where the object ends before."""
        with self._explained():
            try:
                with self._path(name).open("rb") as file:
                    file.seek(start)
                    return file.read(length)
            except FileNotFoundError:
                self._must_be_there()
                return None

    def get_into(self, name: str, path: Path) -> bool:
        """Write an object's bytes to a file, and return whether there was one; memory stays flat."""
        with contextlib.ExitStack() as held:
            with self._explained():
                try:
                    given = held.enter_context(self._path(name).open("rb"))
                except FileNotFoundError:
                    self._must_be_there()
                    return False
            with path.open("wb") as made:
                while block := self._block(given):
                    made.write(block)
        return True

    def head(self, name: str) -> Found | None:
        """Return what a listing would say of one object."""
        with self._explained():
            try:
                found = self._path(name).stat()
            except FileNotFoundError:
                self._must_be_there()
                return None
        return Found(name, found.st_size, found.st_mtime)

    def put_new(self, name: str, content: bytes | Path) -> bool:
        """Put an object unless there is one of that name, and return whether it was put."""
        with self._explained():
            path = self._path(name)
            return not path.exists() and self._linked(content, path)

    def put_over(self, name: str, content: bytes | Path) -> None:
        """Put an object in place of the one that may be there."""
        with self._explained(), self._aside(content) as part:
            path = self._path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            part.replace(path)
            fsync(path.parent)

    def get_tagged(self, name: str) -> tuple[bytes, str] | None:
        """Return the bytes of an object that ``put_if`` writes, and the tag of this version of it."""
        with self._explained():
            versions = self._versions(name)
            known = [int(path.name) for path in versions.glob("*") if _VERSION.match(path.name)]
            number = max(known, default=0)
            while self._version(name, number + 1).exists():  # a listing of a shared folder may be seconds old
                number += 1
            if not number:
                self._must_be_there()
                return None
            return self._version(name, number).read_bytes(), str(number)

    def put_if(self, name: str, data: bytes, tag: str | None) -> bool:
        """Replace the version of that tag, or put the first one (None), and return whether that was done."""
        with self._explained():
            return self._linked(data, self._version(name, int(tag or 0) + 1))

    def list(self, under: str) -> Iterator[Found]:
        """Yield the objects below ``under/``, in no particular order; none of those that ``put_if`` writes."""
        with self._explained():
            top = self._path(under)
            if not top.is_dir():
                self._must_be_there()
            found = [
                Found(path.relative_to(self._root).as_posix(), size, written)
                for folder, _, files in os.walk(top)
                if not folder.endswith(_VERSIONS)
                for path in (Path(folder, file) for file in files)
                for size, written in self._stats(path)
            ]
        yield from found

    def list_tagged(self, under: str) -> Iterator[Found]:
        """Yield the objects below ``under/`` that ``put_if`` writes, with the bytes of all their versions."""
        with self._explained():
            top = self._path(under)
            if not top.is_dir():
                self._must_be_there()
            found = []
            for versions in top.rglob(f"*{_VERSIONS}"):
                stats = [one for path in versions.iterdir() for one in self._stats(path)]
                name = versions.relative_to(self._root).as_posix().removesuffix(_VERSIONS)
                if stats:
                    found.append(Found(name, sum(size for size, _ in stats), max(written for _, written in stats)))
        yield from found

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; what is not there is passed over."""
        with self._explained():
            for name in names:
                self._path(name).unlink(missing_ok=True)
                if self._versions(name).is_dir():
                    shutil.rmtree(self._versions(name))

    def _path(self, name: str) -> Path:
        return self._root / name

    def _versions(self, name: str) -> Path:
        return self._root / f"{name}{_VERSIONS}"

    def _version(self, name: str, number: int) -> Path:
        return self._versions(name) / f"{number:08}"

    def _read(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            self._must_be_there()
            return None

    def _block(self, file: BinaryIO) -> bytes:
        with self._explained():
            return file.read(_BLOCK)

    def _stats(self, path: Path) -> Iterator[tuple[int, float]]:
        with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
            found = path.stat()
            yield found.st_size, found.st_mtime

    def _must_be_there(self) -> None:
        """See that the folder itself is there: of a share that is not mounted nobody knows what it lacks."""
        if not self._root.is_dir():
            raise self._absent()

    def _absent(self) -> RemoteAbsent:
        make = f"mount it, or make it: mkdir -p {self._root}"
        return RemoteAbsent(f"the remote {self._address}: expected a folder, found none; {make}")

    def _linked(self, content: bytes | Path, path: Path) -> bool:
        """Write content aside, and give it its name unless that is taken; return whether that was done."""
        with self._aside(content) as part:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(part, path)
            except FileExistsError:
                return False
            fsync(path.parent)
        return True

    @contextlib.contextmanager
    def _aside(self, content: bytes | Path) -> Iterator[Path]:
        """Yield a file of our own with some content, flushed to the disk."""
        self._must_be_there()
        aside = self._root / _ASIDE
        aside.mkdir(exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=aside)
        try:
            with os.fdopen(descriptor, "wb") as file:
                if isinstance(content, bytes):
                    file.write(content)
                else:
                    with content.open("rb") as given:
                        shutil.copyfileobj(given, file, _BLOCK)
                os.fchmod(file.fileno(), 0o444)
                file.flush()
                os.fsync(file.fileno())
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the system's refusals into errors that say what to do."""
        try:
            yield
        except OSError as error:
            raise self._in_words(error) from error

    def _in_words(self, error: OSError) -> RemoteError | OSError:
        where = f"the remote {self._address}"
        number = error.errno or 0
        if number in (errno.ENOSPC, errno.EDQUOT):
            return RemoteFull(f"{where}: expected room for more, the disk or quota is full; free some space there")
        if number in _REFUSED:
            return RemoteRefused(f"{where}: {_REFUSED[number]} ({error.strerror}); let this user write there")
        if number in _GONE:
            return RemoteUnreachable(f"{where} does not answer ({error.strerror}); mount it again")
        if number in (errno.ENOENT, errno.ENOTDIR) and not self._root.is_dir():
            return self._absent()
        return error

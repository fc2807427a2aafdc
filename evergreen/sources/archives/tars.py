"""Tar archives: plain, or packed with gzip, bzip2 or xz.

A tar has no directory: it is read through once for the checks and once more for the bytes. Packed, that is twice the
work of unpacking, which is what it costs to write nothing of an archive that is refused at its end.
"""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from evergreen.errors import BadArchive
from evergreen.sources.archives.members import (
    Member,
    check_count,
    check_names,
    check_ratio,
    check_total,
    write_member,
)
from evergreen.sources.archives.names import readable

if TYPE_CHECKING:
    from evergreen.sections.data import Unpack

_OPENERS: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
_LONGEST_HEADER = 1 << 20
_RECORD = 512


def unpack(archive: Path, folder: Path, limits: "Unpack") -> Iterator[Member]:
    """Write every file of a tar into ``folder`` and yield it; see ``archives.unpack``."""
    with _opened(archive) as file:
        check_names(_checked(file, archive.stat().st_size, folder, limits))
    # As a stream: packed bytes cannot be sought back in but from their start.
    with _opened(archive) as file, tarfile.open(fileobj=file, mode="r|") as tar:
        number = 0
        while member := tar.next():
            tar.members.clear()  # type: ignore[attr-defined]  # it would keep them all
            if not member.isreg() or (source := tar.extractfile(member)) is None:
                continue
            target = folder / f"{number:06d}"
            sha256 = write_member(source, target, member.size, member.name)
            yield Member(readable(member.name), target, sha256, member.size)
            number += 1


def _opened(archive: Path) -> IO[bytes]:
    """Open a file as what its first bytes say: packed in one of three ways, or plain."""
    with archive.open("rb") as file:
        first = file.read(6)
    for magic, opener in _OPENERS.items():
        if first.startswith(magic):
            packed: IO[bytes] = opener(archive, "rb")
            return packed
    return archive.open("rb")


class _HeadersOnly(io.RawIOBase):
    """A file from which only headers are read: one that states to be longer than any honest one is refused.

    tarfile reads a pax or GNU header into memory whatever size it states.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LONGEST_HEADER:
            raise BadArchive(f"a header is refused: it states {size:,} bytes")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _checked(file: IO[bytes], archive_bytes: int, folder: Path, limits: "Unpack") -> Iterator[tuple[str, bool]]:
    """Yield every member's name and whether it is a folder, refusing as soon as what was stated so far is too much."""
    total = 0

    def add(size: int, what: str) -> None:
        nonlocal total
        total += size
        check_total(total, folder, limits)
        check_ratio(total, archive_bytes, what, limits)

    with tarfile.open(fileobj=_HeadersOnly(file), mode="r:") as tar:
        for count, member in enumerate(tar, start=1):
            check_count(count, limits)
            if reason := _refusal(member):
                raise BadArchive(f"member {member.name!r} is refused: {reason}")
            add(member.size, f"member {member.name!r}")
            if not (member.isdir() and member.name in (".", "")):
                yield member.name, member.isdir()
        # tarfile takes a cut at a member's edge, and rubbish in place of a header, for the end.
        file.seek(tar.offset)
        if file.read(_RECORD) != bytes(_RECORD):
            raise BadArchive("the archive is cut short or damaged: its end is missing. Fetch it again")
    while block := file.read(_LONGEST_HEADER):  # to the end of what is packed, where its checksum stands
        add(len(block), "the archive's padding")


def _refusal(member: tarfile.TarInfo) -> str | None:
    if member.issparse():
        return "it is a sparse file"
    if not member.isreg() and not member.isdir():
        return "it is a link, device or pipe"
    if member.mode & (stat.S_ISUID | stat.S_ISGID) and member.isreg():
        return "it sets a user or group id"
    if member.size < 0:
        return "its size is negative"
    return None

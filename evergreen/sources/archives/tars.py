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
from typing import IO, Any

from evergreen.errors import BadArchive
from evergreen.images.formats import HEAD_BYTES, TAR, kind_of
from evergreen.sources.archives.members import Member, Opening, check_link, check_names, check_ratio, write_member

_OPENERS: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
_LONGEST_HEADER = 1 << 20
_RECORD = 512


def is_tar(head: bytes) -> bool:
    """Whether a file is a tar, packed or plain, by its first ``HEAD_BYTES`` bytes."""
    return head.startswith(tuple(_OPENERS)) or _is_plain(head)


def unpack(archive: Path, folder: Path, opening: Opening) -> Iterator[Member]:
    """Write every file of a tar into ``folder`` and yield it; see ``archives.unpack``."""
    with _opened(archive) as file:
        if (head := file.read(HEAD_BYTES)) and not _is_plain(head):
            raise BadArchive(f"expected a tar, packed or not; what is packed in it is {kind_of(head)}")
        file.seek(0)
        check_names(_checked(file, archive.stat().st_size, folder, opening))
    # As a stream: packed bytes cannot be sought back in but from their start.
    with _opened(archive) as file, tarfile.open(fileobj=file, mode="r|") as tar:
        number = 0
        while member := tar.next():
            tar.members.clear()  # type: ignore[attr-defined]  # it would keep them all
            if not member.isreg() or (source := tar.extractfile(member)) is None:
                continue
            yield write_member(source, folder / f"{number:06d}", member.size, member.name)
            number += 1


def _is_plain(head: bytes) -> bool:
    if kind_of(head) == TAR or (len(head) >= _RECORD and not any(head[:_RECORD])):  # one without members
        return True
    try:  # the oldest form has no magic number, but a checksum
        tarfile.TarInfo.frombuf(head[:_RECORD], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


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


def _checked(file: IO[bytes], archive_bytes: int, folder: Path, opening: Opening) -> Iterator[tuple[str, bool]]:
    """Yield every member's name and whether it is a folder, refusing as soon as what was stated so far is too much."""
    total = 0

    def add(size: int, what: str, entries: int = 0) -> None:
        nonlocal total
        total += size
        opening.add(entries, size, folder)
        check_ratio(total, archive_bytes, what, opening.limits)

    with tarfile.open(fileobj=_HeadersOnly(file), mode="r:") as tar:
        for member in tar:
            opening.count(1)
            if member.issym() or member.islnk():
                check_link(member.name, "a link" if member.issym() else "a hard link", opening)
            elif reason := _refusal(member):
                raise BadArchive(f"member {member.name!r} is refused: {reason}")
            add(member.size, f"member {member.name!r}", entries=1)
            if not (member.isdir() and member.name in (".", "")):
                yield member.name, member.isdir()
        # tarfile takes a cut at a member's edge, and rubbish in place of a header, for the end.
        file.seek(tar.offset)
        if file.read(_RECORD) != bytes(_RECORD):
            raise tarfile.ReadError("it is cut short or damaged: its end is missing")
    while block := file.read(_LONGEST_HEADER):  # to the end of what is packed, where its checksum stands
        add(len(block), "the archive's padding")


def _refusal(member: tarfile.TarInfo) -> str | None:
    if member.issparse():
        return "it is a sparse file"
    if not member.isreg() and not member.isdir():
        return "it is a device or pipe"
    if member.mode & (stat.S_ISUID | stat.S_ISGID) and member.isreg():
        return "it sets a user or group id"
    if member.size < 0:
        return "its size is negative"
    return None

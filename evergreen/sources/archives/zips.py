"""Zip archives. Format: PKWARE's APPNOTE 6.3.10; overlapping members: Fifield, "A better zip bomb", 2019."""

import mmap
import stat
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

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

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_END, _END_64, _ENTRY, _LOCAL = b"PK\5\6", b"PK\6\6", b"PK\1\2", b"PK\3\4"
_END_BYTES, _END_64_BYTES, _ENTRY_BYTES, _LOCAL_BYTES = 22, 56, 46, 30
_LONGEST_COMMENT = 65_535


def is_zip(archive: Path) -> bool:
    """Whether a file starts as a zip does."""
    with archive.open("rb") as file:
        return file.read(2) == b"PK"


def unpack(archive: Path, folder: Path, limits: "Unpack") -> Iterator[Member]:
    """Write every file of a zip into ``folder`` and yield it; see ``archives.unpack``."""
    with archive.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        check_count(_count(data, limits.max_entries), limits)
        with zipfile.ZipFile(file) as zipped:
            members = zipped.infolist()
            _check(members, data, folder, limits)
            for number, member in enumerate(member for member in members if not _is_folder(member)):
                target = folder / f"{number:06d}"
                with zipped.open(member) as source:
                    sha256 = write_member(source, target, member.file_size, member.orig_filename)
                yield Member(readable(member.orig_filename), target, sha256, member.file_size)


def _check(members: list[zipfile.ZipInfo], data: mmap.mmap, folder: Path, limits: "Unpack") -> None:
    """Check the whole directory, and that each member's own header agrees with it."""
    check_count(len(members), limits)
    check_total(sum(member.file_size for member in members), folder, limits)
    check_names((member.orig_filename, _is_folder(member)) for member in members)
    for member in members:
        if reason := _refusal(member):
            raise BadArchive(f"member {member.orig_filename!r} is refused: {reason}")
        check_ratio(member.file_size, member.compress_size, f"member {member.orig_filename!r}", limits)
    _check_layout(members, data)


def _is_folder(member: zipfile.ZipInfo) -> bool:
    return member.orig_filename.endswith("/")


def _refusal(member: zipfile.ZipInfo) -> str | None:
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "it is a link, device or pipe"
    if mode & (stat.S_ISUID | stat.S_ISGID):
        return "it sets a user or group id"
    if member.flag_bits & 0x1:
        return "it is encrypted"
    if member.compress_type not in _METHODS:
        return f"its compression method {member.compress_type} is not known"
    if _is_folder(member) and member.file_size:
        return "it is a folder with content"
    return None


def _check_layout(members: list[zipfile.ZipInfo], data: mmap.mmap) -> None:
    """Refuse members that share bytes of the archive, reach past its end, or whose own header tells another name."""
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        start = member.header_offset
        if start < end:
            raise BadArchive(f"member {member.orig_filename!r} is refused: it overlaps another member")
        if data[start : start + 4] != _LOCAL or start + _LOCAL_BYTES > len(data):
            raise BadArchive(f"the archive is damaged: member {member.orig_filename!r} is not where the directory says")
        flags, name_bytes, extra_bytes = struct.unpack_from("<6xH18xHH", data, start)
        name = data[start + _LOCAL_BYTES : start + _LOCAL_BYTES + name_bytes]
        if name != member.orig_filename.encode("utf-8" if flags & 0x800 else "cp437"):
            raise BadArchive(f"member {member.orig_filename!r} is refused: its own header has another name")
        end = start + _LOCAL_BYTES + name_bytes + extra_bytes + member.compress_size
    if end > len(data):
        raise BadArchive(f"the archive is cut short: members reach byte {end:,} of {len(data):,}")


def _count(data: mmap.mmap, enough: int) -> int:
    """Count the directory's entries, up to one more than enough, without trusting the number that is stated.

    zipfile makes an object of each before it returns; a million of them would cost seconds and a gigabyte.
    """
    end = data.rfind(_END, max(0, len(data) - _END_BYTES - _LONGEST_COMMENT))
    if end < 0 or end + _END_BYTES > len(data):
        raise BadArchive("expected an intact zip, found no directory at its end: it is cut short. Fetch it again")
    (size,) = struct.unpack_from("<I", data, end + 12)
    if size == 0xFFFF_FFFF or data[max(0, end - 20) : end - 16] == b"PK\6\7":
        end = data.rfind(_END_64, 0, end)
        if end < 0 or end + _END_64_BYTES > len(data):
            raise BadArchive("expected an intact zip, its 64-bit directory is missing. Fetch it again")
        (size,) = struct.unpack_from("<Q", data, end + 40)
    at, count = end - size, 0
    while 0 <= at < end and count <= enough and data[at : at + 4] == _ENTRY and at + _ENTRY_BYTES <= end:
        name, extra, comment = struct.unpack_from("<HHH", data, at + 28)
        at += _ENTRY_BYTES + name + extra + comment
        count += 1
    return count

"""Zip archives. Format: PKWARE's APPNOTE 6.3.10; overlapping members: Fifield, "A better zip bomb", 2019."""

import mmap
import stat
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

from evergreen.errors import BadArchive
from evergreen.sources.archives.members import Member, Opening, check_link, check_names, check_ratio, write_member
from evergreen.sources.archives.zip_names import names_of, raw_name

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_END, _END_64, _ENTRY, _LOCAL = b"PK\5\6", b"PK\6\6", b"PK\1\2", b"PK\3\4"
_END_BYTES, _END_64_BYTES, _ENTRY_BYTES, _LOCAL_BYTES = 22, 56, 46, 30
_SIGNATURE_AND_LENGTHS = struct.Struct("<4s24x3H")  # the beginning of an entry
_LONGEST_COMMENT = 65_535


def is_zip(head: bytes) -> bool:
    """Whether a file starts as a zip does."""
    return head[:2] == b"PK"


def unpack(archive: Path, folder: Path, opening: Opening) -> Iterator[Member]:
    """Write every file of a zip into ``folder`` and yield it; see ``archives.unpack``."""
    with archive.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        opening.count(_count(data, opening.entries_left))
        with zipfile.ZipFile(file) as zipped:
            members = zipped.infolist()
            names = names_of(members, opening.limits.names, opening.told)
            files = _checked(list(zip(members, names, strict=True)), data, folder, opening)
            for number, (member, name) in enumerate(files):
                with zipped.open(member) as source:
                    yield write_member(source, folder / f"{number:06d}", member.file_size, name)


def _checked(
    members: list[tuple[zipfile.ZipInfo, str]], data: mmap.mmap, folder: Path, opening: Opening
) -> list[tuple[zipfile.ZipInfo, str]]:
    """Check the whole directory, and that each member's own header agrees with it; return the files."""
    opening.add(len(members), sum(member.file_size for member, _ in members), folder)
    check_names((name, _is_folder(name)) for _, name in members)
    files = []
    for member, name in members:
        if stat.S_ISLNK(member.external_attr >> 16):
            check_link(name, "a link", opening)
        elif reason := _refusal(member, name):
            raise BadArchive(f"member {name!r} is refused: {reason}")
        elif not _is_folder(name):
            files.append((member, name))
        check_ratio(member.file_size, member.compress_size, f"member {name!r}", opening.limits)
    _check_layout(members, data)
    return files


def _is_folder(name: str) -> bool:
    return name.endswith("/")


def _refusal(member: zipfile.ZipInfo, name: str) -> str | None:
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "it is a device or pipe"
    if mode & (stat.S_ISUID | stat.S_ISGID):
        return "it sets a user or group id"
    if member.flag_bits & 0x1:
        return "it is encrypted"
    if member.compress_type not in _METHODS:
        return f"its compression method {member.compress_type} is not known"
    if _is_folder(name) and member.file_size:
        return "it is a folder with content"
    return None


def _check_layout(members: list[tuple[zipfile.ZipInfo, str]], data: mmap.mmap) -> None:
    """Refuse members that share bytes of the archive, reach past its end, or whose own header tells another name."""
    end = 0
    for member, shown in sorted(members, key=lambda one: one[0].header_offset):
        start = member.header_offset
        if start < end:
            raise BadArchive(f"member {shown!r} is refused: it overlaps another member")
        if data[start : start + 4] != _LOCAL or start + _LOCAL_BYTES > len(data):
            raise BadArchive(f"the archive is damaged: member {shown!r} is not where the directory says")
        name_bytes, extra_bytes = struct.unpack_from("<26xHH", data, start)
        if data[start + _LOCAL_BYTES : start + _LOCAL_BYTES + name_bytes] != raw_name(member):
            raise BadArchive(f"member {shown!r} is refused: its own header has another name")
        end = start + _LOCAL_BYTES + name_bytes + extra_bytes + member.compress_size
    if end > len(data):
        raise BadArchive(f"the archive is cut short: members reach byte {end:,} of {len(data):,}")


def _count(data: mmap.mmap, enough: int) -> int:
    """Count the directory's entries, up to one more than enough, without trusting the number that is stated.

    zipfile makes an object of each before it returns; a million of them would cost seconds and a gigabyte.
    """
    end = data.rfind(_END, max(0, len(data) - _END_BYTES - _LONGEST_COMMENT))
    if end < 0 or end + _END_BYTES > len(data):
        raise zipfile.BadZipFile("found no directory at its end: it is cut short")
    (size,) = struct.unpack_from("<I", data, end + 12)
    if size == 0xFFFF_FFFF or data[max(0, end - 20) : end - 16] == b"PK\6\7":
        end = data.rfind(_END_64, 0, end)
        if end < 0 or end + _END_64_BYTES > len(data):
            raise zipfile.BadZipFile("its 64-bit directory is missing")
        (size,) = struct.unpack_from("<Q", data, end + 40)
    at, count, read = end - size, 0, _SIGNATURE_AND_LENGTHS.unpack_from
    while 0 <= at <= end - _ENTRY_BYTES and count <= enough:
        signature, name, extra, comment = read(data, at)
        if signature != _ENTRY:
            break
        at += _ENTRY_BYTES + name + extra + comment
        count += 1
    return count

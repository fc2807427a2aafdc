"""Names of a zip's members, decided for all of them together.

A zip says of a name that it is UTF-8 (bit 11), or holds it a second time as UTF-8 (Info-ZIP's Unicode path, APPNOTE
4.6.9), or says nothing: then it is bytes in whatever code page the packing machine had, CP437 by the letter of the
format. Guessing that would make wrong classes, so what would name a folder is asked.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence

from evergreen.errors import BadArchive
from evergreen.sources.archives.members import Told

_UTF8_FLAG = 0x800
_UNICODE_PATH = 0x7075
_STATED = "cp437"
_LIKELY = ("gbk", "big5", "shift_jis", "euc_kr", "cp1251", "cp866", "cp1252")
_SHOWN = 3


def raw_name(member: zipfile.ZipInfo) -> bytes:
    """Return a member's name as the bytes that stand in the directory."""
    return member.orig_filename.encode("utf-8" if member.flag_bits & _UTF8_FLAG else _STATED)


def names_of(members: Sequence[zipfile.ZipInfo], code_page: str | None, told: Told) -> list[str]:
    r"""Return the names of all members, in their order, with ``/`` between folders; nothing is checked yet.

    Args:
        members: of one archive.
        code_page: what the recipe says of names of which the archive says nothing.
        told: hears of names that were read as CP437 because nobody says what they are. A zip of which no name has a
            ``/`` has ``\`` in its place, as .NET wrote them.

    Raises:
        BadArchive: the recipe's code page does not fit, or it names none and a folder's name depends on it.
    """
    known = [_known(member) for member in members]
    unknown = [name for name in known if isinstance(name, bytes)]
    reading = _reading(unknown, code_page)
    if reading == _STATED and unknown:
        shown = ", ".join(repr(name.decode(_STATED)) for name in unknown[:_SHOWN])
        told.notes.append(
            f"{len(unknown):,} names of files, in a code page that the archive does not state, were read as CP437, "
            f"such as {shown}; if they look wrong, name it: unpack.names: gbk"
        )
    return _separated([name if isinstance(name, str) else name.decode(reading) for name in known])


def _known(member: zipfile.ZipInfo) -> str | bytes:
    """Return a name that is certain, or the bytes of one of which nobody says what they are."""
    name = member.orig_filename
    if member.flag_bits & _UTF8_FLAG:
        return name
    raw = raw_name(member)
    return _unicode_path(member.extra, raw) or (name if raw.isascii() else raw)


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """Return the name in Info-ZIP's field, if it is of this very name: version 1, and the CRC-32 of its bytes."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and len(field) == size > 5:
            version, checksum = struct.unpack_from("<BI", field)
            if version == 1 and checksum == zlib.crc32(raw):
                return field[5:].decode() if _fits([field[5:]], "utf-8") else None
    return None


def _reading(unknown: list[bytes], code_page: str | None) -> str:
    if _fits(unknown, "utf-8"):
        return "utf-8" if unknown else _STATED
    if code_page:
        for name in unknown:
            if not _fits([name], code_page):
                raise BadArchive(
                    f"unpack.names: {code_page}: the name {name.decode(_STATED)!r} (as CP437) is none of that code "
                    f"page. {_readings(unknown)}"
                )
        return code_page
    if any(not name.rpartition(b"/")[0].isascii() or b"\\" in name for name in unknown):
        raise BadArchive(
            f"the names of folders are in a code page that the archive does not state. {_readings(unknown)}"
        )
    return _STATED


def _fits(names: Iterable[bytes], code_page: str) -> bool:
    try:
        for name in names:
            name.decode(code_page)
    except ValueError:
        return False
    return True


def _readings(unknown: list[bytes]) -> str:
    """Return what a person chooses from: the lines for the recipe, and how folders (or files) would be called."""
    lines = []
    for code_page in (_STATED, *_LIKELY):
        if _fits(unknown, code_page) and (shown := _shown(unknown, code_page)):
            lines.append(f"\n  unpack.names: {code_page}   reads {shown}")
    return "Choose the line that reads right, or any code page that Python knows:" + "".join(lines)


def _shown(unknown: list[bytes], code_page: str) -> str:
    """Return how some of the names read that decide; nothing if they read as no names do."""
    names = _separated([name.decode(code_page) for name in unknown])
    parts = [part for name in names for part in name.split("/")[:-1]] or names
    odd = list(dict.fromkeys(part for part in parts if not part.isascii()))
    letters = "".join(odd)
    strange = [letter for letter in letters if not letter.isascii() and not letter.isalnum()]
    if code_page != _STATED and (not letters.isprintable() or 2 * len(strange) > len(letters)):
        return ""
    more = f" and {len(odd) - _SHOWN} more" if len(odd) > _SHOWN else ""
    return ", ".join(repr(part)[1:-1] for part in odd[:_SHOWN]) + more


def _separated(names: list[str]) -> list[str]:
    return names if any("/" in name for name in names) else [name.replace("\\", "/") for name in names]

r"""Opening archives that strangers made: the whole directory is checked before a byte is written.

CPython's zipfile strips ``../``, keeps ``..\x``, cuts names at NUL and extracts overlapping bombs; so nothing is
extracted by name here. Members go into files numbered by us; their names are only ever data in a table.
"""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from evergreen.errors import BadArchive

MAX_ENTRIES = 200_000
MAX_TOTAL_BYTES = 20 * 2**30
MAX_RATIO = 100
RATIO_COUNTS_ABOVE_BYTES = 256 * 2**20
MAX_NAME_BYTES = 255
_BLOCK = 1 << 20


def unpack(archive: Path, folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    """Write every file of a zip into ``folder`` and yield (name in the archive, path of the file).

    Args:
        archive: the zip.
        folder: an existing, empty, private folder.
        name: what the archive is called, for errors; its path may be a digest.

    Raises:
        BadArchive: the archive is hostile, damaged or no zip; nothing of a hostile one was written.
    """
    try:
        with zipfile.ZipFile(archive) as zipped:
            members = zipped.infolist()
            check_directory(members, archive.stat().st_size)
            for number, member in enumerate(member for member in members if not member.is_dir()):
                target = folder / f"{number:06d}"
                _write_member(zipped, member, target)
                yield member.filename, target
    except BadArchive as error:
        raise BadArchive(f"{name}: {error}") from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, UnicodeDecodeError) as error:
        raise BadArchive(f"{name}: expected an intact zip; {error or type(error).__name__}. Fetch it again") from error


def check_directory(members: list[zipfile.ZipInfo], archive_bytes: int) -> None:
    """Check an archive's whole directory.

    Raises:
        BadArchive: naming the first member that is refused, and why.
    """
    if len(members) > MAX_ENTRIES:
        raise BadArchive(f"expected at most {MAX_ENTRIES:,} entries, received {len(members):,}")
    total = sum(member.file_size for member in members)
    if total > MAX_TOTAL_BYTES:
        raise BadArchive(f"expected at most {MAX_TOTAL_BYTES:,} bytes unpacked, the directory states {total:,}")
    files = {member.filename for member in members if not member.is_dir()}
    for member in members:
        if reason := _refusal(member, files):
            raise BadArchive(f"member {member.orig_filename!r} is refused: {reason}")
    _check_overlaps(members, archive_bytes)


def _refusal(member: zipfile.ZipInfo, files: set[str]) -> str | None:
    """Return why a member is refused, or None."""
    name = member.orig_filename
    parts = name.split("/")
    kind = stat.S_IFMT(member.external_attr >> 16)
    ratio = member.file_size / max(member.compress_size, 1)
    reasons = {
        "its name is empty": not name.strip("/"),
        "its name holds a NUL": "\0" in name,
        "its path is absolute": name.startswith("/") or name[1:2] == ":",
        "its name holds a backslash": "\\" in name,
        "its path leaves the archive": ".." in parts,
        f"a name is over {MAX_NAME_BYTES} bytes": any(len(part.encode()) > MAX_NAME_BYTES for part in parts),
        "it is also a folder of other members": any("/".join(parts[:end]) in files for end in range(1, len(parts))),
        "it is a link, device or pipe": kind not in (0, stat.S_IFREG, stat.S_IFDIR),
        "it sets a user or group id": bool((member.external_attr >> 16) & (stat.S_ISUID | stat.S_ISGID)),
        "it is encrypted": bool(member.flag_bits & 0x1),
        f"it unpacks to over {MAX_RATIO} times its size": ratio > MAX_RATIO
        and member.file_size > RATIO_COUNTS_ABOVE_BYTES,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _check_overlaps(members: list[zipfile.ZipInfo], archive_bytes: int) -> None:
    """Refuse members that share bytes of the archive, the trick of zip bombs (Fifield 2019)."""
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise BadArchive(f"member {member.orig_filename!r} is refused: it overlaps another member")
        end = member.header_offset + 30 + len(member.orig_filename.encode()) + member.compress_size
    if end > archive_bytes:
        raise BadArchive(f"the archive is cut short: members reach byte {end:,} of {archive_bytes:,}")


def _write_member(zipped: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    written = 0
    with zipped.open(member) as source, target.open("xb") as sink:
        while block := source.read(_BLOCK):
            written += len(block)
            if written > member.file_size:
                raise BadArchive(f"member {member.filename!r} is refused: it is larger than the directory states")
            sink.write(block)
    if written != member.file_size:
        raise BadArchive(f"member {member.filename!r} is refused: it is shorter than the directory states")

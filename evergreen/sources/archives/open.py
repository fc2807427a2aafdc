"""Opening archives that strangers made: the whole directory is checked before a byte is written.

CPython's zipfile strips ``../``, cuts names at NUL and extracts overlapping bombs; tarfile follows links. Here the
standard library reads the formats, and nothing is extracted by name.
"""

import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evergreen.errors import BadArchive
from evergreen.images.formats import HEAD_BYTES, kind_of
from evergreen.sources.archives import tars, zips
from evergreen.sources.archives.members import Member, Opening, Told, check_names
from evergreen.sources.archives.names import visible
from evergreen.sources.archives.nested import archives_to_open, folder_of
from evergreen.sources.archives.refusals import damaged, no_archive

if TYPE_CHECKING:
    from evergreen.sections.data import Unpack

_SHOWN = 5
# What the standard library raises for bytes that are no archive, or a damaged one.
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    RuntimeError,  # and NotImplementedError: a compression or an encryption that zipfile does not know
    ValueError,  # and UnicodeDecodeError
    LookupError,
    OverflowError,
)


def unpack(archive: Path, folder: Path, name: str, limits: "Unpack", told: Told | None = None) -> Iterator[Member]:
    """Write every file of a zip or tar (plain, gz, bz2, xz) into ``folder`` and yield it.

    Archives inside are opened, one level deep, where nothing else in it matters; they are no members then.

    Args:
        archive: the file; what it is, is told by its content.
        folder: an existing, empty, private folder.
        name: what the archive is called, for errors; its path may be a digest.
        limits: how much an archive may hold, and how its members are read.
        told: hears what is left out, and how the rest was read.

    Raises:
        BadArchive: the archive is hostile, damaged or none; nothing of a hostile one was written.
    """
    opening = Opening(limits, archive.stat().st_size, told or Told())
    members = list(_opened(archive, folder, name, opening))
    inside = archives_to_open(members)
    if inside:
        opened = ", ".join(visible(member.name) for member in inside[:_SHOWN])
        more = f" and {len(inside) - _SHOWN} more" if len(inside) > _SHOWN else ""
        opening.told.notes.append(f"{name}: the archives inside it were opened: {opened}{more}")
    opening.inside = True
    to_open = {member.path for member in inside}
    for member in members:
        if member.path in to_open:
            yield from _opened_inside(member, name, opening)
        else:
            yield member


def _opened_inside(archive: Member, name: str, opening: Opening) -> Iterator[Member]:
    folder = archive.path.with_name(f"{archive.path.name}-inside")
    folder.mkdir()
    shown = f"{name}: {visible(archive.name)}"
    members = list(_opened(archive.path, folder, shown, opening))
    archive.path.unlink()  # what was in it lies beside it now
    below = folder_of(archive.name, [member.name for member in members])
    found = [replace(member, name=below + member.name) for member in members]
    with one_error_family(shown):
        check_names((member.name, False) for member in found)
    yield from found


def _opened(archive: Path, folder: Path, name: str, opening: Opening) -> Iterator[Member]:
    with archive.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not zips.is_zip(head) and not tars.is_tar(head):
        raise no_archive(name, kind_of(head))
    with one_error_family(name):
        yield from (zips if zips.is_zip(head) else tars).unpack(archive, folder, opening)


@contextmanager
def one_error_family(name: str) -> Iterator[None]:
    """Turn whatever reading an archive raises into one error; what the disk raises passes.

    Raises:
        BadArchive: with the archive's name, and what was wrong.
    """
    try:
        yield
    except BadArchive as error:
        raise BadArchive(f"{name}: {error}") from None
    except _DAMAGE as error:
        raise damaged(name, str(error) or type(error).__name__) from error
    except OSError as error:
        if error.errno is not None:  # gzip and bz2 raise theirs without a number
            raise
        raise damaged(name, str(error) or type(error).__name__) from error

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
from pathlib import Path
from typing import TYPE_CHECKING

from evergreen.errors import BadArchive
from evergreen.sources.archives import tars, zips
from evergreen.sources.archives.members import Member

if TYPE_CHECKING:
    from evergreen.sections.data import Unpack

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


def unpack(archive: Path, folder: Path, name: str, limits: "Unpack") -> Iterator[Member]:
    """Write every file of a zip or tar (plain, gz, bz2, xz) into ``folder`` and yield it.

    Args:
        archive: the file; what it is, is told by its content.
        folder: an existing, empty, private folder.
        name: what the archive is called, for errors; its path may be a digest.
        limits: how much an archive may hold.

    Raises:
        BadArchive: the archive is hostile, damaged or none; nothing of a hostile one was written.
    """
    with one_error_family(name):
        if zips.is_zip(archive):
            yield from zips.unpack(archive, folder, limits)
        else:
            yield from tars.unpack(archive, folder, limits)


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
        raise _damaged(name, error) from error
    except OSError as error:
        if error.errno is not None:  # gzip and bz2 raise theirs without a number
            raise
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> BadArchive:
    return BadArchive(f"{name}: expected an intact zip or tar; {error or type(error).__name__}. Fetch it again")

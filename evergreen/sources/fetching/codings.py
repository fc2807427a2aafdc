"""Content codings (RFC 9110 section 8.4): what a server says it packed, though the file as it is was asked for.

A coding is either the file's own or was put around it on the way, and no header tells which: Apache's AddEncoding calls
every .tar.gz "gzip", and its body is the .tar.gz; a filter that packs whatever passes says the same of a .zip. The
file's name decides, as it does in browsers.
"""

import gzip
import zlib
from pathlib import PurePath
from typing import BinaryIO

# Others that servers state ("aws-chunked", "utf-8", "none") are no packing, or one that HTTP itself undoes.
_PACKINGS = ("gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd")
_GZIP = ("gzip", "x-gzip")
_SUFFIXES = {
    ".gz": _GZIP, ".tgz": _GZIP, ".taz": _GZIP, ".z": ("compress", "x-compress"), ".br": ("br",), ".zst": ("zstd",),
}  # fmt: skip
_MAGIC = b"\x1f\x8b"
_MOST_LAYERS = 3

# What reading a damaged gzip raises; gzip's own OSError has no number, one of the disk has.
DAMAGE = (gzip.BadGzipFile, EOFError, zlib.error)


def stated(header: str) -> tuple[str, ...]:
    """Return the packings that a Content-Encoding names, in the order in which they were applied."""
    words = [word.strip().lower() for word in header.split(",")]
    return tuple(word for word in words if word in _PACKINGS)


def around(codings: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Return those codings that are not the named file's own."""
    own = codings and codings[0] in _SUFFIXES.get(PurePath(name).suffix.lower(), ())
    return codings[1:] if own else codings


def can_be_undone(codings: tuple[str, ...]) -> bool:
    """Whether ``unpacked`` can take these codings off."""
    return len(codings) <= _MOST_LAYERS and all(coding in _GZIP for coding in codings)


def unpacked(file: BinaryIO, codings: tuple[str, ...]) -> BinaryIO:
    """Return what is inside a file's gzip codings; a layer that is stated and not there is none.

    Args:
        file: at its start; it can be sought.
        codings: what is around the file; all can be undone.

    Asking for it, and reading it, may raise DAMAGE.
    """
    for _ in codings:
        begins = file.read(len(_MAGIC))
        file.seek(0)
        if begins != _MAGIC:
            break
        file = gzip.GzipFile(fileobj=file, mode="rb")  # type: ignore[assignment]
    return file

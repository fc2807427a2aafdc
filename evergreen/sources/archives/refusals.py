"""What is no archive that is opened here, in words: what it is instead, and what to do."""

import re

from evergreen.errors import BadArchive
from evergreen.images.formats import (
    EMPTY,
    FOREIGN_ARCHIVES,
    IMAGE,
    LFS_POINTER,
    PICTURES,
    TABLES,
    TEXT,
    UNKNOWN,
    WEB_PAGE,
)

# One part of an archive that was cut into several: photos.zip.001, photos.z01, photos.r00.
_PART = re.compile(r"\.(?:\d{3}|[zr]\d\d)$", re.IGNORECASE)
_FETCH = "Fetch it again"
_JOIN = (
    "by its name this is one part of a split archive: join its parts first (cat NAME.zip.* > NAME.zip, or 7z x "
    "NAME.zip.001; of .z01 beside .zip: zip -s 0 NAME.zip --out WHOLE.zip), and name the result"
)
_A_FOLDER = "name a folder with a folder of images a class, or a zip or tar of one"
_ADVICE = (
    dict.fromkeys(FOREIGN_ARCHIVES, "unpack it and name the folder")
    | dict.fromkeys(PICTURES, _A_FOLDER)
    | dict.fromkeys(TABLES, "write the pictures in it as files into a folder a class, and name the folder above them")
    | {
        IMAGE: _A_FOLDER,
        TEXT: _A_FOLDER,
        LFS_POINTER: "run git lfs pull where it lies",
        WEB_PAGE: "the address leads to a page, and not to a file; correct it, or fetch the file with a browser and "
        "name that",
    }
)


def no_archive(name: str, kind: str) -> BadArchive:
    """Return the refusal of a file that is no zip and no tar.

    Args:
        name: what it is called.
        kind: what it is, as ``formats.kind_of``.
    """
    if kind in (UNKNOWN, EMPTY):
        return damaged(name, f"this is {'of no known format' if kind == UNKNOWN else kind}")
    words = "an image" if kind == IMAGE else kind
    return BadArchive(f"{name}: expected an intact zip or tar; this is {words}: {_ADVICE.get(kind, _A_FOLDER)}")


def damaged(name: str, what: str) -> BadArchive:
    """Return the refusal of a zip or tar that is not whole; one part of a split one never is."""
    if _PART.search(name):
        return BadArchive(f"{name}: expected a whole zip or tar; {_JOIN}")
    return BadArchive(f"{name}: expected an intact zip or tar; {what}. {_FETCH}")

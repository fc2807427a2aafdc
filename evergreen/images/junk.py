"""Files that lie in folders of images and are none, told by their names and by what their first bytes are."""

import unicodedata
from collections.abc import Collection
from posixpath import splitext

from evergreen.images.formats import ARCHIVES, IMAGE, has_image_suffix

# Folders that an operating system or a server keeps for itself; their names in any case.
SYSTEM_FOLDERS = frozenset({"$recycle.bin", "#recycle", "system volume information", "lost+found"})
_JUNK_NAMES = {".ds_store", "thumbs.db", "desktop.ini", "icon\r"}
_JUNK_SUFFIXES = {".txt", ".md", ".csv", ".json", ".xml", ".html", ".pdf", ".py", ".ipynb"}
_ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"}
NOT_AN_IMAGE = "not an image:"
_NOT_OPENED = "an archive in the archive: not opened"


def junk_reason(path: str, kind: str = "", declared: Collection[str] = ()) -> str:
    """Return why a file is no image of a dataset, or an empty string if it may be one.

    A file with the suffix of an image and other bytes may be one: whoever decodes it says what it is.

    Args:
        path: POSIX, below the folder or archive that was named.
        kind: what its first bytes are, as ``formats.kind_of``; empty if nobody looked, and its name alone decides.
        declared: names of classes, so that one that begins with a dot is looked into.
    """
    if reason := never_looked_into(path, declared):
        return reason
    suffix = splitext(path)[1].lower()
    if kind == IMAGE:
        return ""
    if suffix in _ARCHIVES or (kind in ARCHIVES and not has_image_suffix(path)):
        return _NOT_OPENED
    if not kind:
        return "not an image" if suffix in _JUNK_SUFFIXES else ""
    return "" if has_image_suffix(path) else f"{NOT_AN_IMAGE} {kind}"


def never_looked_into(path: str, declared: Collection[str] = ()) -> str:
    """Return why a name, or a folder's above it, is never looked into; an empty string if all may be."""
    parts = [part for part in path.split("/") if part]
    if not parts:
        return ""
    if "__MACOSX" in parts or parts[-1].startswith("._"):
        return "macOS resource fork"
    if parts[-1].lower() in _JUNK_NAMES:
        return "file of the operating system"
    known = {_form(name) for name in declared}
    for part in parts:
        if part.lower() in SYSTEM_FOLDERS:
            return "in a folder of the operating system"
        if part.startswith((".", "@")) and part not in (".", "..") and _form(part) not in known:
            return f"hidden: a name that begins with {part[0]}"
    return ""


def _form(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip()).casefold()

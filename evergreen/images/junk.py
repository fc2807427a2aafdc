"""Files that lie in folders of images and are none, told by their names."""

from pathlib import PurePosixPath

_JUNK_NAMES = {".ds_store", "thumbs.db", "desktop.ini"}
_JUNK_SUFFIXES = {".txt", ".md", ".csv", ".json", ".xml", ".html", ".pdf", ".py", ".ipynb"}
_ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"}


def junk_reason(path: str) -> str:
    """Return why a file (POSIX path) is no image, or an empty string if it may be one."""
    name = PurePosixPath(path)
    if "__MACOSX" in name.parts or name.name.startswith("._"):
        return "macOS resource fork"
    if name.name.lower() in _JUNK_NAMES:
        return "file of the operating system"
    if name.suffix.lower() in _ARCHIVES:
        return "an archive in the archive: not opened"
    if name.suffix.lower() in _JUNK_SUFFIXES:
        return "not an image"
    return ""

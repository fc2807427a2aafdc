"""Archives inside an archive: a zip of ``train.zip`` and ``test.zip`` is opened as if their folders lay in it."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from evergreen.images.formats import BZIP2, GZIP, TAR, XZ, ZIP
from evergreen.images.junk import junk_reason, never_looked_into
from evergreen.sources.archives.members import Member

# Not all that is a zip by its bytes is meant to be opened (.npz, .docx), nor is all that gzip packs a tar.
_SUFFIXES = (".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tbz2", ".tbz", ".txz", ".zip", ".tar")
_KINDS = (ZIP, TAR, GZIP, BZIP2, XZ)


def archives_to_open(members: Sequence[Member]) -> list[Member]:
    """Return the archives among an archive's members, if nothing else in it matters; else none."""
    inside = [member for member in members if _suffix(member)]
    matters = any(not _suffix(member) and not junk_reason(member.name, member.kind) for member in members)
    return [] if matters else inside


def folder_of(archive: str, names: Sequence[str]) -> str:
    """Return the folder below which the members of an archive inside are listed, with its ``/``; or nothing.

    That is the archive's name without its suffix; where all of its members lie in one folder of that very name, the
    folder stands for it.

    Args:
        archive: its name in the outer archive.
        names: of its members.
    """
    suffix = next((suffix for suffix in _SUFFIXES if archive.lower().endswith(suffix)), "")
    place = PurePosixPath(archive[: len(archive) - len(suffix)])
    ways = [PurePosixPath(name).parts for name in names if not never_looked_into(name)]
    if ways and all(len(way) > 1 and way[0] == place.name for way in ways):
        place = place.parent
    return "" if place == PurePosixPath() else f"{place}/"


def _suffix(member: Member) -> str:
    """Return the suffix of a member that is an archive to open; nothing if it is none."""
    name = PurePosixPath(member.name).name.lower()
    if member.kind not in _KINDS or never_looked_into(member.name):
        return ""
    return next((suffix for suffix in _SUFFIXES if name.endswith(suffix) and name[: -len(suffix)].strip(". ")), "")

"""What zips and tars have in common: the names of their members, how much they may hold, and writing one of them.

Members go into files numbered by us; their names are only ever data in a table. So duplicate names, and names that
differ in case or Unicode form alone, are no matter of the file system's: repair decides about them.
"""

import hashlib
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from evergreen.errors import BadArchive

if TYPE_CHECKING:
    from evergreen.sections.data import Unpack

MAX_NAME_BYTES = 255
_BLOCK = 1 << 20
_UNSAFE = re.compile(
    r"(?P<nul>\0)|(?P<backslash>\\)|(?P<absolute>^/|^[A-Za-z]:)|(?P<leaves>(?:^|/)\.\.(?:/|$))|(?P<long>[^/\\\0]{64})"
)
_WHY = {
    "nul": "its name holds a NUL",
    "backslash": "its name holds a backslash",
    "absolute": "its path is absolute",
    "leaves": "its path leaves the archive",
    "long": f"a name is over {MAX_NAME_BYTES} bytes",
}


@dataclass(frozen=True)
class Member:
    """One file of an archive, written.

    Attributes:
        name: as in the archive; bytes that are no UTF-8 read ``%XX``.
        path: where it was written.
        sha256: of its bytes, taken while they were written.
        size: in bytes.
    """

    name: str
    path: Path
    sha256: str
    size: int


def check_count(count: int, limits: "Unpack") -> None:
    """Check how many entries an archive has.

    Raises:
        BadArchive: more than the limit.
    """
    if count > limits.max_entries:
        raise BadArchive(
            f"expected at most {limits.max_entries:,} entries, received {count:,} or more; "
            "if you trust the archive, raise unpack.max_entries"
        )


def check_total(total: int, folder: Path, limits: "Unpack") -> None:
    """Check what an archive states that it unpacks to.

    Raises:
        BadArchive: it is over the limit, or over half of the free disk.
    """
    if total > limits.max_gib * 2**30:
        raise BadArchive(
            f"expected at most {limits.max_gib:g} GiB unpacked, the directory states {total:,} bytes or more; "
            "if you trust the archive, raise unpack.max_gib"
        )
    if total > (free := shutil.disk_usage(folder).free) / 2:
        raise BadArchive(f"it unpacks to {total:,} bytes, over half of the {free:,} that are free: free some space")


def check_ratio(size: int, packed: int, what: str, limits: "Unpack") -> None:
    """Check how much larger something becomes by unpacking; small things may be as dense as they like.

    Raises:
        BadArchive: it is over both limits.
    """
    if size > limits.max_ratio * max(packed, 1) and size > limits.ratio_above_mib * 2**20:
        raise BadArchive(f"{what} is refused: it unpacks to over {limits.max_ratio:g} times its size")


def check_names(names: Iterable[tuple[str, bool]]) -> None:
    """Check the names of an archive's members.

    Args:
        names: of every member, with whether it is a folder.

    Raises:
        BadArchive: naming the first member that is refused, and why.
    """
    files: set[str] = set()
    folders: set[str] = set()
    for name, is_folder in names:
        if reason := _problem(name, is_folder):
            raise BadArchive(f"member {name!r} is refused: {reason}")
        path = name.rstrip("/")
        (folders if is_folder else files).add(path)
        parent = path.rpartition("/")[0]
        while parent and parent not in folders:
            folders.add(parent)
            parent = parent.rpartition("/")[0]
    if both := files & folders:
        raise BadArchive(f"member {min(both)!r} is refused: it is also a folder of other members")


def _problem(name: str, is_folder: bool) -> str | None:
    if not name.strip("/") or (name.endswith("/") and not is_folder):
        return "its name is empty"
    for found in _UNSAFE.finditer(name):
        kind = str(found.lastgroup)
        if kind != "long" or any(len(part.encode("utf-8", "replace")) > MAX_NAME_BYTES for part in name.split("/")):
            return _WHY[kind]
    return None


def write_member(source: IO[bytes], target: Path, size: int, name: str) -> str:
    """Copy one member and return its SHA-256, trusting the stated size in neither direction.

    Raises:
        BadArchive: the member is larger or smaller than stated.
    """
    digest = hashlib.sha256()
    written = 0
    with target.open("xb", buffering=0) as sink:
        while block := source.read(_BLOCK):
            written += len(block)
            if written > size:
                raise BadArchive(f"member {name!r} is refused: it is larger than the directory states")
            digest.update(block)
            sink.write(block)
    if written != size:
        raise BadArchive(f"member {name!r} is refused: it is shorter than the directory states")
    return digest.hexdigest()

"""What zips and tars have in common: the names of their members, how much they may hold, and writing one of them.

Members go into files numbered by us; their names are only ever data in a table. So duplicate names, and names that
differ in case or Unicode form alone, are no matter of the file system's: repair decides about them.
"""

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from evergreen.errors import BadArchive
from evergreen.images.formats import HEAD_BYTES, kind_of
from evergreen.sources.archives.names import normal, readable

if TYPE_CHECKING:
    from evergreen.sections.data import Unpack

MAX_NAME_BYTES = 255
# What unpacks to more is an honest million of photos, hardly smaller when packed, or a bomb of many small members.
_DENSE_UP_TO = 20 * 2**30
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
        kind: what its first bytes are, as ``formats.kind_of``.
    """

    name: str
    path: Path
    sha256: str
    size: int
    kind: str


@dataclass
class Told:
    """What is to be said of an opening.

    Attributes:
        left_out: reason -> how many members were left out for it.
        notes: sentences on how the rest was read.
    """

    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


@dataclass
class Opening:
    """The opening of one archive and of those inside it: what they hold counts together.

    Attributes:
        limits: how much all of them may hold, and how their members are read.
        packed: size of the outermost archive in bytes.
        told: what is to be said.
        inside: whether what is opened now lies inside another archive.
    """

    limits: "Unpack"
    packed: int
    told: Told = field(default_factory=Told)
    inside: bool = False
    _entries: int = 0
    _size: int = 0
    _size_inside: int = 0

    @property
    def entries_left(self) -> int:
        """How many entries more there may be."""
        return max(0, self.limits.max_entries - self._entries)

    def count(self, entries: int) -> None:
        """Check so many entries more; they are not added.

        Raises:
            BadArchive: too many.
        """
        check_count(self._entries + entries, self.limits)

    def add(self, entries: int, size: int, folder: Path) -> None:
        """Add entries, and bytes that they are said to unpack to.

        Raises:
            BadArchive: too much of either, or for the size of the outermost archive.
        """
        self.count(entries)
        self._entries += entries
        self._size += size
        check_total(self._size, folder, self.limits)
        if self._size > _DENSE_UP_TO:
            check_ratio(self._size, self.packed, "what it holds together", self.limits)
        if self.inside:
            self._size_inside += size
            check_ratio(self._size_inside, self.packed, "what the archives in it hold together", self.limits)


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


def check_link(name: str, what: str, opening: Opening) -> None:
    """Count a link that the recipe leaves out.

    Raises:
        BadArchive: the recipe says nothing of links.
    """
    if opening.limits.links != "drop":
        raise BadArchive(f"member {name!r} is refused: it is {what}; to leave links out: unpack.links: drop")
    opening.told.left_out[f"{what} in an archive (unpack.links: drop)"] += 1


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
        path = normal(name)
        if is_folder and not path:  # ./
            continue
        (folders if is_folder else files).add(path)
        parent = path.rpartition("/")[0]
        while parent and parent not in folders:
            folders.add(parent)
            parent = parent.rpartition("/")[0]
    if both := files & folders:
        raise BadArchive(f"member {min(both)!r} is refused: it is also a folder of other members")


def _problem(name: str, is_folder: bool) -> str | None:
    if not name.strip("/") or (not is_folder and (name.endswith("/") or not normal(name))):
        return "its name is empty"
    for found in _UNSAFE.finditer(name):
        kind = str(found.lastgroup)
        if kind != "long" or any(len(part.encode("utf-8", "replace")) > MAX_NAME_BYTES for part in name.split("/")):
            return _WHY[kind]
    return None


def write_member(source: IO[bytes], target: Path, size: int, name: str) -> Member:
    """Copy one member and return it, trusting the stated size in neither direction.

    Raises:
        BadArchive: the member is larger or smaller than stated.
    """
    digest = hashlib.sha256()
    written, head = 0, b""
    with target.open("xb", buffering=0) as sink:
        while block := source.read(_BLOCK):
            written += len(block)
            if written > size:
                raise BadArchive(f"member {name!r} is refused: it is larger than the directory states")
            if len(head) < HEAD_BYTES:
                head += block[: HEAD_BYTES - len(head)]
            digest.update(block)
            sink.write(block)
    if written != size:
        raise BadArchive(f"member {name!r} is refused: it is shorter than the directory states")
    return Member(readable(normal(name)), target, digest.hexdigest(), size, kind_of(head))

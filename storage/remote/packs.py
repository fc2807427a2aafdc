"""Packs: many small blobs as one object, beside an index of where each lies, as in git.

    packs/<id>.pack    the blobs' bytes, one after the other
    packs/<id>.index   an entry of 48 bytes for each, by digest: SHA-256, and where it begins and how long it is, two
                       unsigned 64-bit numbers, the highest byte first

The id is the SHA-256 of the index: two machines that pack the same blobs write the same two objects. The pack is put
first, so what an index names is there. Whoever reads a blob checks it against its digest.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from storage.digests import sha256_bytes
from storage.errors import RemoteDamaged

# Larger ones are objects of their own.
SMALL = 256 * 2**10
# So that whoever wants many of them reads few objects, and whoever wants one needs not read gigabytes.
_MOST = 32 * 2**20
_ENTRY = struct.Struct(">32sQQ")
PACKS, PACK, INDEX = "packs", ".pack", ".index"


@dataclass(frozen=True)
class Index:
    """Where each blob of a pack lies.

    Attributes:
        data: entries, sorted.
    """

    data: bytes

    @cached_property
    def id(self) -> str:
        """The pack's id, 64 hex digits."""
        return sha256_bytes(self.data)

    @property
    def pack(self) -> str:
        """The name of the pack's object."""
        return f"{PACKS}/{self.id}{PACK}"

    @property
    def name(self) -> str:
        """The name of the index's object."""
        return f"{PACKS}/{self.id}{INDEX}"

    @cached_property
    def size(self) -> int:
        """How many bytes the pack has."""
        return max((start + size for _, start, size in _ENTRY.iter_unpack(self.data)), default=0)

    def __iter__(self) -> Iterator[tuple[str, int, int]]:
        """Yield digest, start and size of each blob, by digest."""
        for digest, start, size in _ENTRY.iter_unpack(self.data):
            yield digest.hex(), start, size

    def find(self, sha256: str) -> tuple[int, int] | None:
        """Return where a blob begins and how long it is, or None if it is not in the pack."""
        wanted, low, high = bytes.fromhex(sha256), 0, len(self.data) // _ENTRY.size
        while low < high:
            middle = (low + high) // 2
            digest, start, size = _ENTRY.unpack_from(self.data, middle * _ENTRY.size)
            if digest == wanted:
                return start, size
            low, high = (middle + 1, high) if digest < wanted else (low, middle)
        return None

    def digests(self) -> Iterator[bytes]:
        """Yield the digest of each blob, 32 bytes."""
        return (digest for digest, _, _ in _ENTRY.iter_unpack(self.data))

    @classmethod
    def read(cls, data: bytes, name: str) -> "Index":
        """Return the index that was stored under a name.

        Raises:
            RemoteDamaged: the bytes are not those that were put there.
        """
        index = cls(data)
        if index.name != name or len(data) % _ENTRY.size:
            raise RemoteDamaged(f"the remote's {name}: expected that SHA-256, found {index.id}")
        return index


def planned(sizes: Mapping[str, int]) -> list[tuple[Index, list[str]]]:
    """Divide blobs into packs, and return each one's index, and the digests in the order of their bytes.

    Args:
        sizes: SHA-256 -> bytes, each of ``SMALL`` at most. Neighbours stay neighbours: what is wanted together, a
            dataset's images, lies together.
    """
    groups: list[list[str]] = []
    room = 0
    for digest, size in sizes.items():
        if not groups or size > room:
            groups.append([])
            room = _MOST
        groups[-1].append(digest)
        room -= size
    return [(_index(group, sizes), group) for group in groups]


def _index(group: list[str], sizes: Mapping[str, int]) -> Index:
    entries, start = [], 0
    for digest in group:
        entries.append((bytes.fromhex(digest), start, sizes[digest]))
        start += sizes[digest]
    return Index(b"".join(_ENTRY.pack(*entry) for entry in sorted(entries)))

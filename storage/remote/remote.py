"""What lies in a remote, and where; reading of it. Every byte is checked against its digest.

    blobs/ab/<sha256>          a blob of over 256 KiB
    packs/                     smaller ones, and manifests (storage.remote.packs)
    made/<sha256>              of an artifact whose files are the members of archives: the artifact that holds those
    records/<key>              what a step gave for that key, as in a store; put once
    runs/<recipe>/<id>.json    a run: its steps' keys and outputs; put last, so that all it names is there
    champions/<recipe>/        who is the champion (storage.remote.title)
    collected                  raised by whoever deletes (storage.remote.collecting)
    leases/<key>               who is at a step that trains (storage.remote.leases)
    checkpoints/<course>/      how far a training that goes on has come (storage.remote.checkpoints)

Caches, memos and runs' folders are never here.
"""

import contextlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from storage.artifacts import Blob, Manifest
from storage.digests import is_digest, sha256_bytes
from storage.disk import explained
from storage.errors import RemoteDamaged
from storage.remote.objects import Found, Objects
from storage.remote.packs import INDEX, PACK, PACKS, Index

COLLECTED = "collected"
_BROUGHT = "brought.txt"
# A pack of up to so many bytes is read whole for one blob of it, and a larger one once so many were read singly.
_READ_WHOLE, _SINGLY = 4 * 2**20, 8


def blob_name(sha256: str) -> str:
    """Return the name of a blob that is an object of its own."""
    return f"blobs/{sha256[:2]}/{sha256}"


@dataclass(frozen=True)
class Made:
    """Which files of an artifact are members of archives, and so need not be kept beside them.

    Attributes:
        archive: SHA-256 of the artifact whose files are the archives.
        under: how the names of those files begin.
    """

    archive: str
    under: str


class Remote:
    """The objects of a remote as blobs, artifacts, records and runs."""

    def __init__(self, objects: Objects, cache: Path) -> None:
        """Touch neither disk nor network.

        Args:
            objects: where they lie.
            cache: folder for indexes that were read, and for what came from here; it may be deleted.
        """
        self.objects, self._cache = objects, cache
        self._indexes: dict[str, Index] = {}
        self._holders: dict[bytes, tuple[Index, ...]] = {}
        self._listed, self._looking = False, threading.Lock()
        self._loose: set[str] = set()
        self._whole: tuple[str, bytes] = ("", b"")
        self._read: dict[str, int] = defaultdict(int)
        # Objects whose bytes were wrong: what they held counts as not there; and what to say of them.
        self.bad: set[str] = set()
        self.refused: list[str] = []

    def refuse(self, name: str, why: str) -> None:
        """Rely on an object no more, and note why."""
        if name not in self.bad:
            self.bad.add(name)
            self.refused.append(f"{name} in the remote {self.objects.address}: {why}")

    # -- where things are ------------------------------------------------------------------------------------------

    def look_again(self) -> None:
        """List the packs anew, and read the indexes that are not known yet; a pack without its bytes is none."""
        with self._looking:
            self._look_again()

    def _look_again(self) -> None:
        found = {one.name: one for one in self.objects.list(PACKS)}
        kept: dict[str, Index] = {}
        for name in found:
            pack = name.removesuffix(INDEX) + PACK
            if (
                name.endswith(INDEX)
                and pack in found
                and (index := self._index(name))
                and found[pack].size == index.size
            ):
                kept[pack] = index
        fresh = bool(self._indexes.keys() - kept.keys())  # somebody collected
        holders = {} if fresh else dict(self._holders)
        for index in (one for pack, one in kept.items() if fresh or pack not in self._indexes):
            for digest in index.digests():
                holders[digest] = (*holders.get(digest, ()), index)
        self._holders = holders  # as one: threads read meanwhile
        self._indexes, self._listed = kept, True

    def places(self, sha256: str) -> list[Index]:
        """Return the indexes of the packs that hold a blob; lists them the first time."""
        if not self._listed:
            self.look_again()
        return [index for index in self._holders.get(bytes.fromhex(sha256), ()) if index.pack not in self.bad]

    def has(self, blob: Blob) -> bool:
        """Whether a blob is there, by name and size; asks for those that are objects of their own, each once."""
        if any(_size(index, blob.sha256) == blob.size for index in self.places(blob.sha256)):
            return True
        name = blob_name(blob.sha256)
        if name in self.bad:
            return False
        if name not in self._loose:
            found = self.objects.head(name)
            if found is None or found.size != blob.size:
                return False
            self._loose.add(name)
        return True

    def lacks(self, blobs: Iterable[Blob]) -> list[Blob]:
        """Return those blobs that are not there; before it says so, the packs are listed anew."""
        lacking = [blob for blob in blobs if not self.has(blob)]
        if lacking and self._listed:
            self.look_again()
            lacking = [blob for blob in lacking if not self.has(blob)]
        return lacking

    def made_from(self, manifest: str) -> Made | None:
        """Return which archives hold files of an artifact, if that is known."""
        data = self.objects.get(f"made/{manifest}")
        with contextlib.suppress(ValueError, KeyError, TypeError):
            told = json.loads(data or b"{}")
            if is_digest(told["archive"]):
                return Made(told["archive"], str(told["under"]))
        return None

    def record(self, key: str) -> bytes | None:
        """Return a record's file."""
        return self.objects.get(f"records/{key}")

    def runs(self) -> Iterator[Found]:
        """Yield the runs that were pushed: ``runs/<recipe>/<id>.json``."""
        yield from self.objects.list("runs")

    def run(self, name: str) -> dict[str, Any] | None:
        """Return what is told of a run, by its object's name.

        Raises:
            RemoteDamaged: it is no run's.
        """
        data = self.objects.get(name)
        try:
            told = None if data is None else json.loads(data)
            if told is not None and not all(is_digest(step["key"]) for step in told["steps"].values()):
                raise KeyError
        except (ValueError, KeyError, TypeError, AttributeError):
            raise RemoteDamaged(f"the remote's {name}: expected what a run left, found something else") from None
        return told

    def collected(self) -> str:
        """Return a text that changes whenever somebody begins or ends to delete here."""
        known = self.objects.get_tagged(COLLECTED)
        return known[0].decode("ascii", "replace") if known else ""

    def indexes(self) -> list[Index]:
        """Return the indexes of the packs that are there."""
        return list(self._indexes.values())

    def beginning_with(self, prefix: str) -> list[str]:
        """Return the digests of small blobs and manifests that begin so."""
        self.look_again()
        return sorted(found for digest in self._holders if (found := digest.hex()).startswith(prefix))

    # -- reading ---------------------------------------------------------------------------------------------------

    def small(self, sha256: str) -> bytes | None:
        """Return a small blob, or a manifest, checked; None: it is in no pack with these bytes.

        A pack in which it has others is relied on no more.
        """
        for index in self.places(sha256):
            data = self._of_pack(index, sha256)
            if data is not None and sha256_bytes(data) == sha256:
                return data
            self.refuse(index.pack, f"expected blob {sha256[:12]} in it, found other bytes or none")
        return None

    def manifest(self, sha256: str) -> Manifest | None:
        """Return an artifact's manifest, checked."""
        data = self.small(sha256)
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):  # a file is no manifest
            return Manifest.parse(data, sha256) if data is not None else None
        return None

    def several(self, wanted: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield digest and bytes of small blobs, pack by pack, each checked; what is in no pack is passed over."""
        groups: dict[str, list[str]] = defaultdict(list)
        for digest in wanted:
            for index in self.places(digest)[:1]:
                groups[index.pack].append(digest)
        for pack, digests in groups.items():
            share = sum(_size(self._indexes[pack], digest) for digest in digests) * 4
            if share >= self._indexes[pack].size:
                self._read[pack] = _SINGLY
            for digest in digests:
                if (data := self.small(digest)) is not None:
                    yield digest, data

    def read_brought(self) -> set[str]:
        """Return the keys whose records came from here, as far as that is remembered."""
        path = self._cache / _BROUGHT
        return set(path.read_text("ascii", "replace").split()) if path.is_file() else set()

    def keep_brought(self, keys: Iterable[str]) -> None:
        """Remember the keys whose records came from here."""
        self._keep(self._cache / _BROUGHT, "\n".join(sorted(keys)).encode())

    def _of_pack(self, index: Index, sha256: str) -> bytes | None:
        start, size = index.find(sha256) or (0, 0)
        self._read[index.pack] += 1
        if index.size > _READ_WHOLE and self._read[index.pack] <= _SINGLY:
            return self.objects.get_range(index.pack, start, size) if size else b""
        whole = self._whole  # threads read, too
        if whole[0] != index.pack:
            data = self.objects.get(index.pack)
            if data is None:
                return None
            whole = self._whole = index.pack, data
        return whole[1][start : start + size]

    def _index(self, name: str) -> Index | None:
        """Return an index, of the cache if it is there; None: it is gone, or is none."""
        path = self._cache / name.removeprefix(f"{PACKS}/")
        if path.is_file():
            with contextlib.suppress(RemoteDamaged):
                return Index.read(path.read_bytes(), name)
        data = self.objects.get(name)
        with contextlib.suppress(RemoteDamaged):
            if data is not None:
                index = Index.read(data, name)
                self._keep(path, data)
                return index
        self.refuse(name, "expected the index of a pack, by that SHA-256, found something else or nothing")
        return None

    def _keep(self, path: Path, data: bytes) -> None:
        part = path.with_name(f"{path.name}.{token_hex(8)}.part")  # another run of this store may write it, too
        with explained(self._cache):
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            part.replace(path)


def collecting_until(collected: str) -> float:
    """Return until when somebody may delete, in seconds since 1970, by what ``collected`` told; 0: nobody does."""
    try:
        return float(json.loads(collected or "{}").get("until", 0))
    except (ValueError, TypeError, AttributeError):
        return 0.0


def _size(index: Index, sha256: str) -> int:
    found = index.find(sha256)
    return found[1] if found else -1

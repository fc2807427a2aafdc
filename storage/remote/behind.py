"""A remote behind a store: brings what a run asks for, when it asks, checked; never fails a run.

A remote that does not answer once is not asked again for the rest of the run (``lost``); what came with wrong bytes is
named (``refused``), counts as not there, and is made again by the step that needs it.
"""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from storage.artifacts import Blob, Manifest, Ref
from storage.digests import sha256_file
from storage.errors import RemoteDamaged, RemoteError, StoreError, TwoChampions
from storage.remote.packs import SMALL
from storage.remote.push import Pushed
from storage.remote.remote import Made, Remote, blob_name
from storage.store import Store

T = TypeVar("T")
# Large blobs, each of which is written as it comes.
_AT_ONCE = 4

# A record that was not there may be soon: another machine may be at it. A step asks several times in a moment.
_NOT_THERE_FOR = 20.0


class RemoteBehind:
    """What a store lacks, from a remote.

    Attributes:
        remote: where it is.
        lost: why the remote is asked no more; None while it answers.
        brought: keys of records that came from there.
        apart: recipes whose champion here and there came about apart.
    """

    def __init__(self, store: Store, remote: Remote) -> None:
        self.remote = remote
        self.lost: RemoteError | None = None
        self.brought = remote.read_brought()
        self.apart: dict[str, TwoChampions] = {}
        self._pushed, self._pushing = Pushed(), threading.Lock()
        self._store = store
        self._whole: dict[str, set[str]] = {}
        self._gone: set[str] = set()
        self._made: dict[str, Made | None] = {}
        self._lacked: dict[str, float] = {}

    def bring(self, sha256: str) -> bool:
        """Bring a blob into the store, checked, and return whether it is there now."""
        there = self._tried(lambda: self._bring(sha256), False)
        if not there:
            self._gone.add(sha256)
        return there

    def manifest(self, sha256: str) -> Manifest | None:
        """Return an artifact's manifest, checked."""
        return self._tried(lambda: self.remote.manifest(sha256), None)

    def holds(self, sha256: str, manifest: Manifest) -> bool:
        """Whether every file of an artifact is in the store or can be brought, out of its archive if need be."""
        missing = self._missing(manifest)
        if self._gone.intersection(missing):
            return False
        known = self._whole.get(sha256)
        if known is None or not known.issuperset(missing):
            if not self._tried(lambda: self._can_be_had(sha256, manifest, missing), False):
                return False
            self._whole[sha256] = set(missing)
        return True

    def record(self, key: str) -> bytes | None:
        """Return the file of the record of a step key; who reads it judges it."""
        if time.monotonic() < self._lacked.get(key, 0):
            return None
        found = self._tried(lambda: self.remote.record(key), None)
        if found is None:
            self._lacked[key] = time.monotonic() + _NOT_THERE_FOR
        else:
            self.brought.add(key)
            self.remote.keep_brought(self.brought)
        return found

    def look_again(self, key: str) -> None:
        """Know no more that the record of a step key, or what it names, was not there: somebody may have put it."""
        self._lacked.pop(key, None)
        self._gone.clear()
        self._tried(self.remote.look_again, None)

    def remade(self, keys: Iterable[str]) -> None:
        """Note that this machine made what is under these keys itself."""
        if self.brought.intersection(keys):
            self.brought -= set(keys)
            self.remote.keep_brought(self.brought)

    @property
    def refused(self) -> list[str]:
        """What came from there and cannot be relied on, in words."""
        return self.remote.refused

    def refuse(self, name: str, why: str) -> None:
        """Note that an object that came from there cannot be relied on."""
        self.remote.refuse(name, why)
        self.brought.discard(name.removeprefix("records/"))

    def note_push(self, pushed: Pushed) -> None:
        """Count what a push put there; threads push, too."""
        with self._pushing:
            self._pushed.add(pushed)

    def told_of_pushes(self) -> Pushed:
        """Return what all pushes put there together since this was asked last: a run says it once."""
        with self._pushing:
            told, self._pushed = self._pushed, Pushed()
        return told

    def bring_all(self, *refs: Ref) -> list[Blob]:
        """Bring every file of some artifacts that is not here, and return those that could not be had so.

        Members of archives are among these, unless they lie in packs as well: they are had by opening the archive.
        """
        manifests = {ref.sha256: self._store.manifest(ref.sha256) for ref in refs}
        self.bring_small(
            digest
            for manifest in manifests.values()
            for digest, blob in self._missing(manifest).items()
            if blob.size <= SMALL
        )
        lacking: dict[str, Blob] = {}
        wanted: dict[str, Blob] = {}
        nobody: set[str] = set()
        for artifact, manifest in manifests.items():
            missing = self._missing(manifest)
            members = self._tried(partial(self._members, artifact, manifest), nobody) if missing else nobody
            for digest, blob in missing.items():
                (lacking if digest in members else wanted)[digest] = blob
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            came = pool.map(self.bring, wanted)
            lacking |= {digest: wanted[digest] for digest, there in zip(wanted, came, strict=True) if not there}
        return list(lacking.values())

    def bring_small(self, digests: Iterable[str]) -> None:
        """Bring those of some blobs that lie in packs, and are not here, with one flush for all."""
        lacking = [digest for digest in dict.fromkeys(digests) if not self._store.blob_path(digest).is_file()]
        if lacking:
            self._tried(lambda: self._adopt(lacking), None)

    def _missing(self, manifest: Manifest) -> dict[str, Blob]:
        return {blob.sha256: blob for blob in manifest.files.values() if not self._store.has_blob(blob)}

    def _can_be_had(self, sha256: str, manifest: Manifest, missing: dict[str, Blob]) -> bool:
        loose = [blob for digest, blob in missing.items() if not self.remote.places(digest)]
        members = self._members(sha256, manifest) if loose else set()
        return not self.remote.lacks(blob for digest, blob in missing.items() if digest not in members)

    def _members(self, sha256: str, manifest: Manifest) -> set[str]:
        """Return the files of an artifact that are members of archives which can be had."""
        if sha256 not in self._made:
            self._made[sha256] = self.remote.made_from(sha256)
        made = self._made[sha256]
        try:
            if made is None or not self._store.is_whole(self._store.manifest(made.archive).ref()):
                return set()
        except StoreError:
            return set()
        return {blob.sha256 for name, blob in manifest.files.items() if name.startswith(made.under)}

    def _bring(self, sha256: str) -> bool:
        if (data := self.remote.small(sha256)) is not None:
            self._store.put_blob(data)
            return True
        name = blob_name(sha256)
        if name in self.remote.bad:
            return False
        with self._store.workspace() as aside:
            part = aside / "blob"
            if not self.remote.objects.get_into(name, part):
                return False
            if sha256_file(part) != sha256:
                self.refuse(name, "expected that SHA-256, found other bytes")
                return False
            self._store.adopt({part: Blob(sha256, part.stat().st_size)})
        return True

    def _adopt(self, digests: Iterable[str]) -> None:
        """Bring small blobs, many at once."""
        with self._store.workspace() as aside:
            parts = {}
            for digest, data in self.remote.several(digests):
                part = aside / digest
                part.write_bytes(data)
                parts[part] = Blob(digest, len(data))
            if parts:
                self._store.adopt(parts)

    def _tried(self, ask: Callable[[], T], otherwise: T) -> T:
        """Ask the remote, unless it did not answer before."""
        if self.lost:
            return otherwise
        try:
            return ask()
        except RemoteDamaged as error:
            self.remote.refused.append(str(error))
        except RemoteError as error:
            self.lost = error
        return otherwise

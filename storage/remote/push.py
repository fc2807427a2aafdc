"""Putting what a run made into a remote: blobs, then records, and last the run, so that all it names is there.

Everything is put once and never changed, so two machines may push at the same time, and a push that was killed is gone
on with by the next. What is found damaged there is replaced. Small blobs travel in packs; the members of an archive
travel as the archive.
"""

import json
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storage import disk
from storage.artifacts import Blob, Manifest
from storage.digests import canonical_json, sha256_bytes
from storage.errors import ArtifactMissing, RemoteUnreachable
from storage.remote.packs import SMALL, Index, planned
from storage.remote.remote import Made, Remote, blob_name, collecting_until
from storage.store import Store

_AT_ONCE = 8
_ROUNDS = 3
_DAY = 86_400.0
_CLOCKS_DIFFER = 1200.0  # seconds; Amazon refuses requests of clocks that are off by 900


@dataclass(frozen=True)
class Cargo:
    """What is to be pushed of one run.

    Attributes:
        run: id of the run.
        recipe: the recipe's name.
        steps: step -> ``key`` and ``output``, digests; of a step that is asked every time, without a record.
        artifacts: digests; those of the outputs, and of what they were made of.
        blobs: digests of what else a key stands for: its parts, code.
        records: keys whose records travel.
        made: artifact -> the archives whose members its files are.
    """

    run: str
    recipe: str
    steps: Mapping[str, Mapping[str, str]]
    artifacts: tuple[str, ...]
    blobs: tuple[str, ...]
    records: tuple[str, ...]
    made: Mapping[str, Made] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the run's object."""
        return f"runs/{self.recipe}/{self.run}.json"

    @property
    def needs(self) -> str:
        """What stands for all that the run needs, whichever run it is."""
        return sha256_bytes(canonical_json([self.recipe, self.steps]))

    def all(self) -> set[str]:
        """Return the digests of all that travels."""
        return {*self.artifacts, *self.blobs, *self.records}


@dataclass
class Pushed:
    """What a push did.

    Attributes:
        objects: how many were put.
        size: their bytes.
        elsewhere: keys of records that another machine had put before, with another output.
    """

    objects: int = 0
    size: int = 0
    elsewhere: list[str] = field(default_factory=list)

    def add(self, other: "Pushed") -> None:
        """Count what another push did as well."""
        self.objects += other.objects
        self.size += other.size
        self.elsewhere += other.elsewhere


class Memory:
    """What this store is known to have pushed: a cache, which may be deleted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            told = json.loads(path.read_bytes())
            self.collected, self.known = str(told["collected"]), set(map(str, told["known"]))
            self._told: dict[str, float] = dict(told["told"])
        except (OSError, ValueError, KeyError, TypeError):
            self.forget("")

    def forget(self, collected: str) -> None:
        """Begin anew: somebody deleted in the remote."""
        self.collected, self.known, self._told = collected, set(), {}

    def has(self, cargo: Cargo) -> bool:
        """Whether all of it is there, and a run that needs it was told of today: so it is no garbage there."""
        return cargo.all() <= self.known and self._told.get(cargo.needs, 0) > time.time() - _DAY

    def add(self, cargo: Cargo) -> None:
        """Note that all of it is there, and its run."""
        now = time.time()
        self.known |= cargo.all()
        self._told = {needs: when for needs, when in self._told.items() if when > now - _DAY} | {cargo.needs: now}

    def keep(self) -> None:
        """Write it down."""
        told = canonical_json({"collected": self.collected, "known": sorted(self.known), "told": self._told})
        with disk.explained(self._path.parent):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            disk.replace(self._path, told)


def push(store: Store, remote: Remote, cargo: Cargo, memory: Memory, *, surely: bool = False) -> Pushed:
    """Put what a run made into a remote, unless all of it is known to be there; then nobody is asked.

    Args:
        store: where the run was; what it has only brought from the remote need not be here.
        remote: where to.
        cargo: what travels.
        memory: of earlier pushes of this store into this remote.
        surely: ask all the same whether anything was deleted there since.

    Raises:
        RemoteError: the remote does not take it. What was put stays, and names nothing that is not there.
        ArtifactMissing, ArtifactDamaged: something of the run is neither here nor there.
    """
    pushed = Pushed()
    if memory.has(cargo) and not surely:
        return pushed
    for _ in range(_ROUNDS):
        if (collected := remote.collected()) != memory.collected:
            memory.forget(collected)
        if collecting_until(collected) + _CLOCKS_DIFFER > time.time():
            raise RemoteUnreachable(
                f"the remote {remote.objects.address}: expected nobody to delete there, somebody collects its garbage; "
                "the next run pushes, or evergreen push in an hour"
            )
        if not memory.has(cargo):
            _Push(store, remote, cargo, memory, pushed).all()
        if remote.collected() == memory.collected:  # else what was taken for there may have been deleted meanwhile
            memory.keep()
            return pushed
    raise RemoteUnreachable(
        f"the remote {remote.objects.address}: expected quiet for one push, received {_ROUNDS} collections of garbage "
        "meanwhile; run evergreen push again"
    )


class _Push:
    def __init__(self, store: Store, remote: Remote, cargo: Cargo, memory: Memory, pushed: Pushed) -> None:
        self._store, self._remote, self._cargo, self._memory, self._pushed = store, remote, cargo, memory, pushed
        self._manifests = {digest: store.manifest(digest) for digest in cargo.artifacts if digest not in memory.known}

    def all(self) -> None:
        """Put everything, in the order in which it is relied on."""
        if not self._cargo.all() <= self._memory.known:
            self._remote.look_again()
            self._blobs()
        for digest, made in self._cargo.made.items():
            if digest in self._manifests:
                told = canonical_json({"archive": made.archive, "under": made.under})
                self._put(f"made/{digest}", told)
        self._each(self._record, [key for key in self._cargo.records if key not in self._memory.known])
        about = {"run": self._cargo.run, "recipe": self._cargo.recipe, "steps": self._cargo.steps}
        self._put(self._cargo.name, canonical_json(about))
        self._memory.add(self._cargo)

    def _blobs(self) -> None:
        wanted: dict[str, Blob] = {}
        for digest, manifest in self._manifests.items():
            for blob in self._own_files(digest, manifest):
                wanted.setdefault(blob.sha256, blob)
        beside = {digest: self._sized(digest) for digest in self._cargo.blobs if digest not in self._memory.known}
        wanted |= {digest: blob for digest, blob in beside.items() if blob}
        texts: dict[str, bytes] = {digest: manifest.canonical() for digest, manifest in self._manifests.items()}
        small = {digest: blob.size for digest, blob in wanted.items() if blob.size <= SMALL}
        small |= {digest: len(text) for digest, text in texts.items()}
        new = {digest: size for digest, size in small.items() if not self._remote.places(digest)}
        self._each(self._large, [blob for blob in wanted.values() if blob.size > SMALL])
        self._each(lambda plan: self._pack(plan[0], plan[1], texts), planned(new))
        self._remote.look_again()

    def _own_files(self, digest: str, manifest: Manifest) -> Iterable[Blob]:
        """Return the files of an artifact that no archive holds."""
        made = self._cargo.made.get(digest)
        return [blob for name, blob in manifest.files.items() if not (made and name.startswith(made.under))]

    def _sized(self, digest: str) -> Blob | None:
        """Return a blob that only its digest names; None: it is not here, so it is there, or nobody has it any more."""
        path = self._store.blob_path(digest)
        return Blob(digest, path.stat().st_size) if path.is_file() else None

    def _large(self, blob: Blob) -> None:
        name = blob_name(blob.sha256)
        if name not in self._remote.bad and self._remote.has(blob):
            return
        path = self._store.checked_blob(blob.sha256)
        if not self._remote.objects.put_new(name, path):  # it is there, and not as long, or not these bytes
            self._remote.objects.put_over(name, path)
        self._remote.bad.discard(name)
        self._count(blob.size)

    def _pack(self, index: Index, digests: list[str], texts: Mapping[str, bytes]) -> None:
        data = b"".join(self._bytes(digest, texts) for digest in digests)
        if not self._remote.objects.put_new(index.pack, data):
            self._remote.objects.put_over(index.pack, data)  # its index was not there: nobody relies on it yet
        self._put(index.name, index.data)
        self._remote.bad -= {index.pack, index.name}
        self._count(len(data))

    def _bytes(self, digest: str, texts: Mapping[str, bytes]) -> bytes:
        data = texts[digest] if digest in texts else self._store.read_blob(digest)
        if sha256_bytes(data) != digest:
            raise ArtifactMissing(f"artifact {digest[:12]}: its manifest is written in another form than it was")
        return data

    def _record(self, key: str) -> None:
        path = self._store.root / "records" / key
        name = f"records/{key}"
        if not path.is_file():
            raise ArtifactMissing(f"record {key[:12]} is not in {self._store.root}")
        data = path.read_bytes()
        if name in self._remote.bad:
            self._remote.objects.put_over(name, data)
            self._remote.bad.discard(name)
        elif not self._remote.objects.put_new(name, data):
            if _output(self._remote.objects.get(name)) != _output(data):
                self._pushed.elsewhere.append(key)
            return
        self._count(len(data))

    def _put(self, name: str, data: bytes) -> None:
        if self._remote.objects.put_new(name, data):
            self._count(len(data))
        elif self._remote.objects.get(name) != data:
            self._remote.objects.put_over(name, data)
            self._count(len(data))

    def _count(self, size: int) -> None:
        self._pushed.objects += 1
        self._pushed.size += size

    def _each(self, do: Any, what: Iterable[Any]) -> None:
        """Do something with each, several at once; the first error ends it."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for done in [pool.submit(do, one) for one in what]:
                done.result()


def _output(record: bytes | None) -> Any:
    """Return which artifact a record's file names."""
    try:
        return json.loads(json.loads(record or b"")["result"])["output"]
    except (ValueError, KeyError, TypeError):
        return None

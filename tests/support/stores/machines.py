"""Machines that share a remote: a store each, with the remote behind it."""

from pathlib import Path

from little_store import STEPS, Little

from storage.artifacts import Blob
from storage.digests import sha256_bytes
from storage.remote.behind import RemoteBehind
from storage.remote.objects import Objects
from storage.remote.packs import INDEX, Index
from storage.remote.push import Cargo, Memory, Pushed, push
from storage.remote.remote import Remote
from storage.steps.records import Records
from storage.store import Store


class Machine:
    """A store with a remote behind it."""

    def __init__(self, root: Path, objects: Objects) -> None:
        self.little = Little(Store(root))
        self.store = self.little.store
        self.remote = Remote(objects, root / "remote")
        self.behind = RemoteBehind(self.store, self.remote)
        self.store.behind = self.behind

    def cargo(self, name: str) -> Cargo:
        steps = {
            step: {"key": self.little.key(name, step), "output": self.little.output(name, step).sha256}
            for step in STEPS
        }
        outputs = tuple(step["output"] for step in steps.values())
        keys = tuple(step["key"] for step in steps.values())
        code = tuple(
            digest
            for key in keys
            if (parts := Records(self.store).parts(Records(self.store).read(key)))  # type: ignore[arg-type]
            for digest in parts.code.values()
        )
        return Cargo(name, "digits", steps, outputs, (*keys, *code), keys)

    def push(self, name: str, *, surely: bool = False) -> Pushed:
        memory = Memory(self.store.root / "remote" / "known")
        return push(self.store, self.remote, self.cargo(name), memory, surely=surely)

    def verify(self) -> None:
        """See that every object there is what its name says, and that whatever names another one finds it, whole."""
        objects = self.remote.objects
        for found in objects.list("blobs"):
            assert sha256_bytes(objects.get(found.name) or b"") == found.name.rpartition("/")[2], found
        for found in objects.list("packs"):
            if found.name.endswith(INDEX):
                index = Index.read(objects.get(found.name) or b"", found.name)
                pack = objects.get(index.pack) or b""
                for digest, start, size in index:
                    assert sha256_bytes(pack[start : start + size]) == digest, (found, digest)
        records = {found.name.rpartition("/")[2] for found in objects.list("records")}
        for key in records:
            record = Records(self.store).read(key)
            assert record, key
            assert not self.remote.lacks(self.store.manifest(record.output.sha256).files.values()), key
            assert self.remote.has(Blob(key, self._size(key))), key
        for found in objects.list("runs"):
            told = self.remote.run(found.name)
            assert told
            assert {step["key"] for step in told["steps"].values()} <= records, found

    def _size(self, sha256: str) -> int:
        """Return how long a small blob of the remote is."""
        return len(self.remote.small(sha256) or b"")

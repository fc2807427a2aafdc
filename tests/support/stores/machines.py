"""Machines that share a remote: a store each, with the remote behind it."""

from pathlib import Path

from little_store import STEPS, Little

from storage.remote.behind import RemoteBehind
from storage.remote.objects import Objects
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

"""Runs as they stand in a store: records, parts of keys, code, images, a model, exports, a release. No work."""

import json
import os
import time
from pathlib import Path

from storage.artifacts import Blob, Manifest, Ref
from storage.champions import Champions, Event, EventName
from storage.digests import sha256_bytes
from storage.exports import link, show
from storage.runs import read_summary, run_folder, write_summary
from storage.steps.keys import KeyParts
from storage.steps.lineage import trace
from storage.steps.records import SERIALIZER, Record, Records
from storage.store import Store
from storage.upkeep import remove

STEPS: dict[str, tuple[str, ...]] = {
    "unpack": (),
    "split": ("unpack",),
    "balance": ("split",),
    "train": ("split", "balance"),
    "export": ("train",),
    "bundle": ("split", "train", "export"),
}
_SHARED = b"an image that all have"


class _Told:
    """What a run of some name gives: step -> the parts of its key, its code, and the files and facts of its output."""

    def __init__(self, name: str) -> None:
        self.parts: dict[str, KeyParts] = {}
        self.code: dict[str, bytes] = {}
        self.files: dict[str, dict[str, bytes]] = {}
        self.outputs: dict[str, Manifest] = {}
        self.images = [_SHARED, f"an image of {name}".encode()]
        for step, above in STEPS.items():
            given = {other: self.outputs[other].ref().sha256 for other in above}
            self.code[step] = f"def {step}(): return {name!r}".encode()
            self.parts[step] = KeyParts(step, 1, given, {"seed": name}, {step: sha256_bytes(self.code[step])}, {})
            kind, self.files[step], facts = self._published(name, step)
            blobs = {file: Blob(sha256_bytes(data), len(data)) for file, data in self.files[step].items()}
            self.outputs[step] = Manifest(kind, blobs, facts)

    def _published(self, name: str, step: str) -> tuple[str, dict[str, bytes], dict[str, object]]:
        digests = [sha256_bytes(image) for image in self.images]
        table = "".join(f"{number}.png,{digest}\n" for number, digest in enumerate(digests)).encode()
        if step == "unpack":
            pictures = {f"files/{digest}": image for digest, image in zip(digests, self.images, strict=True)}
            return "files", {"files.csv": table, **pictures}, {}
        if step == "bundle":
            parts = {other: self.outputs[other].ref().as_json() for other in STEPS["bundle"]}
            return "release", {}, {"recipe": "digits", "parts": parts}
        return {
            "split": ("dataset", {"dataset.csv": table}, {"split": name}),
            "balance": ("weights", {"class-weights.json": b"{}"}, {}),  # the same for all
            "train": ("model", {"model.keras": f"model {name}".encode()}, {}),
            "export": ("exports", {"tfjs/model.json": f"export {name}".encode()}, {}),
        }[step]


class Little:
    """A store in which runs left what they leave; each has a name, on which its bytes depend."""

    def __init__(self, store: Store) -> None:
        self.store, self.records = store, Records(store)
        self.shared_image = sha256_bytes(_SHARED)

    def run(self, name: str) -> None:
        """Leave what a run leaves; what is there already stays, or is made whole."""
        told = _Told(name)
        steps = []
        for step in STEPS:
            parts, output = told.parts[step], told.outputs[step]
            if not self.records.read(parts.key):
                self.store.put_blob(parts.canonical())
                self.store.put_blob(told.code[step])
                ref = self.store.publish(output.kind, dict(told.files[step]), output.facts)
                self._write(Record(step, parts.key, ref, dict(parts.inputs), "digits", name, 1.0, f"2026 {name}"))
            steps.append({"name": step, "key": parts.key, "output": output.ref().sha256})
        self.folder(name).mkdir(parents=True, exist_ok=True)
        write_summary(self.store, {"id": name, "recipe": "digits", "outcome": "completed", "steps": steps})
        self.show(name)

    def _write(self, record: Record) -> None:
        path = self.records.path(record.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        envelope = {"metadata": {"serializer": {"type": SERIALIZER}}, "result": record.dumps().decode()}
        path.write_text(json.dumps(envelope), encoding="utf-8")

    def show(self, name: str) -> None:
        """Copy the exports, and link the run to them."""
        ref = self.exports(name)
        link(show(self.store, ref.sha256, self.store.manifest(ref.sha256).files).folder, self.shown(name))

    def folder(self, name: str) -> Path:
        """Return the run's folder."""
        return run_folder(self.store, name)

    def shown(self, name: str) -> Path:
        """Return where the run shows its exports."""
        return self.folder(name) / "exports"

    def key(self, name: str, step: str) -> str:
        """Return the key of a step of a run."""
        return _Told(name).parts[step].key

    def output(self, name: str, step: str) -> Ref:
        """Return what a step of a run gives."""
        return _Told(name).outputs[step].ref()

    def model(self, name: str) -> Ref:
        """Return a run's model."""
        return self.output(name, "train")

    def exports(self, name: str) -> Ref:
        """Return a run's exports."""
        return self.output(name, "export")

    def own_blobs(self, name: str) -> set[str]:
        """Return the blobs that no run of another name has: its image, model, exports, code, and parts of keys."""
        told = _Told(name)
        data = [told.images[1], *told.code.values(), *told.files["train"].values(), *told.files["export"].values()]
        return {sha256_bytes(one) for one in data} | {parts.key for parts in told.parts.values()}

    def _event(self, event: EventName, name: str) -> None:
        champions = Champions(self.store.root)
        happens = Event(event, self.output(name, "bundle").sha256, self.model(name).sha256, "because")
        champions.commit("digits", champions.state("digits"), happens)

    def promote(self, name: str) -> None:
        """Make a run's release champion."""
        self._event("promoted", name)

    def reject(self, name: str) -> None:
        """Turn a run's release away."""
        self._event("rejected", name)

    def pin(self, name: str) -> None:
        """Pin the champion, which is a run's release, as a person does."""
        self._event("pinned", name)

    def reuse(self, name: str) -> None:
        """Rely on the records of a run, as another run does that reuses them."""
        for step in STEPS:
            assert self.records.read(self.key(name, step))

    def forget(self, name: str) -> None:
        """Remove the run's folder, as upkeep does."""
        remove([self.folder(name)])

    def age(self, days: float = 100) -> None:
        """Let everything be as if it was written so many days ago."""
        stamp = time.time() - days * 86_400
        for path in (*self.store.root.rglob("*"), self.store.root):
            os.utime(path, (stamp, stamp), follow_symlinks=False)

    def check(self, name: str) -> None:
        """See that all that a run gave is there, byte for byte, with the way up to its images, and its code."""
        told = _Told(name)
        for step in STEPS:
            ref = told.outputs[step].ref()
            assert self.store.damaged(ref) == [], (name, step)
            record = self.records.read(told.parts[step].key)
            # Where several runs gave the same, one record of how it came is enough.
            assert step == "balance" or (record and record.output == ref), (name, step)
            assert step == "balance" or self.store.read_blob(told.parts[step].key) == told.parts[step].canonical()
            assert step == "balance" or self.store.read_blob(sha256_bytes(told.code[step])) == told.code[step]
        for image in told.images:
            assert self.store.read_blob(sha256_bytes(image)) == image
        top = trace(self.store, told.outputs["export"].ref().sha256)
        assert top.inputs["train"].inputs["split"].inputs["unpack"].step == "unpack"
        if read_summary(self.store, name):
            assert (self.shown(name) / "tfjs/model.json").read_bytes() == f"export {name}".encode()

    def check_bytes(self, name: str) -> None:
        """See that all that a run gave can be read, byte for byte, with its code, and the way up to its images."""
        told = _Told(name)
        for step in STEPS:
            assert self.records.read(told.parts[step].key), step
            for file, data in told.files[step].items():
                assert self.store.read(told.outputs[step].ref(), file) == data, (name, step, file)
            assert self.store.read_blob(sha256_bytes(told.code[step])) == told.code[step]
        top = trace(self.store, told.outputs["export"].ref().sha256)
        assert top.inputs["train"].inputs["split"].inputs["unpack"].step == "unpack"

    def records_are_whole_or_misses(self) -> None:
        """See that no record can be relied on whose artifact is not there byte for byte."""
        for record in self.records.all():
            if self.records.read(record.key):
                assert self.store.damaged(record.output) == [], record.step

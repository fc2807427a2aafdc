"""Garbage: what nothing that is kept reaches, and nobody used for a while. Found first, deleted only when asked.

**What is kept.** Every run's folder (``maintain`` prunes those first), the releases that champions name, and what was
written or reused lately: records, artifacts, blobs. **What that reaches**: whatever a ``run.json``, a manifest, a
record, the parts of a key, or a table or JSON file of an artifact names by its SHA-256, and of each artifact one record
of how it was made, with all above it: so lineage, ``why`` and a dataset's images stay with the model. A digest that
merely stands there keeps what it names: too much is kept rather than too little, and a torn file keeps what is legible.

**Nothing that is needed goes.** Marking and deleting happen while nobody uses the store (``storage.in_use``), so
nothing is reused or published in between. Killed at any point, only garbage is gone: records go first, then manifests,
then blobs, so what is left is whole or a miss. See docs/decisions/0011.
"""

import re
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from storage.artifacts import Blob
from storage.champions import Champions
from storage.errors import StoreError
from storage.exports import OURS
from storage.in_use import exclusively
from storage.runs import FILE
from storage.steps.records import Record, Records
from storage.store import Store
from storage.upkeep import age_days, discard, size_of

_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_KEY = re.compile(rb'"key": *"([0-9a-f]{64})"')
# Files of an artifact that may name blobs: tables of images, JSON; in tables by column digests stand side by side.
_NAMING, _BY_COLUMN = (".csv", ".json"), ".arrow"
_SIDE_BY_SIDE = re.compile(rb"[0-9a-f]{64,}")
_DAY = 86_400.0


@dataclass(frozen=True)
class Garbage:
    """What may go, in the order in which it goes.

    Attributes:
        exports: folders to which no run links.
        records, manifests, blobs: files.
        size: how many bytes all of it takes.
    """

    exports: list[Path] = field(default_factory=list)
    records: list[Path] = field(default_factory=list)
    manifests: list[Path] = field(default_factory=list)
    blobs: list[Path] = field(default_factory=list)
    size: int = 0

    @property
    def paths(self) -> list[Path]:
        """All of it, in that order."""
        return [*self.exports, *self.records, *self.manifests, *self.blobs]


def garbage(store: Store, days: float, *, rejected: bool = True, gone: Collection[Path] = ()) -> Garbage:
    """Find garbage; deletes nothing.

    Args:
        store: where to look.
        days: what was written or reused since then stays.
        rejected: whether releases that were turned away stay, so that a person may still promote them.
        gone: folders of runs that are about to go: they keep nothing.

    Raises:
        ArtifactDamaged: a champion's history is; who knows what it named.
    """
    since = time.time() - days * _DAY
    runs = [path for path in (store.root / "runs").glob("*") if path not in gone]
    kept = Champions(store.root).kept(rejected=rejected)
    kept |= {path.name for path in (*_files(store, "records"), *_files(store, "manifests/??")) if _used(path, since)}
    reached = _Reached(store, kept, [path / FILE for path in runs]).all
    linked = {name for path in runs for name in _linked(path / "exports")}
    exports = [path for path in (store.root / "exports").glob("*") if OURS.match(path.name)]

    def unreached(folder: str) -> list[Path]:
        return sorted(path for path in _files(store, folder) if path.name not in reached and not _used(path, since))

    found = Garbage(
        exports=sorted(path for path in exports if path.name not in linked and age_days(path) > days),
        records=unreached("records"),
        manifests=unreached("manifests/??"),
        blobs=unreached("blobs/??"),
    )
    return replace(found, size=size_of(found.paths))


def collect(store: Store, days: float, *, rejected: bool = True) -> Garbage | None:
    """Delete what ``garbage`` finds, and return it; None: somebody uses the store, and nothing was deleted.

    Raises:
        ArtifactDamaged: as ``garbage``.
        StoreUnwritable: the store may not be written.
    """
    with exclusively(store) as nobody_uses_it:
        if not nobody_uses_it:
            return None
        found = garbage(store, days, rejected=rejected)
        discard(store, found.exports)
        for path in (*found.records, *found.manifests, *found.blobs):
            path.unlink(missing_ok=True)
        return found


class _Reached:
    """The digests that are reached: of artifacts, blobs and step keys alike."""

    def __init__(self, store: Store, kept: Collection[str], runs: Iterable[Path]) -> None:
        """Start from digests, and from what the ``run.json`` of kept runs names."""
        self.all: set[str] = set()
        self._store = store
        self._records = {record.key: record for record in Records(store).all()}
        for path in runs:
            self._reach(_digests_in(path, _KEY), are_keys=True)
            self._reach(_digests_in(path))
        self._reach(kept)
        self._reach_makers()

    def _reach(self, digests: Iterable[str], *, are_keys: bool = False) -> None:
        """Reach digests, and all that is named by what they stand for."""
        waiting = [digest for digest in digests if digest not in self.all]
        if are_keys:  # also of records that are gone
            waiting += [named for key in waiting for named in _digests_in(self._store.blob_path(key))]
        while waiting:
            digest = waiting.pop()
            if digest not in self.all:
                self.all.add(digest)
                waiting += self._named_by(digest)

    def _named_by(self, digest: str) -> Iterator[str]:
        if record := self._records.get(digest):
            yield from (record.output.sha256, *record.inputs.values())
            yield from _digests_in(self._store.blob_path(digest))  # the key's parts: of its code among others
        path = self._store.manifest_path(digest)
        if path.is_file():
            yield from _digests_in(path)
            for name, blob in self._files_of(digest):
                if name.endswith(_NAMING):
                    yield from _digests_in(self._store.blob_path(blob.sha256))
                elif name.endswith(_BY_COLUMN):
                    yield from _digests_side_by_side(self._store.blob_path(blob.sha256))

    def _files_of(self, digest: str) -> Iterable[tuple[str, Blob]]:
        try:
            return self._store.manifest(digest).files.items()
        except StoreError:  # damaged: what is legible was read
            return ()

    def _reach_makers(self) -> None:
        """Reach a record of how each artifact was made: one whose inputs are reached, else the newest."""
        makers: dict[str, list[Record]] = defaultdict(list)
        for record in self._records.values():  # the newest first
            makers[record.output.sha256].append(record)
        while lacking := [
            known
            for output, known in makers.items()
            if output in self.all and not any(record.key in self.all for record in known)
        ]:
            ready = [record for known in lacking for record in known if self.all.issuperset(record.inputs.values())]
            self._reach([record.key for record in ready] or [lacking[0][0].key])


def _files(store: Store, folder: str) -> Iterator[Path]:
    """Yield the files in folders of the store that are named by a digest; others are not ours to judge."""
    return (path for path in store.root.glob(f"{folder}/*") if _DIGEST.fullmatch(path.name.encode()))


def _used(path: Path, since: float) -> bool:
    try:
        return path.stat().st_mtime >= since
    except FileNotFoundError:
        return True  # gone already


def _linked(link: Path) -> list[str]:
    try:
        return [link.readlink().name] if link.is_symlink() else []
    except FileNotFoundError:  # gone meanwhile
        return []


def _digests_side_by_side(path: Path) -> Iterator[str]:
    """Yield what may be a digest in a table by column: of a column of those, each stands in its place."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    for found in _SIDE_BY_SIDE.finditer(data):
        yield from (data[at : at + 64].decode() for at in range(found.start(), found.end() - 63, 64))


def _digests_in(path: Path, pattern: re.Pattern[bytes] = _DIGEST) -> list[str]:
    try:
        return [digest.decode() for digest in pattern.findall(path.read_bytes())]
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return []

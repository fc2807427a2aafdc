"""Garbage of a remote: what no champion and no run that was pushed lately reaches. Found first, deleted when asked.

**What is kept**: what a champion's history names, runs pushed within so many days or whose release a history names,
all that these reach, and whatever was written within those days. A pack goes when nothing in it is reached; what a
training left of its lease, and of its checkpoints, when nobody has written it for that long.

**Nothing that a machine elsewhere is about to name goes.** Whoever deletes says so first (``collected``: a number, and
until when at the latest), and looks for runs after that. Whoever pushes reads it before and after: unchanged, the run
was there to be seen; changed, or while somebody deletes, the push is not taken for done. References go first, so that a
collection that is killed leaves garbage and no name of what is gone.
"""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from storage.digests import canonical_json
from storage.errors import RemoteUnreachable
from storage.remote.checkpoints import CHECKPOINTS
from storage.remote.leases import LEASES
from storage.remote.objects import Found
from storage.remote.packs import INDEX, PACK, PACKS
from storage.remote.remote import COLLECTED, Remote, collecting_until
from storage.remote.title import Title

_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_DAY = 86_400.0
_AT_MOST_SECONDS = 1800.0
_AT_ONCE = 500


@dataclass(frozen=True)
class RemoteGarbage:
    """What may go, in the order in which it goes.

    Attributes:
        names: of objects.
        size: their bytes.
    """

    names: list[str] = field(default_factory=list)
    size: int = 0


def garbage(remote: Remote, days: float) -> RemoteGarbage:
    """Find garbage; deletes nothing.

    Args:
        remote: where to look.
        days: what was written since then stays, at least 1.

    Raises:
        RemoteError: it cannot be read; who knows what a champion's history named.
    """
    remote.look_again()
    since = time.time() - max(days, 1) * _DAY
    found = {under: list(remote.objects.list(under)) for under in ("runs", "records", "made", PACKS, "blobs")}
    reached = _Reached(remote, found, since)
    going: list[Found] = [one for one in found["runs"] if one.name not in reached.runs]
    going += [one for under in ("records", "made", "blobs") for one in found[under] if _digest(one) not in reached.all]
    kept = {name for index in remote.indexes() if reached.holds(index.digests()) for name in (index.pack, index.name)}
    going += sorted((one for one in found[PACKS] if one.name not in kept), key=lambda one: one.name.endswith(PACK))
    going += [*remote.objects.list(CHECKPOINTS), *remote.objects.list_tagged(LEASES)]
    old = [one for one in going if one.written < since]
    return RemoteGarbage([one.name for one in old], sum(one.size for one in old))


def collect(remote: Remote, days: float) -> RemoteGarbage:
    """Delete what ``garbage`` finds, and return it.

    Raises:
        RemoteUnreachable: another machine collects.
        RemoteError: as ``garbage``.
    """
    known = remote.objects.get_tagged(COLLECTED)
    told = known[0] if known else b"{}"
    if collecting_until(told.decode("ascii", "replace")) > time.time():
        raise _another(remote)
    number = _number(told) + 1
    until = time.time() + _AT_MOST_SECONDS
    if not remote.objects.put_if(COLLECTED, _said(number, until), known[1] if known else None):
        raise _another(remote)
    found = garbage(remote, days)
    for start in range(0, len(found.names), _AT_ONCE):
        if time.time() > until - 60:
            raise RemoteUnreachable(
                f"the remote {remote.objects.address}: expected to delete {len(found.names):,} objects in half an "
                f"hour, did {start:,}; run it again"
            )
        remote.objects.delete(found.names[start : start + _AT_ONCE])
    again = remote.objects.get_tagged(COLLECTED)
    if again:
        remote.objects.put_if(COLLECTED, _said(number, 0), again[1])
    return found


class _Reached:
    """The digests that are reached: of artifacts, blobs and step keys alike; and the runs that are kept."""

    def __init__(self, remote: Remote, found: dict[str, list[Found]], since: float) -> None:
        self.all: set[str] = set()
        self.runs: set[str] = set()
        self._remote = remote
        self._records = {_digest(one) for one in found["records"]}
        self._made = {_digest(one) for one in found["made"]}
        kept = set(self._kept(found["runs"]))
        self._reach(kept)
        for one in found["runs"]:
            told = remote.run(one.name) or {"steps": {}}
            named = {digest for step in told["steps"].values() for digest in (step["key"], step["output"])}
            if one.written >= since or kept & named:
                self.runs.add(one.name)
                self._reach(named)

    def holds(self, digests: Iterator[bytes]) -> bool:
        """Whether one of these is reached."""
        return any(digest.hex() in self.all for digest in digests)

    def _kept(self, runs: list[Found]) -> Iterator[str]:
        """Yield the releases that the histories of champions name."""
        title = Title(self._remote.objects)
        events = {one.name.split("/")[1] for one in self._remote.objects.list("champions")}
        for recipe in sorted(events | {one.name.split("/")[1] for one in runs}):
            yield from (event.release for event in title.history(recipe)[0])

    def _reach(self, digests: set[str]) -> None:
        waiting = list(digests - self.all)
        while waiting:
            digest = waiting.pop()
            if digest not in self.all:
                self.all.add(digest)
                waiting += self._named_by(digest)

    def _named_by(self, digest: str) -> Iterator[str]:
        """Yield what a manifest, the parts of a key, a record, or a word about archives names: it is all hex digits."""
        texts = [self._remote.small(digest)]
        texts += [self._remote.record(digest)] if digest in self._records else []
        texts += [self._remote.objects.get(f"made/{digest}")] if digest in self._made else []
        for text in texts:
            yield from (named.decode() for named in _DIGEST.findall(text or b""))


def _digest(found: Found) -> str:
    return found.name.rpartition("/")[2].removesuffix(INDEX).removesuffix(PACK)


def _number(told: bytes) -> int:
    try:
        return int(json.loads(told)["number"])
    except (ValueError, KeyError, TypeError):
        return 0


def _said(number: int, until: float) -> bytes:
    return canonical_json({"number": number, "until": until})


def _another(remote: Remote) -> RemoteUnreachable:
    return RemoteUnreachable(
        f"the remote {remote.objects.address}: another machine collects its garbage, or was killed at it; run it again "
        "in an hour"
    )

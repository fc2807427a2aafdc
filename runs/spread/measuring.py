"""Screening's images, measured by the workers of a Dask cluster.

A worker's answer counts where it is one about the image: what it measured, or why it is none that can be used. Every
other (its worker died, its decoder crashed, hung or wanted more memory than there was, the bytes are not there) is no
answer: this machine measures those images itself, by the processes that it has without a cluster, so a quarantined
image is one that this machine's own decoder does not survive, with the same reason.

A worker reads an image where the store has it, if it sees the store's folder; to one that does not, its bytes go along.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evergreen.cluster import Address, Cluster, address_of
from evergreen.datasets.workers import MEASURE, Request, Waiting, measure_all
from evergreen.images.door import Range
from evergreen.images.processes.budget import budget, free_memory, sizes
from evergreen.images.processes.worker import Worker
from runs.spread.agreeing import Traits, traits
from runs.spread.shards import done_here, spread, unseen_by

_FEW = 500  # images that are measured here before a cluster has answered
_SHARD = 1000
_SHARD_BYTES = 8 * 2**20  # of images that go along; what is sent passes through the scheduler
_LARGEST = 64 * 2**20  # of one image that goes along

Say = Callable[[str], object]


@dataclass(frozen=True)
class Limits:
    """As ``measure_all`` takes them: of the largest picture, in seconds for each, and which are black and white."""

    max_megapixels: float
    seconds_each: float
    values: Range | None


@dataclass(frozen=True)
class Shard:
    """Some images to measure.

    Attributes:
        requests: which, and where the store has them.
        limits: of all of them.
        data: their bytes, in the same order; None where a worker reads them from the store.
    """

    requests: tuple[Request, ...]
    limits: Limits
    data: tuple[bytes, ...] | None = None


@dataclass(frozen=True)
class Answered:
    """What a worker answers: its traits, and (SHA-256, answer) of each image, as ``measure_all`` yields them."""

    traits: Traits
    answers: tuple[tuple[str, dict[str, Any]], ...]


@dataclass(frozen=True)
class OnCluster:
    """Measures images on a cluster, and here what nobody there answers for.

    Attributes:
        address: of the cluster.
        say: told who measures what.
    """

    address: Address
    say: Say

    def measure_all(
        self, requests: Iterable[Request], most: int, max_megapixels: float, seconds_each: float, values: Range | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (SHA-256, answer) for every request, as ``evergreen.datasets.workers.measure_all`` does, in no order.

        Raises:
            BadInput: no cluster answers there; a worker would answer with other bytes.
            DecodersUnavailable: no process starts here.
        """
        waiting = iter(requests)
        few = list(islice(waiting, _FEW))
        limits = Limits(max_megapixels, seconds_each, values)
        left = few
        if len(few) == _FEW:
            sending = _Sending(chain(few, waiting), limits, self.say)
            with closing(Cluster(self.address)) as cluster:
                self.say(f"images are screened by {cluster.where}")
                yield from sending.answers(cluster)
            left = sending.left
        if left:
            yield from measure_all(left, most, max_megapixels, seconds_each, values)


def measure_of(say: Say) -> OnCluster | None:
    """Return who measures the images of a screening, where ``EVERGREEN_DASK`` names a cluster.

    Raises:
        BadInput: it holds no address that may be used.
    """
    address = address_of()
    return OnCluster(address, say) if address else None


class _Sending:
    """What is to be sent, and what has to be measured here."""

    def __init__(self, waiting: Iterator[Request], limits: Limits, say: Say) -> None:
        self.left: list[Request] = []
        self._waiting, self._limits, self._say = waiting, limits, say
        self._with_bytes = False
        self._why: Counter[str] = Counter()

    def answers(self, cluster: Cluster) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what workers answer; ``left`` is what they do not."""
        for done in spread(cluster, measured, self._next):
            if done.why:
                self._leave(done.shard.requests, done.why)
                continue
            done.answer.traits.agree(cluster)
            yield from self._taken(done.shard, done.answer)
        for told in done_here(self._why, "screened"):
            self._say(told)

    def _taken(self, shard: Shard, answered: Answered) -> Iterator[tuple[str, dict[str, Any]]]:
        asked = {request.sha256: request for request in shard.requests}
        unseen = []
        for digest, answer in answered.answers:
            if "lost" in answer:
                self._leave([asked[digest]], "on a worker the decoder crashed, hung, or wanted more memory")
            elif not answer.get("damaged"):
                yield digest, answer
            elif shard.data is None:
                unseen.append(asked[digest])
            else:
                self._leave([asked[digest]], "their bytes are not those of their digest")
        if unseen:
            if not self._with_bytes:
                self._say(unseen_by(answered.traits.host))
            self._with_bytes = True
            self._waiting = chain(unseen, self._waiting)

    def _leave(self, requests: Iterable[Request], why: str) -> None:
        before = len(self.left)
        self.left += requests
        self._why[why] += len(self.left) - before

    def _next(self) -> Shard | None:
        if not self._with_bytes:
            some = tuple(islice(self._waiting, _SHARD))
            return Shard(some, self._limits) if some else None
        requests: list[Request] = []
        data: list[bytes] = []
        size = 0
        while len(requests) < _SHARD and size < _SHARD_BYTES and (request := next(self._waiting, None)):
            try:
                if request.path.stat().st_size > _LARGEST:
                    self._leave([request], f"each is larger than the {_LARGEST // 2**20} MiB that are sent")
                    continue
                data.append(request.path.read_bytes())
            except OSError:  # whoever keeps the bytes says what is wrong
                self._leave([request], "their bytes are not in the store")
                continue
            requests.append(request)
            size += len(data[-1])
        return Shard(tuple(requests), self._limits, tuple(data)) if requests else None


# -- in a worker -------------------------------------------------------------------------------------------------------

_idle: dict[tuple[float, float], list[Worker]] = {}
_taking = threading.Lock()


def measured(shard: Shard) -> Answered:
    """Measure some images in a process of this worker's that a decoder may take down, and which stays for the next.

    Raises:
        DecodersUnavailable: no process starts.
        OSError: there is no room for the bytes that came along.
    """
    with TemporaryDirectory(prefix="evergreen-") as folder:
        requests = list(_placed(shard, Path(folder)))
        return Answered(traits(), tuple(_answers(requests, shard.limits)))


def _placed(shard: Shard, folder: Path) -> Iterator[Request]:
    """Yield the images of a shard, each where it can be read here."""
    if shard.data is None:
        yield from shard.requests
        return
    for request, data in zip(shard.requests, shard.data, strict=True):
        path = folder / request.sha256
        path.write_bytes(data)
        yield Request(request.sha256, path)


def _answers(requests: list[Request], limits: Limits) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (SHA-256, answer) of each; pictures beyond ordinary ones in a process that has more memory."""
    room = sizes(limits.max_megapixels)[0]
    waiting = Waiting(requests, limits.max_megapixels, limits.values, room)
    larger = []
    with _decoder(limits.seconds_each, room) as decoder:
        for request, answer in decoder.answers(waiting.batch):
            if answer.get("larger"):
                larger.append(Request(request["sha256"], Path(request["path"])))
            else:
                yield request["sha256"], answer
    if larger:
        yield from measure_all(larger, 1, limits.max_megapixels, limits.seconds_each, limits.values)


@contextmanager
def _decoder(seconds_each: float, room: float) -> Iterator[Worker]:
    """Have a process of one's own: starting one costs as much as two hundred small images."""
    key = seconds_each, room
    with _taking:
        known = _idle.setdefault(key, [])
        decoder = known.pop() if known else Worker(MEASURE, seconds_each, budget(room, 1, free_memory()))
    try:
        yield decoder
    except BaseException:
        decoder.close()
        raise
    with _taking:
        known.append(decoder)

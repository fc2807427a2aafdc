"""Shards of work that the workers of a Dask cluster do, and which of them nobody there does.

A shard whose worker dies is given to another one by the scheduler; after its second death it is taken back, before the
scheduler's own ``allowed-failures`` (3) costs more workers. What comes back undone is for whoever sent it to do:
nothing waits for a cluster that is gone.
"""

from __future__ import annotations

import contextlib
import queue
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from evergreen.cluster import Cluster
from evergreen.errors import BadInput, EvergreenError

S = TypeVar("S")

_AHEAD = 2  # shards a thread: one that is done, one that waits
_LOOK_SECONDS = 5.0
_NOBODY_SECONDS, _SILENT_SECONDS = 60.0, 600.0
_GATHER_SECONDS, _GATHERINGS = 10.0, 30
_DEATHS = 2
DIED = "the workers that had them died, one after the other"


@dataclass(frozen=True)
class Done(Generic[S]):
    """What became of a shard.

    Attributes:
        shard: as it was given.
        answer: what the work returned; None where nobody did it.
        why: why nobody did, in words; empty where somebody did.
    """

    shard: S
    answer: Any
    why: str = ""


def unseen_by(host: str) -> str:
    """Return in words that a worker's machine is sent images, since it cannot read them where the store has them."""
    return f"{host} does not see the store's folder: images travel with what is sent"


def done_here(left: Mapping[str, int], what: str) -> Iterator[str]:
    """Yield in words how many images are, say, screened by this machine, for each reason why no worker did it."""
    for why, count in left.items():
        yield f"{count:,} image{'s are' if count > 1 else ' is'} {what} by this machine: {why}"


def spread(
    cluster: Cluster, do: Callable[..., Any], next_shard: Callable[[], S | None], *given: Any
) -> Iterator[Done[S]]:
    """Yield every shard with what a worker made of it, in the order in which they end.

    Args:
        cluster: whose workers do it.
        do: a function of a module, which a worker imports, of a shard and what is given with each; what it raises but
            OSError, MemoryError and EvergreenError is taken for another program than this one.
        next_shard: returns a shard; None where there is none now. It is asked again after each that is yielded.
        given: what goes with every shard: futures of the cluster, which come to a worker once.

    Raises:
        BadInput: workers cannot do it, for they have another program, or none.
    """
    sending: _Sending[S] = _Sending(cluster, do, given)
    try:
        while True:
            while sending.wants_more and (shard := next_shard()) is not None:
                sending.send(shard)
            if not sending.sent:
                break
            yield from sending.ended()
        while sending.gone and (shard := next_shard()) is not None:
            yield Done(shard, None, sending.gone)
    finally:
        sending.close()


class _Sending(Generic[S]):
    """What is under way.

    Attributes:
        sent: key of a task -> its future, and the shard.
        gone: why nothing is sent any more; empty while the cluster is there.
    """

    def __init__(self, cluster: Cluster, do: Callable[..., Any], given: tuple[Any, ...]) -> None:
        self.sent: dict[str, tuple[Any, S]] = {}
        self.gone = ""
        self._cluster, self._client, self._do, self._given = cluster, cluster.client, do, given
        self._keys: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._deaths: Counter[str] = Counter()
        self._gatherings: Counter[str] = Counter()
        self._threads, _ = _threads(self._client)
        self._there = time.monotonic()  # when there were workers for certain
        self._answered = self._there
        self._look = self._there + _LOOK_SECONDS
        self._client.subscribe_topic("all", self._heard)

    @property
    def wants_more(self) -> bool:
        """Whether another shard is to be sent now."""
        return not self.gone and len(self.sent) < _AHEAD * max(1, self._threads)

    def send(self, shard: S) -> None:
        """Have a worker do it."""
        before_trainings = 1
        future = self._client.submit(self._do, shard, *self._given, pure=False, priority=before_trainings)
        self._wait_for(future, shard)

    def _wait_for(self, future: Any, shard: S) -> None:
        self.sent[future.key] = future, shard
        future.add_done_callback(lambda done: self._keys.put(done.key))

    def ended(self) -> Iterator[Done[S]]:
        """Wait for a moment, and yield what has ended; all of it, undone, once the cluster is gone."""
        with contextlib.suppress(queue.Empty):
            key = self._keys.get(timeout=_LOOK_SECONDS)
            if key in self.sent:
                future, shard = self.sent.pop(key)
                done = _outcome(self._cluster, future, shard)
                self.gone = _lost(self._client)
                if done is None and self._gatherings[key] < _GATHERINGS:
                    self._gatherings[key] += 1
                    self._wait_for(future, shard)
                else:
                    done = done or Done(shard, None, "their answers do not arrive")
                    self._answered = time.monotonic()
                    yield done
        if time.monotonic() >= self._look and not self.gone:
            self._look_at_workers()
            self._look = time.monotonic() + _LOOK_SECONDS
        if self.gone:
            undone, self.sent = [shard for _, shard in self.sent.values()], {}
            yield from (Done(shard, None, self.gone) for shard in undone)

    def close(self) -> None:
        """Leave no work behind."""
        if not _lost(self._client):
            self._client.cancel([future for future, _ in self.sent.values()])
            self._client.unsubscribe_topic("all")

    def _look_at_workers(self) -> None:
        self._threads, self.gone = _threads(self._client)
        now = time.monotonic()
        if self._threads:
            self._there = now
        if self.gone:
            return
        if now - max(self._there, self._answered) > _NOBODY_SECONDS:
            self.gone = "the cluster has no worker any more"
        elif now - self._answered > _SILENT_SECONDS:
            self.gone = f"no worker answered for {_SILENT_SECONDS / 60:g} minutes; they may be at other work"
        if self.gone:
            self._client.cancel([future for future, _ in self.sent.values()])

    def _heard(self, event: tuple[float, Mapping[str, Any]]) -> None:
        """Count a worker's death for all that it had: what it was at, and what waited for it."""
        _, told = event
        if told.get("action") == "remove-worker" and not told.get("expected"):
            for key in told.get("processing-tasks", ()):
                self._deaths[key] += 1
                if self._deaths[key] == _DEATHS:
                    self._keys.put(key)


def _threads(client: Any) -> tuple[int, str]:
    """Return how many threads the workers have, and why that cannot be known."""
    if lost := _lost(client):
        return 0, lost
    try:
        return sum(client.nthreads().values()), ""
    except (OSError, TimeoutError, RuntimeError):
        return 0, "the scheduler does not answer any more"


def _lost(client: Any) -> str:
    return "" if client.status == "running" else "the scheduler does not answer any more"


def _outcome(cluster: Cluster, future: Any, shard: S) -> Done[S] | None:
    """Return what became of a shard; None where it was done and its answer died with the worker: it is done again."""
    from distributed import CancelledError, KilledWorker

    if not future.done():  # it has killed as many as it may
        future.cancel()
        return Done(shard, None, DIED)
    try:
        return Done(shard, future.result(timeout=_GATHER_SECONDS))
    except KilledWorker:
        return Done(shard, None, DIED)
    except CancelledError:
        return Done(shard, None, _lost(cluster.client) or "the scheduler cancelled them")
    except TimeoutError:
        return None
    except (OSError, MemoryError, EvergreenError) as error:
        return Done(shard, None, f"{type(error).__name__}: {str(error) or 'no more is known'}")
    except Exception as error:
        raise BadInput(
            f"{cluster.where}: expected the program of this machine on its scheduler and workers, received "
            f"{type(error).__name__}: {error}; start them from a clone of the same version, with dask of its .venv, or "
            f"{cluster.address.without}"
        ) from error

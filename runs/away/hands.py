"""Who does what is sent out: processes of this machine, or a Dask cluster's."""

from __future__ import annotations

import asyncio
import pickle
import queue
import threading
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar

from evergreen.cluster import Cluster, address_of
from runs.away.line import Message, NoLongerWanted, on_the_line
from runs.away.workers import Hands, Hear, ProcessLost, Task, Workers

T = TypeVar("T")
# In a worker: two trainings in one process would seed and clear TensorFlow for each other.
ONE_AT_A_TIME = threading.Lock()
_LOOK_EVERY_SECONDS = 1.0
_OVER = object()


def hands_of(on: str | None, parallel: int, log: Path) -> Hands:
    """Return who does the trials of a sweep.

    Args:
        on: ``dask`` for a cluster of this machine, the address of a scheduler, or None for what EVERGREEN_DASK says,
            and processes of this machine where that is not set.
        parallel: how many at once.
        log: where processes of this machine print to.

    Raises:
        BadInput: an address that is none, or that strangers may reach; Dask is not installed; nobody answers.
    """
    address = address_of(on)
    if address is None:
        return Workers(parallel, log)
    return OnDask(Cluster(address, parallel), parallel)


class OnDask:
    """A Dask cluster. A task whose worker dies is given to another worker by the scheduler.

    A worker that tells something waits for the answer, by an event of the scheduler: what was answered is heard before
    it goes on. It ends once the scheduler has let go of its task, because whoever sent it left or was killed.
    """

    def __init__(self, cluster: Cluster, parallel: int) -> None:
        """Take a cluster.

        Args:
            cluster: where; one that was started here has this process's store.
            parallel: how many tasks it may have at once.
        """
        self._cluster, self.where, self.ours = cluster, cluster.where, cluster.address.ours
        self._turns = threading.Semaphore(parallel)
        self._topic = f"evergreen-{token_hex(8)}"
        self._heard: dict[str, queue.SimpleQueue[Any]] = {}
        self._closed = False
        cluster.client.subscribe_topic(self._topic, self._sort)

    def do(self, task: Task[T], hear: Hear | None = None) -> T:
        """Do something on the cluster, and wait for its end.

        Args:
            task: what.
            hear: is told, here, what the task tells; what it raises is raised in the task.

        Raises:
            ProcessLost: the workers that had it died, one after the other, or the scheduler went away.
            EOFError: the cluster is being left.
            Exception: what it raised itself.
        """
        from distributed import KilledWorker

        name, told = token_hex(8), queue.SimpleQueue[Any]()
        with self._turns:
            if self._closed:
                raise EOFError("the cluster is being left")
            self._heard[name] = told
            future = self._cluster.client.submit(_do, task, self._topic, name, pure=False)
            future.add_done_callback(lambda _: told.put(_OVER))
            try:
                while not self._closed and not future.done():
                    with suppress(queue.Empty):
                        if (one := told.get(timeout=_LOOK_EVERY_SECONDS)) is not _OVER:
                            self._answer(one, hear)
                done: T = self._result(future)
            except KilledWorker as error:
                raise ProcessLost(f"the workers that had it died, one after the other: {error}") from None
            except (Exception, asyncio.CancelledError) as error:
                if self._closed:  # whatever it is that a client says which is no more
                    raise EOFError("the cluster is being left") from None
                if isinstance(error, CancelledError | asyncio.CancelledError):
                    raise ProcessLost("the scheduler went away") from None
                raise
            finally:
                del self._heard[name]
        return done

    def _result(self, future: Any) -> Any:
        """Return what a task came to; a client that was closed meanwhile would have its caller wait for ever."""
        while True:
            try:
                return future.result(timeout=_LOOK_EVERY_SECONDS)
            except TimeoutError:
                if self._closed or future.status == "error":  # then the task itself raised it
                    raise

    def close(self) -> None:
        """Leave the cluster; one that was started here ends, in another a training ends after its epoch."""
        self._closed = True
        self._cluster.close()

    def _sort(self, event: tuple[float, Any]) -> None:
        """Put what a worker told where its sender waits for it; in the client's loop, so nothing is done here."""
        name, *rest = event[1]
        if name in self._heard:
            self._heard[name].put(rest)

    def _answer(self, told: tuple[str, Message], hear: Hear | None) -> None:
        from distributed import Event, Queue

        token, message = told
        client, raised = self._cluster.client, None
        try:
            if hear:
                hear(message)
        except Exception as error:  # noqa: BLE001 - it is raised again where the message came from
            raised = pickle.dumps(error)
        if raised:
            Queue(token, client=client).put(raised)
        Event(token, client=client).set()


def _do(task: Task[T], topic: str, name: str) -> T:
    """Do a task; in a worker."""
    from distributed import Event, Queue, get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def must_be_wanted() -> None:
        state = worker.state.tasks.get(key)
        if state is None or state.state == "cancelled":
            raise NoLongerWanted("whoever sent it has left")

    def tell(message: Message) -> None:
        must_be_wanted()
        token = token_hex(8)
        answered = Event(token)
        worker.log_event(topic, (name, token, dict(message)))
        while not answered.wait(timeout=_LOOK_EVERY_SECONDS):
            must_be_wanted()
        answered.clear()
        raised = Queue(token)
        found = raised.get() if raised.qsize() else None
        raised.close()
        if found:
            error: Exception = pickle.loads(found)  # noqa: S301 - of whoever sent the task itself
            raise error

    with ONE_AT_A_TIME, on_the_line(tell):
        must_be_wanted()
        return task.do()

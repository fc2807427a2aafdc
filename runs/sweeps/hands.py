"""Who does the trials of a sweep: processes of this machine, or a Dask cluster's."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TypeVar

from evergreen.cluster import Cluster, address_of
from runs.sweeps.workers import Hands, ProcessLost, Task, Workers

T = TypeVar("T")
# In a worker: two trainings in one process would seed and clear TensorFlow for each other.
_ONE_AT_A_TIME = threading.Lock()


def hands_of(on: str | None, parallel: int, log: Path) -> Hands:
    """Return who does the trials.

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
    """A Dask cluster. A task whose worker dies is given to another worker by the scheduler."""

    def __init__(self, cluster: Cluster, parallel: int) -> None:
        """Take a cluster, and how many tasks it may have at once."""
        self._cluster, self.where = cluster, cluster.where
        self._turns = threading.Semaphore(parallel)

    def do(self, task: Task[T]) -> T:
        """Do something on the cluster, and wait for its end.

        Raises:
            ProcessLost: the workers that had it died, one after the other.
            Exception: what it raised itself.
        """
        from distributed import KilledWorker

        with self._turns:
            future = self._cluster.client.submit(_do, task, pure=False)
            try:
                done: T = future.result()
            except KilledWorker as error:
                raise ProcessLost(f"the workers that had it died, one after the other: {error}") from None
        return done

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        self._cluster.close()


def _do(task: Task[T]) -> T:
    with _ONE_AT_A_TIME:
        return task.do()

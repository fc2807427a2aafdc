"""Dask clusters of this machine for tests: workers of a thread each, on loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def cluster_of(workers: int, *, processes: bool) -> Iterator[Any]:
    """A ``LocalCluster`` whose ``scheduler_address`` is to be named."""
    pytest.importorskip("distributed", reason="make setup EXTRAS=dask")
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=processes, host="127.0.0.1", protocol="tcp://",
        dashboard_address=None, silence_logs=50,
    ) as cluster:  # fmt: skip
        yield cluster

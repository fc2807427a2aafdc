"""A Dask cluster in threads of this process: a scheduler on loopback, and what a person would start beside it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def cluster_here(workers: int = 1, threads: int = 1) -> Iterator[str]:
    """Yield the address of a scheduler whose workers are threads of this process; nothing is started for it."""
    distributed = pytest.importorskip("distributed", reason="make setup EXTRAS=dask")
    cluster = distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=threads,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address=None,
    )
    try:
        yield str(cluster.scheduler_address)
    finally:
        cluster.close()

"""A cluster of two workers in this process, for the tests of this folder."""

from collections.abc import Iterator

import pytest
from dask_clusters import cluster_of

from evergreen.cluster import Address


@pytest.fixture(scope="package")
def threads() -> Iterator[Address]:
    with cluster_of(2, processes=False) as cluster:
        yield Address(cluster.scheduler_address, "EVERGREEN_DASK")

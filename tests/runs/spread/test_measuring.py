"""runs.spread.measuring: a cluster gives the same tables; an image that kills its worker costs no other one."""

import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from dask_clusters import cluster_of
from hostile_images import ico
from hostile_images import png as claimed

from evergreen.cluster import Address, Cluster
from evergreen.datasets.screen import Screened, screen
from evergreen.datasets.workers import Request
from evergreen.errors import BadInput
from evergreen.images.processes import worker
from evergreen.sections.data import Screen
from evergreen.tables import to_csv
from runs.spread import measuring, shards
from runs.spread.measuring import Answered, OnCluster, Shard

distributed = pytest.importorskip("distributed", reason="make setup EXTRAS=dask")


class Files:
    """Bytes by digest, as a store has them; what is known of them is forgotten."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[tuple[str, str, str, int, str]] = []
        self.known: dict[str, Any] = {}

    def add(self, path: str, data: bytes) -> None:
        digest = hashlib.sha256(data).hexdigest()
        (self.folder / digest).write_bytes(data)
        self.rows.append((path, path[0], digest, len(data), ""))

    def read(self, digest: str) -> bytes:
        data = (self.folder / digest).read_bytes()
        if hashlib.sha256(data).hexdigest() != digest:
            raise LookupError(f"{digest[:6]} is damaged")
        return data

    def get(self, keys: Any) -> dict[str, Any]:
        return {}

    def put(self, values: Any) -> None:
        self.known |= values

    def screened(self, measure: Any = None) -> Screened:
        table = pd.DataFrame(self.rows, columns=["path", "label", "sha256", "bytes", "subset"])
        self.known = {}
        return screen(table, self.read, self.folder.joinpath, Screen(seconds_per_image=20), self, 1, None, measure)


@pytest.fixture
def files(tmp_path: Path, png: Callable[..., bytes]) -> Files:
    found = Files(tmp_path)
    for number in range(24):
        found.add(f"{'ab'[number % 2]}/{number:02}", png(number // 2 if number < 4 else number, (40, 30)))
    for name, data in {"none": b"<html>", "empty": b"", "huge": claimed(30_000, 30_000), "icon": ico(png(99))}.items():
        found.add(f"a/{name}", data)
    return found


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "_FEW", 2)
    monkeypatch.setattr(measuring, "_SHARD", 7)
    monkeypatch.setattr(shards, "_LOOK_SECONDS", 0.2)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Digests that this machine measured itself while there was a cluster."""
    asked: list[str] = []
    real = measuring.measure_all

    def counted(requests: list[Request], *rest: Any) -> Any:
        asked.extend(request.sha256 for request in requests)
        return real(requests, *rest)

    monkeypatch.setattr(measuring, "measure_all", counted)
    return asked


def bytes_of(found: Screened) -> list[bytes]:
    return [to_csv(table) for table in (found.accepted, found.quarantine, found.duplicates, found.near_duplicates)]


@pytest.mark.usefixtures("small")
def test_a_cluster_gives_the_same_tables_to_the_byte(files: Files, threads: Address, here: list[str]) -> None:
    expected, known, said = bytes_of(files.screened()), files.known, list[str]()
    assert bytes_of(files.screened(OnCluster(threads, said.append).measure_all)) == expected
    assert files.known == known
    assert here == []
    assert said == [f"images are screened by Dask at {threads.on}, 2 workers"]


@pytest.mark.usefixtures("small")
def test_to_a_worker_that_does_not_see_the_store_the_bytes_go_along(
    files: Files, threads: Address, here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, real, folder = bytes_of(files.screened()), measuring.measured, files.folder

    def far(shard: Shard) -> Answered:
        if shard.data is None:
            shard = replace(shard, requests=tuple(Request(one.sha256, folder / "none") for one in shard.requests))
        return real(shard)

    monkeypatch.setattr(measuring, "measured", far)
    monkeypatch.setattr(measuring, "_SHARD_BYTES", 5000)
    said: list[str] = []
    assert bytes_of(files.screened(OnCluster(threads, said.append).measure_all)) == expected
    assert "does not see the store's folder: images travel" in said[1]
    assert here == []
    digest = files.rows[5][2]
    (folder / digest).write_bytes(b"altered")
    with pytest.raises(LookupError, match="is damaged"):
        files.screened(OnCluster(threads, said.append).measure_all)
    assert said[-1] == "1 image is screened by this machine: their bytes are not those of their digest"


@pytest.mark.usefixtures("small")
def test_few_images_are_measured_here_and_no_cluster_is_asked(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "_FEW", 500)
    nobody = Address("tcp://127.0.0.1:9", "EVERGREEN_DASK")
    assert bytes_of(files.screened(OnCluster(nobody, print).measure_all)) == bytes_of(files.screened())


@pytest.mark.usefixtures("small")
def test_a_worker_of_another_version_is_refused_in_words(
    files: Files, threads: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = measuring.measured

    def other(shard: Shard) -> Answered:
        found = real(shard)
        told = {**found.traits.told, "opencv-python-headless": "4.5.0"}
        return replace(found, traits=replace(found.traits, host="old", told=told))

    monkeypatch.setattr(measuring, "measured", other)
    with pytest.raises(
        BadInput, match=r"a worker on old would .*opencv-python-headless: expected .*, received 4\.5\.0"
    ):
        files.screened(OnCluster(threads, print).measure_all)
    assert files.known == {}


# -- workers that die --------------------------------------------------------------------------------------------------

_POISONED = """
import os, signal, sys
from evergreen.datasets import measure_worker
from evergreen.images.processes.serving import serve

def answer(request):
    if open(request["path"], "rb").read() == b"poison":
        os.kill(os.getpid(), signal.SIGSEGV)
    return measure_worker.answer(request)

serve(answer, int(sys.argv[1]))
"""


@pytest.mark.parametrize("how", ["crashes", "raises", pytest.param("killed", marks=pytest.mark.soak)])
def test_an_image_that_kills_its_decoder_or_its_workers_is_quarantined_alone_with_the_reason_it_has_without_a_cluster(
    how: str, files: Files, here: list[str], small: None, threads: Address,
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    script = tmp_path_factory.mktemp("decoder") / "poisoned.py"
    script.write_text(_POISONED)
    real_popen = worker.subprocess.Popen
    monkeypatch.setattr(
        worker.subprocess,
        "Popen",
        lambda command, **options: real_popen([command[0], str(script), command[3]], **options),
    )
    files.add("a/poison", b"poison")
    poison, real = files.rows[-1][2], measuring.measured

    def deadly(shard: Shard) -> Answered:
        if how != "crashes" and any(request.sha256 == poison for request in shard.requests):
            if how == "raises":  # as the scheduler says it, where its own patience ends first
                raise distributed.KilledWorker("shard", SimpleNamespace(address="tcp://127.0.0.1:1"), 1)
            os.kill(os.getpid(), signal.SIGKILL)
        return real(shard)

    expected = files.screened()
    assert "the decoder crashed (SIGSEGV)" in set(expected.quarantine["reason"])
    monkeypatch.setattr(measuring, "measured", deadly)
    monkeypatch.setattr(measuring, "_idle", {})  # decoders that began before they were poisoned
    said: list[str] = []
    with cluster_of(2, processes=True) if how == "killed" else nullcontext() as cluster:
        address = Address(cluster.scheduler_address, "EVERGREEN_DASK") if cluster else threads
        found = files.screened(OnCluster(address, said.append).measure_all)
    assert bytes_of(found) == bytes_of(expected)
    assert poison in here
    if how == "crashes":
        assert here == [poison]
        assert said[-1].startswith("1 image is screened by this machine: on a worker the decoder crashed")
    else:
        assert len(here) < len(files.rows), "its shard, and what waited for the same workers"
        assert any(line.endswith(f"screened by this machine: {shards.DIED}") for line in said)


@pytest.mark.soak
@pytest.mark.usefixtures("small")
def test_a_worker_that_is_killed_has_its_shards_measured_by_the_others(files: Files, here: list[str]) -> None:
    expected, killed = bytes_of(files.screened()), list[int]()
    with cluster_of(2, processes=True) as cluster:
        address = Address(cluster.scheduler_address, "EVERGREEN_DASK")
        on_cluster = OnCluster(address, print)

        def measure(*arguments: Any) -> Iterator[tuple[str, dict[str, Any]]]:
            for answer in on_cluster.measure_all(*arguments):
                if not killed:
                    looking = Cluster(address)
                    killed.append(next(iter(looking.client.run(os.getpid).values())))
                    looking.close()
                    os.kill(killed[0], signal.SIGKILL)
                yield answer

        assert bytes_of(files.screened(measure)) == expected
    assert killed
    assert here == []


@pytest.mark.soak
@pytest.mark.usefixtures("small")
def test_a_cluster_that_ends_in_the_middle_has_the_rest_measured_here(files: Files, here: list[str]) -> None:
    expected, said = bytes_of(files.screened()), list[str]()
    with cluster_of(1, processes=False) as cluster:
        on_cluster = OnCluster(Address(cluster.scheduler_address, "EVERGREEN_DASK"), said.append)

        def measure(*arguments: Any) -> Iterator[tuple[str, dict[str, Any]]]:
            for number, answer in enumerate(on_cluster.measure_all(*arguments)):
                if not number:
                    cluster.close()
                yield answer

        assert bytes_of(files.screened(measure)) == expected
    assert here
    assert "images are screened by this machine: the scheduler does not answer any more" in said[-1]

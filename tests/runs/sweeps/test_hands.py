"""runs.sweeps.hands: which addresses of a scheduler are taken, and what is done where there is none."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from toy_tasks import Pid

from evergreen.errors import BadInput
from runs.sweeps.hands import checked, hands_of
from runs.sweeps.workers import ProcessLost, Workers


@pytest.mark.parametrize(
    "on",
    [
        "dask",
        "tcp://127.0.0.1:8786",
        "tcp://127.9.9.9:1",
        "tcp://localhost:8786",
        "tcp://LocalHost:65535",
        "tcp://[::1]:8786",
        "tls://10.0.0.7:8786",
        "tls://scheduler.example.org:8786",
        "tls://[2001:db8::1]:8786",
        "tls://127.0.0.1:8786",
    ],
)
def test_an_address_that_may_be_used_stays_as_it_is(on: str) -> None:
    assert checked(on) == on


@pytest.mark.parametrize(
    "on",
    [
        "tcp://scheduler:8786",
        "tcp://10.0.0.7:8786",
        "tcp://0.0.0.0:8786",
        "tcp://[::]:8786",
        "tcp://[::2]:8786",
        "tcp://localhost.example.org:8786",
        "tcp://127.0.0.1.example.org:8786",
        "tcp://127.1:8786",
        "tcp://2130706433:8786",
        "tcp://localhost.:8786",
    ],
)
def test_beyond_this_machine_only_tls_is_taken(on: str) -> None:
    with pytest.raises(BadInput) as refused:
        checked(on)
    assert str(refused.value) == (
        f"--on: expected tls:// beyond this machine, for whoever reaches a scheduler may run anything on it; received "
        f"{on!r}; it needs certificates (distributed.comm.tls in Dask's configuration)\n"
        f"    try: --on tls://{on.partition('//')[2]}"
    )


@pytest.mark.parametrize(
    "on",
    [
        "",
        "Dask",
        "dask ",
        "8786",
        "127.0.0.1:8786",
        "http://127.0.0.1:8786",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:65536",
        "tcp://127.0.0.1:99999999999999999999",
        "tcp://127.0.0.1:٨٧٨٦",
        "tcp://:8786",
        "tcp://[127.0.0.1:8786",
        "tcp://127.0.0.1:8786/",
        "tcp://127.0.0.1:1/@example.org:8786",
        "tcp://127.0.0.1:1?example.org:8786",
        "tcp://127.0.0.1#example.org:8786",
        "tcp://127.0.0.1@example.org:8786",
        "tcp://user:secret@127.0.0.1:8786",
        "tcp://127.0.0.1 example.org:8786",
        "tcp://127.0.0\n.1:8786",
        "tcp://127.0.0.1:8786\n",
        "tcp://127.0.0.1:8786\x00",
        "tls://ex\tample.org:8786",
        "tls://a,tcp://b:8786",
        "tcp://127.0.0.1:+8786",
        "ucx://127.0.0.1:8786",
        "inproc://127.0.0.1:8786",
    ],
)
def test_what_is_no_address_or_reads_as_two_is_refused(on: str) -> None:
    with pytest.raises(BadInput, match=r"^--on: expected dask, or a scheduler's address as tcp://") as refused:
        checked(on)
    assert "secret" not in str(refused.value)
    assert str(refused.value).splitlines()[1:] == ["    try: --on dask"]


def test_without_an_address_it_is_processes_of_this_machine(tmp_path: Path) -> None:
    found = hands_of(None, 3, tmp_path / "log")
    assert isinstance(found, Workers)
    assert found.where == "this machine, 3 workers"


def test_where_dask_is_not_installed_it_is_said_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadInput, match=r"^--on dask: expected Dask to be installed .*: pip install -r .*EXTRAS=dask"):
        hands_of("dask", 1, tmp_path)
    with pytest.raises(BadInput, match="expected tls"):
        hands_of("tcp://scheduler:8786", 1, tmp_path)


class Alone:
    """Says how many of it are at work."""

    def __init__(self) -> None:
        self.at_work = 0

    def do(self) -> int:
        self.at_work += 1
        time.sleep(0.01)
        found, self.at_work = self.at_work, self.at_work - 1
        return found


class KilledWorker(Exception):
    pass


class Dask(ModuleType):
    """Stands in for distributed: a cluster of so many workers, which do what is submitted at once."""

    KilledWorker = KilledWorker

    def __init__(self, workers: int) -> None:
        super().__init__("distributed")
        self.workers, self.open, self.started = workers, 0, dict[str, Any]()
        self.asked: list[Any] = []

    def LocalCluster(self, **options: Any) -> "Dask":  # noqa: N802 - as theirs is called
        self.started = options
        self.open += 1
        return self

    def Client(self, address: Any, timeout: float, set_as_default: bool) -> "Dask":  # noqa: N802
        if address == "tcp://127.0.0.1:9":
            raise OSError("nobody answers")
        self.open += 1
        return self

    def nthreads(self) -> dict[str, int]:
        return {f"tcp://127.0.0.1:{number}": 1 for number in range(self.workers)}

    def submit(self, function: Any, task: Any, pure: bool) -> "Dask":
        assert not pure, "else a second training of the same would be the first one's answer"
        self.asked.append(function)
        return self

    def result(self) -> Any:
        raise KilledWorker("three died")

    def close(self) -> None:
        self.open -= 1


def test_a_cluster_of_this_machine_ends_with_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dask = Dask(2)
    monkeypatch.setitem(sys.modules, "distributed", dask)
    found = hands_of("dask", 2, tmp_path)
    assert found.where == "Dask at this machine, 2 workers"
    assert (dask.started["n_workers"], dask.started["threads_per_worker"], dask.started["processes"]) == (2, 1, True)
    assert (dask.started["host"], dask.started["dashboard_address"]) == ("127.0.0.1", None), "strangers reach nothing"
    with pytest.raises(ProcessLost, match="one after the other: three died"):
        found.do(Pid())
    (body,) = dask.asked
    alone = Alone()
    with ThreadPoolExecutor(4) as threads:  # a worker of four threads
        assert list(threads.map(body, [alone] * 4)) == [1] * 4, "two at once would seed TensorFlow for each other"
    found.close()
    assert dask.open == 0


def test_a_scheduler_that_does_not_answer_or_has_no_workers_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dask = Dask(0)
    monkeypatch.setitem(sys.modules, "distributed", dask)
    with pytest.raises(BadInput, match=r"expected a Dask scheduler at tcp://127.0.0.1:9, received: nobody answers"):
        hands_of("tcp://127.0.0.1:9", 1, tmp_path)
    with pytest.raises(BadInput, match=r"expected workers at tcp://127\.0\.0\.1:8786, received none"):
        hands_of("tcp://127.0.0.1:8786", 1, tmp_path)
    assert dask.open == 0


def test_without_certificates_tls_is_refused_before_anybody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Security:
        tls_ca_file, tls_client_cert, tls_client_key = "ca.pem", "", ""

        def get_connection_args(self, role: str) -> None:
            raise FileNotFoundError(2, "No such file or directory")

    dask, security = Dask(1), ModuleType("distributed.security")
    security.Security = Security  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "distributed", dask)
    monkeypatch.setitem(sys.modules, "distributed.security", security)
    lacking = r"^--on tls://h:1: expected certificates in Dask's .*; received none in \S+CLIENT__CERT, \S+CLIENT__KEY$"
    with pytest.raises(BadInput, match=lacking):
        hands_of("tls://h:1", 1, tmp_path)
    Security.tls_client_cert, Security.tls_client_key = "cert.pem", "key.pem"
    with pytest.raises(BadInput, match=r"received ca.pem, cert.pem, key.pem: .*No such file"):
        hands_of("tls://h:1", 1, tmp_path)
    monkeypatch.setattr(Security, "get_connection_args", lambda self, role: {})
    assert hands_of("tls://h:1", 1, tmp_path).where == "Dask at tls://h:1, 1 worker"
    assert dask.open == 1

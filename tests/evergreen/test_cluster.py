"""evergreen.cluster: which addresses of a scheduler are taken, and what is said where there is none."""

import sys
from types import ModuleType

import pytest
from fake_dask import Dask

from evergreen.cluster import Address, Cluster, address_of
from evergreen.errors import BadInput


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
    assert address_of(on) == Address(on, "--on")
    if on != "dask":
        assert Address(on, "EVERGREEN_DASK").checked().on == on


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
        Address(on).checked()
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
        Address(on).checked()
    assert "secret" not in str(refused.value)
    assert str(refused.value).splitlines()[1:] == ["    try: --on dask"]


def test_a_variable_is_named_as_such_and_may_not_start_a_cluster_in_every_process() -> None:
    with pytest.raises(BadInput) as refused:
        Address("dask", "EVERGREEN_DASK").checked()
    assert str(refused.value) == (
        "EVERGREEN_DASK: expected a scheduler's address as tcp://127.0.0.1:8786 or tls://scheduler:8786; received "
        "'dask'\n    try: EVERGREEN_DASK=tcp://127.0.0.1:8786"
    )
    with pytest.raises(BadInput, match=r"^EVERGREEN_DASK: expected tls://(?s:.*)try: EVERGREEN_DASK=tls://a:80$"):
        Address("tcp://a:80", "EVERGREEN_DASK").checked()


def test_the_option_goes_before_the_variable_and_without_both_it_is_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert address_of() is None
    monkeypatch.setenv("EVERGREEN_DASK", "tcp://127.0.0.1:1")
    assert address_of() == Address("tcp://127.0.0.1:1", "EVERGREEN_DASK")
    assert address_of("dask") == Address("dask", "--on")
    monkeypatch.setenv("EVERGREEN_DASK", "")
    assert address_of() is None
    monkeypatch.setenv("EVERGREEN_DASK", "tcp://10.0.0.7:1")
    with pytest.raises(BadInput, match=r"^EVERGREEN_DASK: expected tls"):
        address_of()


def test_where_dask_is_not_installed_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadInput, match=r"^--on dask: expected Dask to be installed .*: pip install -r .*EXTRAS=dask"):
        Cluster(Address("dask"))
    with pytest.raises(BadInput, match=r"^EVERGREEN_DASK=tls://h:1: expected Dask to be installed .*EXTRAS=dask"):
        Cluster(Address("tls://h:1", "EVERGREEN_DASK"))


def test_a_cluster_of_this_machine_is_for_nobody_else_and_ends_when_it_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    dask = Dask(2)
    monkeypatch.setitem(sys.modules, "distributed", dask)
    cluster = Cluster(Address("dask"), processes=2)
    assert (cluster.where, cluster.workers) == ("Dask at this machine, 2 workers", 2)
    assert (dask.started["n_workers"], dask.started["threads_per_worker"], dask.started["processes"]) == (2, 1, True)
    assert (dask.started["host"], dask.started["dashboard_address"]) == ("127.0.0.1", None), "strangers reach nothing"
    assert (dask.started["protocol"], dask.started["security"]) == ("tls", True), "nor do other users"
    cluster.close()
    assert dask.open == 0


def test_a_scheduler_that_does_not_answer_or_has_no_workers_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dask = Dask(0)
    monkeypatch.setitem(sys.modules, "distributed", dask)
    with pytest.raises(BadInput, match=r"expected a Dask scheduler at tcp://127.0.0.1:9, received: nobody answers"):
        Cluster(Address("tcp://127.0.0.1:9"))
    with pytest.raises(BadInput, match=r"^EVERGREEN_DASK: expected workers at tcp://127\.0\.0\.1:8786, received none"):
        Cluster(Address("tcp://127.0.0.1:8786", "EVERGREEN_DASK"))
    assert dask.open == 0


def test_without_certificates_tls_is_refused_before_anybody_is_asked(
    monkeypatch: pytest.MonkeyPatch,
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
        Cluster(Address("tls://h:1"))
    Security.tls_client_cert, Security.tls_client_key = "cert.pem", "key.pem"
    with pytest.raises(BadInput, match=r"received ca.pem, cert.pem, key.pem: .*No such file"):
        Cluster(Address("tls://h:1"))
    monkeypatch.setattr(Security, "get_connection_args", lambda self, role: {})
    assert Cluster(Address("tls://h:1")).where == "Dask at tls://h:1, 1 worker"
    assert dask.open == 1


def test_where_work_goes_is_what_the_variable_says_and_never_from_inside_a_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    distributed = pytest.importorskip("distributed", reason="make setup EXTRAS=dask")
    assert address_of() is None
    monkeypatch.setenv("EVERGREEN_DASK", "tcp://127.0.0.1:8786")
    found = address_of()
    assert found is not None
    assert found.on == "tcp://127.0.0.1:8786"
    monkeypatch.setattr(distributed, "get_worker", lambda: "one")
    assert address_of() is None
    monkeypatch.setenv("EVERGREEN_DASK", "tcp://scheduler:8786")
    with pytest.raises(BadInput, match="expected tls"):
        address_of()

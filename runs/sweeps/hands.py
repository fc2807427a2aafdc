"""Who does the trials of a sweep: processes of this machine, or a Dask cluster's."""

from __future__ import annotations

import ipaddress
import re
import threading
from pathlib import Path
from typing import TypeVar

from evergreen.addresses import redacted
from evergreen.errors import BadInput
from evergreen.sections.refusing.told import TRY
from runs.sweeps.workers import Hands, ProcessLost, Task, Workers

T = TypeVar("T")
# In a worker: two trainings in one process would seed and clear TensorFlow for each other.
_ONE_AT_A_TIME = threading.Lock()

LOCAL_CLUSTER = "dask"
_INSTALL = "pip install -r requirements-dask.lock (make setup EXTRAS=dask)"
_CERTIFICATES = {
    "tls_ca_file": "DASK_DISTRIBUTED__COMM__TLS__CA_FILE",
    "tls_client_cert": "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT",
    "tls_client_key": "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY",
}
_IN_CONFIGURATION = "expected certificates in Dask's configuration (distributed.comm.tls), or in variables"
_CONNECT_SECONDS = 10
_LAST_PORT = 65_535
# Nothing else: what one reader of addresses takes for the host may be a name or a path to another.
_ADDRESS = re.compile(r"(?P<scheme>tcp|tls)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")


def hands_of(on: str | None, parallel: int, log: Path) -> Hands:
    """Return who does the trials.

    Args:
        on: ``dask`` for a cluster of this machine, the address of a scheduler, or None for processes.
        parallel: how many at once.
        log: where processes of this machine print to.

    Raises:
        BadInput: an address that is none, or that strangers may reach; Dask is not installed; nobody answers.
    """
    if on is None:
        return Workers(parallel, log)
    return OnDask(checked(on), parallel)


def checked(on: str) -> str:
    """Return where a cluster is, once it was found to be ``dask`` or an address that may be used.

    A scheduler runs whatever is sent to it, and so does whoever answers in its place: beyond this machine only TLS,
    with certificates that both sides check, says who that is.

    Raises:
        BadInput: it is neither.
    """
    if on == LOCAL_CLUSTER:
        return on
    parts = _ADDRESS.fullmatch(on)
    if parts is None or not 0 < int(parts["port"]) <= _LAST_PORT:
        raise BadInput(
            f"--on: expected dask, or a scheduler's address as tcp://127.0.0.1:8786 or tls://scheduler:8786; "
            f"received {redacted(repr(on))}\n{TRY}--on {LOCAL_CLUSTER}"
        )
    if parts["scheme"] == "tcp" and not _is_loopback(parts["host"].strip("[]")):
        raise BadInput(
            f"--on: expected tls:// beyond this machine, for whoever reaches a scheduler may run anything on it; "
            f"received {on!r}; it needs certificates (distributed.comm.tls in Dask's configuration)"
            f"\n{TRY}--on tls://{parts['host']}:{parts['port']}"
        )
    return on


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class OnDask:
    """A Dask cluster: one that is started here and ends with the sweep, or one that runs already.

    A task whose worker dies is given to another worker by the scheduler.
    """

    def __init__(self, on: str, parallel: int) -> None:
        """Connect to a cluster, or start one of ``parallel`` processes of a thread each."""
        try:
            from distributed import Client, LocalCluster
        except ImportError as error:
            raise BadInput(f"--on {on}: expected Dask to be installed ({error}): {_INSTALL}") from None
        self._cluster = None
        if on.startswith("tls://"):
            _refuse_without_certificates(on)
        if on == LOCAL_CLUSTER:
            # Who reaches a scheduler may run anything: certificates of its own keep this machine's other users out.
            self._cluster = LocalCluster(
                n_workers=parallel,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                host="127.0.0.1",
                protocol="tls",
                security=True,
            )
        try:
            self._client = Client(self._cluster or on, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise BadInput(
                f"--on: expected a Dask scheduler at {on}, received: {error}; dask scheduler starts one"
            ) from None
        count = len(self._client.nthreads())
        if not count:
            self.close()
            raise BadInput(f"--on: expected workers at {on}, received none; dask worker {on} --nthreads 1 starts one")
        self.where = f"Dask at {'this machine' if self._cluster else on}, {count} worker{'s' if count != 1 else ''}"
        self._turns = threading.Semaphore(parallel)

    def do(self, task: Task[T]) -> T:
        """Do something on the cluster, and wait for its end.

        Raises:
            ProcessLost: the workers that had it died, one after the other.
            Exception: what it raised itself.
        """
        from distributed import KilledWorker

        with self._turns:
            future = self._client.submit(_do, task, pure=False)
            try:
                done: T = future.result()
            except KilledWorker as error:
                raise ProcessLost(f"the workers that had it died, one after the other: {error}") from None
        return done

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        self._client.close()
        if self._cluster:
            self._cluster.close()


def _refuse_without_certificates(on: str) -> None:
    """Refuse an address for which Dask's configuration has no certificates, or such as are none.

    Raises:
        BadInput: it has none.
    """
    from distributed.security import Security

    security = Security()
    files = [getattr(security, name) for name in _CERTIFICATES]
    if lacking := [variable for variable, file in zip(_CERTIFICATES.values(), files, strict=True) if not file]:
        raise BadInput(f"--on {on}: {_IN_CONFIGURATION}; received none in {', '.join(lacking)}")
    try:
        security.get_connection_args("client")
    except OSError as error:  # no such file, or no certificate in it
        raise BadInput(f"--on {on}: {_IN_CONFIGURATION}; received {', '.join(files)}: {error}") from None


def _do(task: Task[T]) -> T:
    with _ONE_AT_A_TIME:
        return task.do()

"""One way to a Dask scheduler: which addresses are taken, and a client of whoever answers there.

Everything that is spread over other machines goes through here. Dask is imported where a cluster is opened, so one
machine without any neither needs nor waits for it.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from evergreen.addresses import redacted
from evergreen.errors import BadInput
from evergreen.sections.refusing.told import TRY

OPTION, VARIABLE = "--on", "EVERGREEN_DASK"
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


@dataclass(frozen=True)
class Address:
    """Where a cluster is, and who said so.

    Attributes:
        on: of a scheduler, or ``dask``.
        named: the option or the variable that named it.
    """

    on: str
    named: str = OPTION

    @property
    def said(self) -> str:
        """How a person says it."""
        return f"{self.named} {self.on}" if self.named == OPTION else f"{self.named}={self.on}"

    @property
    def without(self) -> str:
        """What a person does to have no cluster there."""
        return f"leave {self.named} out" if self.named == OPTION else f"unset {self.named}"

    @property
    def ours(self) -> bool:
        """Whether the cluster is one that this process starts, on this machine."""
        return self.on == LOCAL_CLUSTER

    def checked(self) -> Address:
        """Return this address, once it was found to be one that may be used.

        A scheduler runs whatever is sent to it, and so does whoever answers in its place: beyond this machine only TLS,
        with certificates that both sides check, says who that is.

        Raises:
            BadInput: it is neither ``tcp://`` of this machine nor ``tls://``, nor ``dask`` of the option: a variable
                holds for every process, and each would start a cluster.
        """
        option = self.named == OPTION
        if option and self.ours:
            return self
        parts = _ADDRESS.fullmatch(self.on)
        if parts is None or not 0 < int(parts["port"]) <= _LAST_PORT:
            also = f"{LOCAL_CLUSTER}, or " if option else ""
            instead = Address(LOCAL_CLUSTER if option else "tcp://127.0.0.1:8786", self.named)
            raise BadInput(
                f"{self.named}: expected {also}a scheduler's address as tcp://127.0.0.1:8786 or tls://scheduler:8786; "
                f"received {redacted(repr(self.on))}\n{TRY}{instead.said}"
            )
        if parts["scheme"] == "tcp" and not _is_loopback(parts["host"].strip("[]")):
            raise BadInput(
                f"{self.named}: expected tls:// beyond this machine, for whoever reaches a scheduler may run anything "
                f"on it; received {self.on!r}; it needs certificates (distributed.comm.tls in Dask's configuration)"
                f"\n{TRY}{Address('tls' + self.on.removeprefix('tcp'), self.named).said}"
            )
        return self


# What the option of a command that goes on says of all its work; it goes before the variable.
said_by_option: ContextVar[Address | None] = ContextVar("said_by_option", default=None)


def address_of(on: str | None = None) -> Address | None:
    """Return where work is to be done: as the option says, else as ``EVERGREEN_DASK``; None for this process's machine.

    In a task of a cluster it is None: what a worker sent on would wait for the place that it takes itself.

    Args:
        on: what the option holds, if it was given.

    Raises:
        BadInput: as ``Address.checked``.
    """
    if on:
        return Address(on).checked()
    there = os.environ.get(VARIABLE)
    address = said_by_option.get() or (Address(there, VARIABLE).checked() if there else None)
    return address if address and not _in_a_task() else None


def _in_a_task() -> bool:
    distributed = sys.modules.get("distributed")  # a worker has imported it
    if distributed is None:
        return False
    try:
        distributed.get_worker()
    except ValueError:
        return False
    return True


def held(text: str) -> str:
    """Return what ``EVERGREEN_DASK`` holds, once it was found to be an address that may be used.

    Raises:
        BadInput: as ``Address.checked``.
    """
    return Address(text, VARIABLE).checked().on


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Cluster:
    """A Dask cluster: one that is started here and ends with ``close``, or one that runs already.

    Attributes:
        address: where it is, and who said so.
        client: ``distributed.Client``; a task whose worker dies is given to another one by the scheduler.
        workers: how many there were when it was opened, 1 or more.
        where: in words.
    """

    def __init__(self, address: Address, processes: int = 1) -> None:
        """Connect to a cluster, or start one of this machine.

        Args:
            address: one that was checked.
            processes: of a thread each, in a cluster that is started here.

        Raises:
            BadInput: Dask is not installed; TLS without certificates; nobody answers, or has workers.
        """
        self.address, on, named = address, address.on, address.named
        try:
            from distributed import Client, LocalCluster
        except ImportError as error:
            raise BadInput(f"{address.said}: expected Dask to be installed ({error}): {_INSTALL}") from None
        self._cluster: Any = None
        if on.startswith("tls://"):
            _refuse_without_certificates(address.said)
        if address.ours:
            # Who reaches a scheduler may run anything: certificates of its own keep this machine's other users out.
            self._cluster = LocalCluster(
                n_workers=processes,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                host="127.0.0.1",
                protocol="tls",
                security=True,
            )
        try:
            self.client = Client(self._cluster or on, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise BadInput(
                f"{named}: expected a Dask scheduler at {on}, received: {error}; dask scheduler starts one"
            ) from None
        self.workers = len(self.client.nthreads())
        if not self.workers:
            self.close()
            raise BadInput(
                f"{named}: expected workers at {on}, received none; dask worker {on} --nthreads 1 starts one"
            )
        many = "s" if self.workers != 1 else ""
        self.where = f"Dask at {'this machine' if self._cluster else on}, {self.workers} worker{many}"

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        self.client.close()
        if self._cluster:
            self._cluster.close()


def _refuse_without_certificates(said: str) -> None:
    """Refuse an address for which Dask's configuration has no certificates, or such as are none.

    Raises:
        BadInput: it has none.
    """
    from distributed.security import Security

    security = Security()
    files = [getattr(security, name) for name in _CERTIFICATES]
    if lacking := [variable for variable, file in zip(_CERTIFICATES.values(), files, strict=True) if not file]:
        raise BadInput(f"{said}: {_IN_CONFIGURATION}; received none in {', '.join(lacking)}")
    try:
        security.get_connection_args("client")
    except OSError as error:  # no such file, or no certificate in it
        raise BadInput(f"{said}: {_IN_CONFIGURATION}; received {', '.join(files)}: {error}") from None

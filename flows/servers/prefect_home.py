"""How Prefect is set up for a command on a laptop."""

import os
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

from evergreen.errors import BadInput
from evergreen.paths import is_file
from flows.servers.named_server import NamedServer, named_server
from storage.disk import must_take
from storage.errors import StoreUnwritable
from storage.store import Store

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLI_PROMPT": "false",
}


def prepare_prefect(store: Path, *, verbose: bool) -> NamedServer | None:
    """Set the environment that Prefect reads when it is imported, and return the server that the user's settings name.

    With such a server, what the user set stays. Without one, a private server lives and ends with the command. It and
    its clients take nothing from the user's settings, which were made for another server; its database lies under the
    store, where ``make dashboard`` shows it.

    Raises:
        BadInput: the user's settings cannot be read, or SSL_CERT_FILE names no file, which Prefect's import stops at.
        StoreUnwritable: the store, Prefect's folder or the temporary folder takes no file.
    """
    certificates = os.environ.get("SSL_CERT_FILE")
    if certificates and not is_file(Path(certificates)):
        raise BadInput(
            f"expected certificates in SSL_CERT_FILE={certificates}, found no such file: mend it, or unset it"
        )
    ask_loopback_directly(os.environ)
    named = named_server()
    _make_room(store)
    ours = dict(_QUIET)
    if named is None:
        for name in [name for name in os.environ if name.upper().startswith("PREFECT_")]:
            del os.environ[name]
        ours |= {"PREFECT_HOME": str(store / "prefect"), "PREFECT_PROFILES_PATH": os.devnull}
    if not verbose:
        # The dashboard keeps its logs; the terminal shows our own lines instead.
        ours |= {
            "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
            "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        }
    for name, value in ours.items():
        os.environ.setdefault(name, value)
    return named


def ask_loopback_directly(environment: MutableMapping[str, str]) -> None:
    """Add this machine to the hosts that are asked without a proxy; those of the user stay.

    Small letters win over capitals where both are set, and some programs read one alone: so both say the same.
    """
    told = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    hosts = [host.strip() for host in told.split(",") if host.strip()]
    if "*" not in hosts:
        hosts += [host for host in _LOOPBACK if host not in hosts]
    environment["no_proxy"] = environment["NO_PROXY"] = ",".join(hosts)


def _make_room(store: Path) -> None:
    """Make the folders that a run begins to write in, and prove that they take files."""
    with Store(store).workspace():
        (store / "prefect").mkdir(exist_ok=True)  # Prefect makes only the last folder of its home
    must_take(store, "the store")
    must_take(store / "prefect", "Prefect's folder")
    try:
        temporary = Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        raise StoreUnwritable(f"no temporary folder takes a file: free some space, or set TMPDIR ({error})") from error
    must_take(temporary, "the temporary folder", elsewhere="set TMPDIR to another")

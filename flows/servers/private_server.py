"""The Prefect server of a command: the user's own, or a private one that ends with the command, even a killed one."""

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass
from functools import partialmethod
from pathlib import Path
from typing import Any

from evergreen.errors import EvergreenError
from flows.servers.named_server import NamedServer, ServerUnavailable
from storage.disk import locked
from storage.errors import StoreError

PROGRAM = Path(__file__).with_name("server_process.py")
# A start that neither imports nor computes for so long hangs; one that works may take its time, but not for ever.
STALLED_SECONDS, LONGEST_SECONDS = 120.0, 1800.0
SAY_EVERY_SECONDS = 30.0
_STOP_SECONDS = 10.0
_LAST_LINES = 15
_WORKED_SECONDS = 0.05  # of processor time: more than the beats themselves take
# Beginnings of variables that were set for another server.
_NOT_ITS_OWN = ("PREFECT_", "UVICORN_", "WEB_CONCURRENCY", "SSL_CERT_")

Say = Callable[[str], None]

# Addresses of the private servers of this process, while they serve.
_serving: set[str] = set()


def is_private(url: str | None) -> bool:
    """Whether an API is that of a private server of this process: no other store's runs are told to it meanwhile."""
    return url in _serving


@dataclass(frozen=True)
class _Heard:
    """How far a server's start is: its stage, modules imported, seconds of processor time."""

    stage: str = "beginning"
    modules: int = 0
    seconds: float = 0.0

    def is_ahead_of(self, other: "_Heard") -> bool:
        """Whether the server did something since."""
        same = (self.stage, self.modules) == (other.stage, other.modules)
        return not same or self.seconds >= other.seconds + _WORKED_SECONDS


class PrivateServer:
    """A server on a free port of 127.0.0.1, in a process of its own.

    Attributes:
        url: its API's address.
    """

    def __init__(self, home: Path, log: Path | None, say: Say, program: Path = PROGRAM) -> None:
        """Start the process; `ready` waits for it.

        Args:
            home: the folder of its database.
            log: where this process's output goes, and with it the server's; None is the terminal.
            say: tells a person something.
            program: what is run.
        """
        self._log, self._say = log, say
        self._log_from = log.stat().st_size if log and log.exists() else 0
        self._heard, self._rest = _Heard(), b""
        self._began = time.monotonic()
        self._line, theirs = socket.socketpair()
        with theirs, socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            self._port = listening.getsockname()[1]
            descriptors = listening.fileno(), theirs.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(program), *map(str, descriptors)],
                cwd=home,  # where no .env or prefect.toml of the user's lies
                env=_environment(home),
                stdin=subprocess.DEVNULL,
                pass_fds=descriptors,
                start_new_session=True,  # Ctrl-C is for the command
            )
        self.url = f"http://127.0.0.1:{self._port}/api"

    def ready(self) -> None:
        """Wait until the server has started, for as long as its start makes progress.

        Raises:
            ServerUnavailable: it ended, stands still, or takes for ever; with what was seen of it.
        """
        moved, told = self._heard, self._began
        moved_at = self._began
        while self._heard.stage != "started":
            self._listen()
            now = time.monotonic()
            if (code := self._process.poll()) is not None:
                raise ServerUnavailable(self._seen(f"ended with exit code {code}"))
            if self._heard.is_ahead_of(moved):
                moved, moved_at = self._heard, now
            if now - moved_at > STALLED_SECONDS:
                raise ServerUnavailable(self._seen(f"did nothing for {STALLED_SECONDS:.0f} s"))
            if now - self._began > LONGEST_SECONDS:
                raise ServerUnavailable(self._seen("is still not there"))
            if now - told >= SAY_EVERY_SECONDS:
                told = now
                self._say(f"Prefect's private server is still starting: {self._state()}")

    def end_seen(self) -> str | None:
        """Return what was seen if the server has ended by itself, else None."""
        code = self._process.poll()
        return None if code is None else self._seen(f"ended with exit code {code}")

    def stop(self) -> None:
        """Let the server end, and wait for it."""
        self._line.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listen(self) -> None:
        """Take in what the server tells, for a quarter of a second at most."""
        readable, _, _ = select.select([self._line], [], [], 0.25)
        if not readable:
            return
        if not (data := self._line.recv(65536)):
            time.sleep(0.05)  # its end is closed: it ends
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        if lines:
            self._heard = _Heard(**json.loads(lines[-1]))

    def _state(self) -> str:
        heard = self._heard
        return (
            f"{heard.stage}, {heard.modules:,} modules and {heard.seconds:.1f} s of processor time "
            f"after {time.monotonic() - self._began:.0f} s"
        )

    def _seen(self, what: str) -> str:
        """Return what became of the server, and its last words."""
        text = f"Prefect's private server (port {self._port}) {what}; last seen: {self._state()}"
        if self._log is None or not self._log.exists():
            return text
        with self._log.open("rb") as file:
            file.seek(self._log_from)
            lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
        if not lines:
            return f"{text}. It wrote nothing to {self._log}"
        return "\n  ".join([f"{text}. The last lines of {self._log}:", *lines[-_LAST_LINES:]])


@contextmanager
def prefect_server(named: NamedServer | None, home: Path, log: Path | None, say: Say) -> Iterator[Callable[[], None]]:
    """Import Prefect, pointed at the user's server or at a private one; yield what waits until that answers.

    Args:
        named: the server that the user's settings name, if they name one.
        home: the folder of a private server's database.
        log: where this process's output goes; None is the terminal.
        say: tells a person something.
    """
    if named:
        say(f"runs on {named}")
        yield lambda: _must_answer(named)
    else:
        with _private(home, log, say) as ready:
            yield ready


@contextmanager
def _private(home: Path, log: Path | None, say: Say) -> Iterator[Callable[[], None]]:
    with ExitStack() as starting:
        # One start at a time: two servers that make the same database at once break each other.
        waits = "another command on this store is starting its server: waits for it"
        starting.enter_context(locked(home / "start.lock", lambda: say(waits)))
        server = PrivateServer(home, log, say)

        def ready() -> None:
            server.ready()
            starting.close()

        try:
            os.environ["PREFECT_API_URL"] = server.url
            _serving.add(server.url)
            _import_prefect(home)
            yield ready
        except Exception as error:
            ours = isinstance(error, EvergreenError | StoreError)
            if not ours and (seen := server.end_seen()):  # what failed meanwhile says only "connection refused"
                raise ServerUnavailable(seen) from error
            raise
        finally:
            if server.end_seen() is None:
                _flush()
            os.environ.pop("PREFECT_API_URL", None)
            _serving.discard(server.url)
            server.stop()


def _import_prefect(home: Path) -> None:
    """Import Prefect so that it reads no file of the user's, and asks its server without a proxy."""
    with chdir(home):  # .env, prefect.toml and pyproject.toml of the working folder were made for others
        from prefect.client.base import PrefectHttpxAsyncClient, PrefectHttpxSyncClient

    # NO_PROXY is not enough: httpx refuses a SOCKS proxy, wherever it asks, if a package for it is not there.
    for client in (PrefectHttpxSyncClient, PrefectHttpxAsyncClient):
        client.__init__ = partialmethod(client.__init__, trust_env=False)  # type: ignore[assignment, method-assign]


def _flush() -> None:
    """Send what is still on its way to the server: it would else fail, and say so after the last line."""
    if "prefect.logging.handlers" not in sys.modules:
        return  # stopped while Prefect was being imported
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogHandler

    APILogHandler().flush()
    EventsWorker.drain_all(timeout=5)


def _environment(home: Path) -> dict[str, str]:
    """Return the environment of the private server: of the user's settings nothing, neither Prefect's nor uvicorn's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(_NOT_ITS_OWN) and not name.lower().endswith("_proxy")
    }
    return kept | {
        "PREFECT_HOME": str(home),
        "PREFECT_PROFILES_PATH": os.devnull,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_ENABLED": "false",
        "PREFECT__SERVER_EPHEMERAL": "1",
        "PREFECT__SERVER_FINAL": "1",
        "DO_NOT_TRACK": "1",
    }


def _must_answer(named: NamedServer) -> None:
    """Ask the user's server for its version, as Prefect asks it: with its settings' credentials and certificates.

    Raises:
        ServerUnavailable: it does not answer, or refuses.
    """
    from prefect.client.orchestration import get_client

    try:
        with get_client(sync_client=True) as client:
            failed: Any = client.api_healthcheck()
            if failed is None and client.server_type.name != "CLOUD":
                client.api_version()
    except Exception as error:  # noqa: BLE001 - whatever it is, the setting that chose the server must be told
        failed = error
    if failed is not None:
        raise named.unavailable(failed) from failed

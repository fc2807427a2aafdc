"""A private Prefect server that ends with the command, even when the command is killed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.disk import locked

# Reads until the command's end of the pipe closes, which the system does however the command ends.
_WATCH = """
import contextlib, os, signal, sys
sys.stdin.buffer.read()
with contextlib.suppress(ProcessLookupError):
    os.kill(int(sys.argv[1]), signal.SIGTERM)
"""


@contextmanager
def private_server() -> Iterator[None]:
    """Run a server on a free port of 127.0.0.1 and point this process at it.

    Prefect starts one by itself, but stops it from ``atexit``: after kill -9 it would stay for ever.

    Raises:
        RuntimeError: the server did not start in time.
    """
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogHandler
    from prefect.server.api.server import SubprocessASGIServer
    from prefect.settings import PREFECT_API_URL, temporary_settings

    server = SubprocessASGIServer()
    # One start at a time: two servers that make the same database at once break each other.
    with locked(Path(os.environ["PREFECT_HOME"]).expanduser() / "start.lock"):
        server.start(timeout=120)
    if server.server_process is None:
        raise RuntimeError(f"Prefect's private server did not start at {server.api_url}")
    alive, ours = os.pipe()
    try:
        watch = [sys.executable, "-c", _WATCH, str(server.server_process.pid)]
        with subprocess.Popen(watch, stdin=alive, start_new_session=True), os.fdopen(ours, "wb"):
            os.close(alive)
            with temporary_settings({PREFECT_API_URL: server.api_url}):
                try:
                    yield
                finally:
                    # What is still on its way to the server would else fail, and say so after the last line.
                    APILogHandler().flush()
                    EventsWorker.drain_all(timeout=5)
    finally:
        server.stop()

"""The private Prefect server's own process: ``python server_process.py SOCKET LINE``, two inherited descriptors.

SOCKET is bound to the port already, so nobody else can take it meanwhile. LINE leads to the command: this process tells
there how far its start is, and ends when the command's end closes, which the system does however the command ends.
Signals are the command's business: whoever stops all processes at once must not stop the server before it.
"""

import contextlib
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

_GRACE_SECONDS = 5.0
_BEAT_SECONDS = 1.0


class _Line:
    """The command's ear."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._stage = "importing"

    def tell(self, stage: str | None = None) -> None:
        """Say how far the start is: a JSON line, of what a server that works through its start changes."""
        self._stage = stage or self._stage
        said = {"stage": self._stage, "modules": len(sys.modules), "seconds": round(time.process_time(), 2)}
        with contextlib.suppress(OSError):  # the command ended: `wait` hears of it
            self._socket.sendall(json.dumps(said).encode() + b"\n")

    def beat(self) -> None:
        """Say it every second until the server has started."""
        while self._stage != "started":
            self.tell()
            time.sleep(_BEAT_SECONDS)

    def wait(self) -> None:
        """Return when the command has ended."""
        with contextlib.suppress(OSError):
            while self._socket.recv(1):
                continue


def main(listening: int, line: int) -> None:
    """Serve until the command ends."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    command = _Line(line)
    servers: list[Any] = []

    def end() -> None:
        command.wait()
        if servers and servers[0].started:
            servers[0].should_exit = True
            time.sleep(_GRACE_SECONDS)
        os._exit(0)  # SQLite's files bear it

    threading.Thread(target=end, daemon=True).start()
    threading.Thread(target=command.beat, daemon=True).start()
    import uvicorn
    from prefect.server.api.server import create_app

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                command.tell("started")

    command.tell("making or reading its database")
    servers.append(Server(uvicorn.Config(create_app, factory=True, log_level="warning", lifespan="on")))
    servers[0].run(sockets=[socket.socket(fileno=listening)])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

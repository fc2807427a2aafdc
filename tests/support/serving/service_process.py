"""``evergreen serve`` as a process of its own, asked over sockets."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from command import EVERGREEN

_READY_SECONDS = 120.0


class ServiceProcess:
    """A service that answers on loopback."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        self.process, self.port, self._log = process, port, log

    @property
    def said(self) -> str:
        """What it printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def family(self) -> list[psutil.Process]:
        """Return its processes, the service first, without those that decode."""
        first = psutil.Process(self.process.pid)
        return [first, *first.children()]

    def mib(self) -> float:
        """Return the memory that its processes share with nobody, those that decode as well, in MiB."""
        total = 0
        for one in [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += one.memory_full_info().uss
        return total / 2**20

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        """Return status and JSON of an answer, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def connected(self, timeout: float) -> socket.socket:
        """Return a connection whose reads give up after some seconds."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)


@contextmanager
def serving(root: Path, *options: str) -> Iterator[ServiceProcess]:
    """Start a service of a store's champions on a free port, and end it and all of its processes."""
    log = root.parent / f"serve-{time.monotonic_ns()}.log"
    words = [str(EVERGREEN), "serve", "--port", "0", "--store", str(root), *options]
    with log.open("wb") as file:
        process = subprocess.Popen(words, stdout=file, stderr=file, stdin=subprocess.DEVNULL, env=dict(os.environ))
    try:
        deadline, found = time.monotonic() + _READY_SECONDS, None
        while not found:
            text = log.read_text(encoding="utf-8", errors="replace")
            found = re.search(r"serves\s+http://127\.0\.0\.1:(\d+)", text)
            assert process.poll() is None, text
            assert time.monotonic() < deadline, text
            time.sleep(0.02)
        yield ServiceProcess(process, int(found[1]), log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        finally:
            process.kill()
            process.wait()

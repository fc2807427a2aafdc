"""A server on loopback that fails on demand."""

import gzip
import json
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Served:
    """One file of the fake server.

    Attributes:
        chunked: answers state no length, ranges aside.
        packed: whole answers are packed with gzip on the way, and chunked, under the tag of the file; ranges are not.
        nodes: tags of one file, each in turn, as of machines behind a load balancer.
        faults: are used up, one a request.
    """

    data: bytes
    etag: str | None = '"v1"'
    modified: str | None = None
    ranges: bool = True
    query: str | None = None
    chunked: bool = False
    packed: bool = False
    nodes: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    faults: list[Callable[["Handler", "Served"], bool]] = field(default_factory=list)


@dataclass
class Seen:
    """One request, and how many bytes of a body were sent for it."""

    method: str
    path: str
    host: str
    headers: dict[str, str]
    sent: int = 0


class Handler(BaseHTTPRequestHandler):
    """Answers with files; see FakeServer."""

    protocol_version = "HTTP/1.1"
    server: "FakeServer"
    seen: Seen

    def log_message(self, *args: object) -> None:
        pass

    def _note(self) -> None:
        self.seen = Seen(self.command, self.path, self.headers["Host"], dict(self.headers))
        self.server.requests.append(self.seen)

    def do_GET(self) -> None:
        self._note()
        parts = urlsplit(self.path)
        served = self.server.files.get(parts.path)
        if served is None:
            return self.answer(404)
        if served.faults and not served.faults.pop(0)(self, served):
            return None
        if served.query is not None and parts.query != served.query:
            return self.answer(403, b"<Error>expired</Error>", {"Content-Type": "application/xml"})
        return self.serve(served)

    def do_POST(self) -> None:
        self._note()
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        self.server.post(self, body)

    def serve(self, served: Served, most: int | None = None) -> None:
        """Send the file, or the rest that was asked for; ``most`` bytes of it, then the connection ends."""
        if served.nodes:
            served.etag = served.nodes[0]
            served.nodes.append(served.nodes.pop(0))
        first = 0
        condition = self.headers.get("If-Range")
        asked = self.headers.get("Range", "")
        fresh = condition in (None, served.etag, served.modified)
        ranged = bool(asked) and served.ranges and fresh
        last = len(served.data)
        if ranged:
            start, _, end = asked.removeprefix("bytes=").partition("-")
            first, last = int(start), int(end) + 1 if end else last
            if first >= len(served.data):
                return self.answer(416, b"", {"Content-Range": f"bytes */{len(served.data)}"})
        data = served.data[first:last]
        self.send_response(206 if ranged else 200)
        if ranged:
            self.send_header("Content-Range", f"bytes {first}-{first + len(data) - 1}/{len(served.data)}")
        packed, chunked = served.packed and not ranged, served.chunked or (served.packed and not ranged)
        data = gzip.compress(data, 1) if packed else data
        for name, value in {"ETag": served.etag, "Last-Modified": served.modified, **served.headers}.items():
            if value is not None:
                self.send_header(name, value)
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header(*(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(data)))))
        self.end_headers()
        self.seen.sent = len(data) if most is None else min(most, len(data))
        sent = data[: self.seen.sent]
        try:
            if chunked:
                sent = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in _parts(sent, 5000))
                sent += b"0\r\n\r\n" if most is None else b""
            self.wfile.write(sent)
        except OSError:
            self.close_connection = True
        if most is not None:
            self.drop()

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Send a short answer."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def drop(self) -> None:
        """End the connection without a goodbye."""
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True


def _parts(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def cut(after: int) -> Callable[[Handler, Served], bool]:
    """End the connection after so many bytes of the body."""

    def fault(handler: Handler, served: Served) -> bool:
        handler.serve(served, after)
        return False

    return fault


def reset(after: int) -> Callable[[Handler, Served], bool]:
    """Reset the connection (RST) after so many bytes of the body."""

    def fault(handler: Handler, served: Served) -> bool:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.drop = lambda: handler.connection.close()  # type: ignore[method-assign]
        handler.close_connection = True
        handler.serve(served, after)
        return False

    return fault


def stall(seconds: float, after: int = 0) -> Callable[[Handler, Served], bool]:
    """Send a part of the body, then nothing for so long."""

    def fault(handler: Handler, served: Served) -> bool:
        handler.drop = lambda: time.sleep(seconds)  # type: ignore[method-assign]
        handler.close_connection = True
        handler.serve(served, after)
        return False

    return fault


def status(code: int, body: bytes = b"", **headers: str) -> Callable[[Handler, Served], bool]:
    """Answer with that status."""

    def fault(handler: Handler, served: Served) -> bool:
        handler.answer(code, body, {name.replace("_", "-"): value for name, value in headers.items()})
        return False

    return fault


def then(change: Callable[[Served], None]) -> Callable[[Handler, Served], bool]:
    """Change the file, then answer as usual."""

    def fault(handler: Handler, served: Served) -> bool:
        change(served)
        return True

    return fault


class FakeServer(ThreadingHTTPServer):
    """Files by path, and every request that was made."""

    cut, reset, stall, status, then = map(staticmethod, (cut, reset, stall, status, then))
    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, Served] = {}
        self.requests: list[Seen] = []
        self.post: Callable[[Handler, dict], None] = lambda handler, body: handler.answer(404)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was cut off says so; that is the test's purpose."""

    def add(self, path: str, data: bytes, **settings: Any) -> Served:
        """Serve a file from now on."""
        self.files[path] = served = Served(data, **settings)
        return served

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_port}{path}"

"""Connections that no client holds without end: uvicorn bounds neither the time nor the size of a request's head."""

import asyncio
import json
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD = 64 * 2**10


class Connection(HttpToolsProtocol):
    """A connection whose requests' heads are bounded, in bytes and in time.

    Where a request was answered before all of its body came, the rest has the same time to come.

    Attributes:
        seconds: that a head may take, from the connection's beginning or from its first byte on.
    """

    seconds = 30.0
    _timer: asyncio.TimerHandle | None = None
    _begun = _large = False
    _head = 0

    def connection_made(self, transport: Any) -> None:
        """Wait for a request, so long and no longer."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and see what is still missing."""
        in_head = self._begun
        super().data_received(data)
        if self.transport.is_closing():
            return
        self._head = self._head + len(data) if in_head and self._begun else 0
        if self._head > MOST_HEAD:
            self._refuse(431, f"expected {MOST_HEAD:,} bytes of headers at most, received more")
        elif self.cycle is not None and not self.cycle.response_complete:
            self._wait_no_more()
        else:
            self._wait()

    def on_message_begin(self) -> None:
        """Note that a head begins."""
        super().on_message_begin()
        self._begun = True

    def on_headers_complete(self) -> None:
        """Note that a head is whole; one that is too large ends the connection."""
        self._begun = False
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MOST_HEAD:
            self._large = True
            raise ValueError("too large")  # which the parser tells as an invalid request
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse a request that is none."""
        if self._large:
            self._refuse(431, f"expected {MOST_HEAD:,} bytes of headers at most, received more")
        else:
            self._refuse(400, "expected a request of HTTP/1.1, received what is none")

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: anybody may ask for another protocol, and is answered in this one."""

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.seconds, self._give_up)

    def _wait_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self.transport.is_closing() or (self.cycle is not None and not self.cycle.response_complete):
            return
        if self._begun:
            self._refuse(408, f"the head of the request did not come within {self.seconds:g} s")
        else:
            self.transport.close()

    def _refuse(self, status: int, words: str) -> None:
        body = json.dumps({"error": words}).encode()
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "content-type: application/json"]
        lines += [f"content-length: {len(body)}", "connection: close", "", ""]
        self.transport.write("\r\n".join(lines).encode() + body)
        self.transport.close()


def connections(seconds: float) -> type[Connection]:
    """Return the class of connections whose heads may take so many seconds."""
    return type("Connection", (Connection,), {"seconds": seconds})

"""Ask a server over HTTP, from a process of its own that costs it little: standard input says what, as JSON.

    python load.py < plan.json > found.json

Closed: so many connections, each of which asks again as soon as it was answered: the most requests a second. Open:
requests come when they come (Poisson), whether or not earlier ones were answered, and each one's latency counts from
the moment at which it was due, so that a server that stalls does not hide it (coordinated omission). Times are those
of the machine's monotonic clock, which all processes share.
"""

import asyncio
import contextlib
import json
import random
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_IDLE = 2.0  # s; uvicorn closes a connection that was silent for five, and could while a request is on its way
FAILED, TIMED_OUT = 0, -1  # in place of a status


@dataclass(frozen=True)
class Plan:
    """What is asked.

    Attributes:
        port: on 127.0.0.1.
        path: of the request.
        headers: beside Host and Content-Length.
        bodies: files; asked for by turns.
        seconds: for how long.
        connections: of a closed loop, all of them; of an open one, the most.
        rate: requests a second of an open loop; None for a closed one.
        timeout: seconds after which an answer is given up.
        keep: whether the answers' bodies are told.
        seed: of the arrivals.
    """

    port: int
    path: str
    headers: dict[str, str]
    bodies: list[str]
    seconds: float
    connections: int
    rate: float | None = None
    timeout: float = 30.0
    keep: bool = False
    seed: int = 0

    def as_json(self) -> str:
        """Return it as this program reads it."""
        return json.dumps(asdict(self))


@dataclass
class Found:
    """What was answered.

    Attributes:
        rows: for each request: when it was due, when it was answered, its status (0: connection lost, -1: given up),
            which body it had, and the answer's body if that was wanted.
        began, ended: of the asking.
        cpu: seconds of this process.
        late: seconds by which requests were sent after they were due, the worst of them.
    """

    rows: list[tuple[float, float, int, int, str]] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0
    cpu: float = 0.0
    late: float = 0.0


class Connection(asyncio.Protocol):
    """One connection, with one request on it at a time."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.since = 0.0
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._data = b""

    def connection_made(self, transport: Any) -> None:
        """Keep what is written to."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Give an answer to whoever waits, once it is whole."""
        self._data += data
        found = _whole(self._data)
        if found and self._answer and not self._answer.done():
            self._data = b""
            self._answer.set_result(found[:2])
            if found[2]:
                self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits."""
        if self._answer and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("closed before it was answered"))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body of an answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer

    @property
    def usable(self) -> bool:
        """Whether a request may be sent on it."""
        return not self.transport.is_closing() and time.monotonic() - self.since < _IDLE


def _whole(data: bytes) -> tuple[int, bytes, bool] | None:
    """Return status, body, and whether the server closes; None while some of it is missing."""
    head, separator, rest = data.partition(b"\r\n\r\n")
    if not separator:
        return None
    status, lines = int(head[9:12]), head.lower().split(b"\r\n")[1:]
    headers = dict(line.split(b":", 1) for line in lines)
    closes = headers.get(b"connection", b"").strip() == b"close"
    if b"chunked" in headers.get(b"transfer-encoding", b""):
        body = _chunks(rest)
        return None if body is None else (status, body, closes)
    length = int(headers.get(b"content-length", b"0"))
    return (status, rest[:length], closes) if len(rest) >= length else None


def _chunks(rest: bytes) -> bytes | None:
    body = b""
    while True:
        size, separator, rest = rest.partition(b"\r\n")
        if not separator:
            return None
        length = int(size.split(b";")[0], 16)
        if len(rest) < length + 2:
            return None
        if not length:
            return body
        body, rest = body + rest[:length], rest[length + 2 :]


class Load:
    """Asks what a plan says."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._found = plan, Found()
        self._requests = [_request(plan, Path(name).read_bytes()) for name in plan.bodies]
        self._idle: deque[Connection] = deque()
        self._next = 0

    async def run(self) -> Found:
        """Ask, and return what was answered."""
        before, self._found.began = time.process_time(), time.monotonic()
        await (self._closed() if self._plan.rate is None else self._open(self._plan.rate))
        self._found.ended, self._found.cpu = time.monotonic(), time.process_time() - before
        return self._found

    async def _closed(self) -> None:
        until = time.monotonic() + self._plan.seconds

        async def one() -> None:
            while (now := time.monotonic()) < until:
                await self._ask(now)

        await asyncio.gather(*(one() for _ in range(self._plan.connections)))

    async def _open(self, rate: float) -> None:
        arrivals, room = random.Random(self._plan.seed), asyncio.Semaphore(self._plan.connections)  # noqa: S311
        due, until, waiting = time.monotonic(), time.monotonic() + self._plan.seconds, set()

        async def one(due: float) -> None:
            async with room:
                await self._ask(due)

        while (due := due + arrivals.expovariate(rate)) < until:
            if (rest := due - time.monotonic()) > 0:
                await asyncio.sleep(rest)
            self._found.late = max(self._found.late, time.monotonic() - due)
            task = asyncio.create_task(one(due))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
        await asyncio.gather(*waiting)

    async def _ask(self, due: float) -> None:
        number, self._next = self._next % len(self._requests), self._next + 1
        status, body = FAILED, b""
        try:
            async with asyncio.timeout(self._plan.timeout):
                connection = await self._connection()
                status, body = await connection.ask(self._requests[number])
            connection.since = time.monotonic()
            self._idle.append(connection)
        except TimeoutError:
            status = TIMED_OUT
        except OSError as error:
            body = str(error).encode()
            if self._plan.rate is None:
                await asyncio.sleep(0.05)  # a server that is gone is not asked without end
        told = body.decode("utf-8", "replace") if self._plan.keep or status in (FAILED, TIMED_OUT) else ""
        self._found.rows.append((due, time.monotonic(), status, number, told))

    async def _connection(self) -> Connection:
        while self._idle:
            if (connection := self._idle.pop()).usable:
                return connection
            connection.transport.abort()
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(Connection, "127.0.0.1", self._plan.port))[1]


def _request(plan: Plan, body: bytes) -> bytes:
    lines = [f"POST {plan.path} HTTP/1.1", f"Host: 127.0.0.1:{plan.port}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in plan.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def main() -> None:
    """Ask what standard input says."""
    plan = Plan(**json.load(sys.stdin))
    with contextlib.suppress(ImportError):  # it halves what this process costs
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    json.dump(asdict(asyncio.run(Load(plan).run())), sys.stdout)


if __name__ == "__main__":
    main()

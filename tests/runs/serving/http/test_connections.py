"""runs.serving.http.connections: a head comes in time and is no larger than it may be; nothing else is cut off."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn

from runs.serving.http.connections import MOST_HEAD, connections

SECONDS = 0.4
Ask = Callable[..., Awaitable[bytes]]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer how many bytes came; without reading them at /refused, late at /late."""
    size = 0
    if scope["path"] == "/late":
        await asyncio.sleep(3 * SECONDS)
    while scope["path"] != "/refused":
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def asked(work: Callable[[Ask], Awaitable[None]]) -> None:
    """Do something with what sends bytes to a server, part by part, and returns all that came back until it closed."""

    async def all_of_it() -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(app, http=connections(SECONDS), ws="none", lifespan="off", log_level="critical")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))

        async def ask(*parts: bytes, pause: float = 0.0, within: float = 20.0) -> bytes:
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            reading = asyncio.create_task(everything(reader))
            for part in parts:
                writer.write(part)
                await asyncio.sleep(pause)
            try:
                async with asyncio.timeout(within):
                    return await reading
            finally:
                writer.close()

        try:
            await work(ask)
        finally:
            server.should_exit = True
            await serving

    asyncio.run(all_of_it())


async def everything(reader: asyncio.StreamReader) -> bytes:
    data = b""
    with contextlib.suppress(ConnectionError):  # the server closed while something was on its way to it
        while more := await reader.read(65_536):
            data += more
    return data


def refusal(data: bytes) -> tuple[int, str]:
    head, _, body = data.partition(b"\r\n\r\n")
    assert b"connection: close" in head
    return int(head[9:12]), json.loads(body)["error"]


def request(body: bytes = b"", *headers: str, path: str = "/", length: int | None = None) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: a", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.parametrize("parts", [[b"P"], [request()[:-2]], [bytes([one]) for one in request()[:10]]], ids=len)
def test_a_head_that_does_not_come_is_given_up_and_told(parts: list[bytes]) -> None:
    async def work(ask: Ask) -> None:
        began = time.monotonic()
        status, words = refusal(await ask(*parts, pause=SECONDS / 15))
        assert (status, words) == (408, f"the head of the request did not come within {SECONDS} s")
        assert time.monotonic() - began > SECONDS * 0.9

    asked(work)


@pytest.mark.parametrize("sent", [b"", b"\r\n\r\n"])
def test_a_connection_without_a_request_is_closed(sent: bytes) -> None:
    async def work(ask: Ask) -> None:
        assert await ask(sent) == b""

    asked(work)


def test_a_head_that_is_too_large_is_refused_in_one_piece_or_in_many() -> None:
    large = request(b"", "X: " + "a" * MOST_HEAD)
    many = request(b"", *[f"X-{number}: {'b' * 90}" for number in range(MOST_HEAD // 80)])
    endless = [request()[:-2] + b"X: ", *[b"a" * 40_000] * 2]

    async def work(ask: Ask) -> None:
        for parts in ([large], [many], endless):
            status, words = refusal(await ask(*parts, pause=0.01))
            assert (status, words) == (431, "expected 65,536 bytes of headers at most, received more")
        assert (await ask(request(b"", "X: " + "a" * 60_000, "Connection: close"))).endswith(b"\r\n\r\n0")

    asked(work)


def test_what_is_no_request_is_refused_in_json() -> None:
    async def work(ask: Ask) -> None:
        assert refusal(await ask(b"\x16\x03\x01\x02\x00\r\n\r\n")) == (
            400,
            "expected a request of HTTP/1.1, received what is none",
        )

    asked(work)


def test_large_bodies_slow_answers_and_requests_behind_each_other_are_answered() -> None:
    large = request(bytes(700_000))

    async def work(ask: Ask) -> None:
        last = request(b"abc", "Connection: close")
        assert (await ask(large + request(b"ab")[:10], request(b"ab")[10:] + last, pause=0.1)).count(b"200 OK") == 3
        assert (await ask(request(b"", "Connection: close", path="/late"))).endswith(b"\r\n\r\n0")
        body_late = [request(b"", "Connection: close", length=2), b"a", b"b"]
        assert (await ask(*body_late, pause=1.2 * SECONDS)).endswith(b"\r\n\r\n2")  # the application waits, not we
        silent = [request(b"a"), request(b"b", "Connection: close")]
        assert (await ask(*silent, pause=2 * SECONDS)).count(b"200 OK") == 2

    asked(work)


def test_the_rest_of_a_body_that_was_refused_does_not_hold_the_connection() -> None:
    async def work(ask: Ask) -> None:
        drips = [request(b"", path="/refused", length=1000), *[b"a"] * 12]
        assert b"200 OK" in await ask(*drips, pause=SECONDS / 5)

    asked(work)


@pytest.mark.parametrize("kind", ["websocket", "h2c"])
def test_whoever_asks_for_another_protocol_is_answered_in_this_one(kind: str) -> None:
    async def work(ask: Ask) -> None:
        headers = (
            "Connection: Upgrade",
            f"Upgrade: {kind}",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: MDEyMzQ1",
        )
        assert b"HTTP/1.1 200 OK" in await ask(request(b"", *headers), b"x", pause=0.1)

    asked(work)

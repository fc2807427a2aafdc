"""Requests that are none, or lie: each is refused with a reason or loses its connection; the service goes on."""

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from malformed import Malformed, Target
from malformed_requests import malformed_requests
from served import RECIPE, Served, picture
from service_process import ServiceProcess, serving

ASK = f"/v1/recipes/{RECIPE}/predict"
TIMEOUT = 2.0
# A request, its pauses, the service's patience, and what a busy machine adds; then it hangs.
PATIENCE = 25.0
ROOM_MIB = 32
KEY = "letters-and-digits-of-a-token"


@pytest.fixture
def service(served: Served) -> Iterator[ServiceProcess]:
    served.promote(served.release("one"))
    token = served.store.root.parent / "token"
    token.touch(0o600)
    token.write_text(KEY, encoding="utf-8")
    options = ("--workers", "1", "--timeout", f"{TIMEOUT:g}", "--token-file", str(token))
    with serving(served.store.root, RECIPE, *options) as running:
        yield running


def answers_to(service: ServiceProcess, sent: Malformed) -> tuple[list[tuple[int, bytes]], bool]:
    """Return status and body of what came back, and whether it came to an end within our patience."""
    data, deadline = b"", time.monotonic() + PATIENCE
    with service.connected(PATIENCE) as connection:
        with suppress(OSError):  # it need not read to the end what it refuses
            for part in sent.parts:
                connection.sendall(part)
                time.sleep(sent.pause)
        if sent.hangs_up:
            return [], True
        while len(found := parsed(data)) < sent.answers:
            connection.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                more = connection.recv(65_536)
            except TimeoutError:
                return found, False
            except OSError:
                return found, True
            if not more:
                return found, True
            data += more
    return found, True


def parsed(data: bytes) -> list[tuple[int, bytes]]:
    """Return status and body of every answer that is whole."""
    found = []
    while match := re.match(rb"HTTP/1\.1 (\d{3})[^\r]*\r\n((?:[^\r]+\r\n)*)\r\n", data):
        status, rest = int(match[1]), data[match.end() :]
        length = re.search(rb"(?i)^content-length: *(\d+)", match[2], re.MULTILINE)
        size = int(length[1]) if length else 0 if status == 100 else len(rest)
        if len(rest) < size:
            break
        found.append((status, rest[:size]))
        data = rest[size:]
    return found


def wrong_with(service: ServiceProcess, sent: Malformed) -> str:
    """Return what is wrong with how a request was met; empty if nothing."""
    began = time.monotonic()
    found, ended = answers_to(service, sent)
    if not ended:
        return f"{sent.name}: hangs, after {found}"
    if not found or sent.hangs_up:
        return "" if sent.hangs_up or time.monotonic() - began < PATIENCE else f"{sent.name}: closed late"
    status, body = found[-1]
    if any(one >= 500 for one, _ in found):
        return f"{sent.name}: {found}"
    if not 400 <= status < 500:
        return f"{sent.name}: not refused: {found}"
    reason = json.loads(body).get("error", "") if body.startswith(b"{") else body.decode()
    reason = reason or str(json.loads(body).get("predictions", [{}])[0].get("error", ""))
    return "" if reason.strip() else f"{sent.name}: refused without a reason: {found}"


@pytest.mark.parametrize("count", [54, pytest.param(500, marks=pytest.mark.soak)])
def test_each_is_refused_with_a_reason_and_the_service_goes_on(service: ServiceProcess, count: int) -> None:
    target = Target(service.port, ASK, picture("red"), KEY)
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda sent: wrong_with(service, sent), malformed_requests(target, 54, seed=1)))
        processes, before = [one.pid for one in service.family()], service.mib()
        wrong = list(threads.map(lambda sent: wrong_with(service, sent), malformed_requests(target, count)))
    assert not any(wrong), "\n".join(words for words in wrong if words)
    assert "Traceback" not in service.said
    status, answer = service.ask("POST", ASK, target.picture, Content_Type="image/png", Authorization=f"Bearer {KEY}")
    assert (status, answer["predictions"][0]["top"][0]["label"]) == (200, "red")
    assert [one.pid for one in service.family()] == processes
    after = service.mib()
    assert after < before + ROOM_MIB, f"{before:.0f} MiB became {after:.0f}"

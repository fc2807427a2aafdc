"""Waiting for what will be true, and a Prefect server asked as Prefect's own client asks it."""

import time
from collections.abc import Callable
from typing import Any

import httpx

_BUSY = httpx.codes.SERVICE_UNAVAILABLE  # what it answers while its database is locked


def until(true: Callable[[], Any], seconds: float = 300, every: float = 0.5) -> Any:
    """Wait until something is true, and return what it gave."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(every)
    return found


def asked(method: str, address: str, body: Any = None) -> Any:
    """Return what a server answers, read from JSON, None if that is nothing; one that is busy is asked again."""

    def answered() -> httpx.Response | None:
        answer = httpx.request(method, address, json=body, timeout=120)
        return None if answer.status_code == _BUSY else answer

    answer: httpx.Response = until(answered, every=2)
    answer.raise_for_status()
    return answer.json() if answer.content else None

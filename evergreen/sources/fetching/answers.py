"""One request and its answer: what can go wrong, in our words, and never with the secret part of an address."""

import logging
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from evergreen.errors import AccessRefused, SourceGone, SourceUnavailable, SourceUnreachable
from evergreen.sources.fetching.validators import Validators

if TYPE_CHECKING:
    from requests import Response

_BUSY = (408, 425, 429)
_LONGEST_RETRY_AFTER_SECONDS = 600
_LONGEST_PAUSE_SECONDS = 60
_SHORT_ATTEMPTS = 3

T = TypeVar("T")


@dataclass(frozen=True)
class Ask:
    """How a file is asked for.

    Attributes:
        address: returns the whole address, secrets included; called for every attempt, since signed ones expire.
        shown: the address as it may be shown.
        renew: what a person can do when access is refused.
        attempts: tries in a row that may bring no byte.
        stall_seconds: seconds without a byte after which a try is given up.
        pause_seconds: first pause between tries; it doubles, with jitter.
        headers: sent to the first host alone.
    """

    address: Callable[[], str]
    shown: str
    renew: str
    attempts: int = 5
    stall_seconds: float = 60
    pause_seconds: float = 1.0
    headers: Mapping[str, str] = field(default_factory=dict)

    def read(self, response: "Response", most: int) -> bytes:
        """Return the next bytes of an answer as they were sent, at most ``most``; empty at its end.

        Raises:
            SourceUnreachable: it was cut off, or stalled.
        """
        from urllib3.exceptions import HTTPError, ReadTimeoutError

        try:
            data: bytes = response.raw.read1(most, decode_content=False)
        except ReadTimeoutError:
            failure = SourceUnreachable(f"{self.shown}: no byte came for {self.stall_seconds:g} s")
        except (HTTPError, OSError) as error:
            failure = SourceUnreachable(f"{self.shown}: the connection was cut ({type(error).__name__})")
        else:
            return data
        raise failure


@contextmanager
def opened(ask: Ask, headers: Mapping[str, str]) -> Iterator["Response"]:
    """Send the request and yield the answer, its body unread; 200, 206 and 416 alone are yielded.

    Raises:
        SourceUnavailable: see its subclasses.
    """
    import requests

    # At level DEBUG it writes whole addresses.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
    sent = {"Accept-Encoding": "identity", "User-Agent": "evergreen"} | dict(ask.headers) | dict(headers)
    with requests.Session() as session:
        try:
            response = session.get(ask.address(), headers=sent, stream=True, timeout=ask.stall_seconds)
        except requests.RequestException as error:
            failure = _failure(ask, error)
        else:
            with response:
                _refuse(ask, response)
                yield response
                return
    raise failure  # out of the handler: its error holds the whole address


def ask(asked: Ask) -> Validators:
    """Return what the server says of a file's version, fetching one byte of it: signed addresses often refuse HEAD.

    Raises:
        SourceUnavailable: see its subclasses.
    """

    def once() -> Validators:
        with opened(asked, {"Range": "bytes=0-0"}) as response:
            return Validators.of(response.status_code, response.headers)

    return repeated(asked, once)


def repeated(asked: Ask, once: Callable[[], T]) -> T:
    """Return what a short request brings, trying it again while it may help, three times at most.

    Raises:
        SourceUnavailable: as ``once`` does.
    """
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

    return Retrying(
        retry=retry_if_exception_type(SourceUnreachable),
        stop=stop_after_attempt(min(asked.attempts, _SHORT_ATTEMPTS)),
        wait=lambda state: pause(asked, state.attempt_number, state.outcome.exception() if state.outcome else None),
        reraise=True,
    )(once)


def pause(asked: Ask, failures: int, error: BaseException | None) -> float:
    """Return the seconds to wait before trying again: as the server asked, else exponential with jitter.

    Args:
        asked: gives the first pause.
        failures: tries in a row, 1 or more, that brought nothing.
        error: why the last one failed.
    """
    if isinstance(error, SourceUnreachable) and error.retry_after is not None:
        return error.retry_after
    longest = min(_LONGEST_PAUSE_SECONDS, asked.pause_seconds * 2.0 ** min(failures - 1, 20))
    return longest * random.uniform(0.5, 1)  # noqa: S311 - jitter, no secret


def _failure(ask: Ask, error: Exception) -> SourceUnavailable:
    """Return an error of ours for one of requests', whose text may hold the whole address."""
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return SourceUnavailable(f"{ask.shown}: the server's certificate is not valid; nothing was fetched")
    if isinstance(error, requests.exceptions.Timeout):
        return SourceUnreachable(f"{ask.shown}: no answer within {ask.stall_seconds:g} s")
    if isinstance(error, requests.exceptions.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return SourceUnreachable(f"{ask.shown}: no connection; is this machine online, and the host's name right?")
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return SourceUnavailable(f"{ask.shown}: it redirects in a circle; the address, or a login, is wrong")
    return SourceUnavailable(f"{ask.shown}: the request cannot be made ({type(error).__name__}); check the address")


def refuse_page(ask: Ask, beginning: bytes) -> None:
    """Refuse a web page in place of a file, by its first bytes.

    Raises:
        AccessRefused: it is one.
    """
    if beginning[:1024].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise AccessRefused(f"{ask.shown}: expected a file, received an HTML page (a login, or a notice): {ask.renew}")


def _refuse(ask: Ask, response: "Response") -> None:
    """Raise for every answer that does not bring the file."""
    status = response.status_code
    if status == 200:
        refuse_page(ask, b"<html" if response.headers.get("Content-Type", "").lower().startswith("text/html") else b"")
    if status in (200, 206, 416):
        return
    if status in (401, 403):
        raise AccessRefused(f"{ask.shown}: access was refused (HTTP {status}): {ask.renew}")
    if status in (404, 410):
        raise SourceGone(f"{ask.shown}: there is nothing at this address (HTTP {status}): correct it")
    if status in _BUSY or status >= 500:
        wait = _retry_after(response.headers.get("Retry-After"))
        if wait is not None and wait > _LONGEST_RETRY_AFTER_SECONDS:
            raise SourceUnavailable(f"{ask.shown}: busy (HTTP {status}), asks to come back in {wait:.0f} s: run then")
        raise SourceUnreachable(f"{ask.shown}: the server is busy or broken (HTTP {status})", wait)
    raise SourceUnavailable(f"{ask.shown}: expected the file, received HTTP {status}: check the address")


def _retry_after(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header, which holds seconds or a date (RFC 9110, 10.2.3); None of any other.

    A date in the past is 0; one without a zone is in GMT.
    """
    from urllib3.exceptions import InvalidHeader
    from urllib3.util.retry import Retry

    if value is None:
        return None
    try:
        return float(Retry(retry_after_max=sys.maxsize).parse_retry_after(value))
    except (InvalidHeader, ValueError, OverflowError):  # of numbers and years that are too long, urllib3 says no more
        return None

"""evergreen.sources.fetching.answers: stalls, refusals, pages in place of files, and redirects."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from downloads import DATA, leftovers

from evergreen.errors import (
    AccessRefused,
    SourceGone,
    SourceUnavailable,
    SourceUnreachable,
)
from evergreen.sources.fetching.answers import Ask, ask
from evergreen.sources.fetching.context import SourceContext
from evergreen.sources.fetching.download import fetch


def test_a_stall_is_given_up_and_retried(server: Any, want: Any, context: SourceContext, shelf: Any) -> None:
    server.add("/photos.zip", DATA).faults = [server.stall(2, after=100_000), server.stall(2)]
    began = time.monotonic()
    assert shelf.read(fetch(want(stall_seconds=0.3), context)) == DATA
    assert 0.6 <= time.monotonic() - began < 3


def test_a_server_that_only_stalls_is_named(server: Any, want: Any, context: SourceContext) -> None:
    server.add("/photos.zip", DATA).faults = [server.stall(1)] * 3
    with pytest.raises(SourceUnreachable, match=r"no byte came for 0\.2 s"):
        fetch(want(stall_seconds=0.2), context)


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (401, AccessRefused, "get a new one"),
        (403, AccessRefused, "get a new one"),
        (404, SourceGone, "correct it"),
        (410, SourceGone, "correct it"),
        (400, SourceUnavailable, "HTTP 400"),
        (451, SourceUnavailable, "HTTP 451"),
    ],
)
def test_a_refusal_fails_at_once_with_the_next_step(
    server: Any, want: Any, context: SourceContext, status: int, error: type[Exception], words: str
) -> None:
    server.add("/photos.zip", DATA).faults = [server.status(status)] * 2
    with pytest.raises(error, match=words):
        fetch(want(), context)
    assert len(server.requests) == 1


def test_a_login_page_is_no_file(server: Any, want: Any, context: SourceContext, shelf: Any) -> None:
    page = b"<!DOCTYPE html><html><body>Sign in</body></html>"
    server.add("/photos.zip", DATA).faults = [server.status(200, page, Content_Type="text/html; charset=utf-8")]
    with pytest.raises(AccessRefused, match="received an HTML page"):
        fetch(want(), context)
    assert not list(shelf.folder.iterdir())


def test_a_login_page_that_says_it_is_a_zip_is_no_file(
    server: Any, want: Any, context: SourceContext, shelf: Any
) -> None:
    server.add("/photos.zip", b" \n<!doctype HTML><html>Sign in</html>", headers={"Content-Type": "application/zip"})
    with pytest.raises(AccessRefused, match="received an HTML page"):
        fetch(want(), context)
    assert not list(shelf.folder.iterdir())
    assert not leftovers(context)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(server: Any, want: Any, context: SourceContext, status: int) -> None:
    server.add("/photos.zip", DATA).faults = [server.status(status)] * 2
    assert fetch(want(), context).size == len(DATA)
    assert len(server.requests) == 3


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_obeyed(server: Any, want: Any, context: SourceContext, form: str) -> None:
    when = "1" if form == "seconds" else format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    server.add("/photos.zip", DATA).faults = [server.status(429, Retry_After=when)]
    began = time.monotonic()
    fetch(want(), context)
    assert 0.9 <= time.monotonic() - began < 4


def test_a_server_that_wants_hours_is_not_waited_for(server: Any, want: Any, context: SourceContext) -> None:
    server.add("/photos.zip", DATA).faults = [server.status(503, Retry_After="7200")]
    with pytest.raises(SourceUnavailable, match="7200 s"):
        fetch(want(), context)


def test_nobody_listens(want: Any, context: SourceContext) -> None:
    wanted = want()
    wanted = replace(wanted, ask=replace(wanted.ask, address=lambda: "http://127.0.0.1:9/photos.zip?sig=planted"))
    with pytest.raises(SourceUnreachable, match="no connection") as caught:
        fetch(wanted, context)
    assert "planted" not in str(caught.value)


def test_a_redirect_to_another_host_is_followed_without_the_authorization(
    server: Any, want: Any, context: SourceContext
) -> None:
    server.add("/photos.zip", b"").faults = [server.status(302, Location=server.url("/real.zip", "localhost"))]
    server.add("/real.zip", DATA)
    assert fetch(want(headers={"Authorization": "Bearer planted"}), context).size == len(DATA)
    first, second = server.requests
    assert first.headers["Authorization"] == "Bearer planted"
    assert second.host.startswith("localhost")
    assert "Authorization" not in second.headers


def test_a_redirect_in_a_circle_is_refused(server: Any, want: Any, context: SourceContext) -> None:
    server.add("/photos.zip", b"").faults = [server.status(302, Location="/photos.zip")] * 40
    with pytest.raises(SourceUnavailable, match="circle"):
        fetch(want(), context)


# -- Retry-After -------------------------------------------------------------------------------------------------------


def _refused(server: Any, retry_after: str) -> SourceUnavailable:
    server.add("/photos.zip", b"").faults = [server.status(503, Retry_After=retry_after)]
    with pytest.raises(SourceUnavailable) as caught:
        ask(Ask(lambda: server.url("/photos.zip"), "http://server/photos.zip", "get a new one", attempts=1))
    return caught.value


def _in(**time: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(**time), usegmt=True)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("  7 ", 7),
        pytest.param(_in(days=-3), 0, id="three days ago"),  # an id with the time in it differs between workers
        ("Sun Nov  6 08:49:37 1994", 0),  # the oldest form of a date has no zone
        ("Wed, 21 Oct 2015 07:28:00", 0),
    ],
)
def test_seconds_or_a_date_are_understood(server: Any, value: str, seconds: float) -> None:
    failure = _refused(server, value)
    assert isinstance(failure, SourceUnreachable)
    assert failure.retry_after == seconds


def test_a_date_to_come_is_seconds_from_now(server: Any) -> None:
    failure = _refused(server, _in(minutes=5))
    assert isinstance(failure, SourceUnreachable)
    assert failure.retry_after == pytest.approx(300, abs=30)


@pytest.mark.parametrize(
    "value",
    [
        "-5", "1.5", "", "soon", "5 minutes", "²", "120, 60", "inf", "9" * 5000,
        "Wed, 21 Oct 99999 07:28:00 GMT", "Wed, 21 Oct 999999999999 07:28:00 GMT",
    ],
)  # fmt: skip
def test_anything_else_says_nothing(server: Any, value: str) -> None:
    failure = _refused(server, value)
    assert isinstance(failure, SourceUnreachable)
    assert failure.retry_after is None


@pytest.mark.parametrize(
    "value", ["601", "86400", "9" * 400, pytest.param(_in(days=1), id="tomorrow"), "Wed, 21 Oct 2099 07:28:00 GMT"]
)
def test_who_asks_to_come_back_later_than_we_wait_is_told_as_such(server: Any, value: str) -> None:
    failure = _refused(server, value)
    assert not isinstance(failure, SourceUnreachable)
    seconds = int(str(failure).split("come back in ")[1].split(" s")[0])
    assert seconds > 600
    if value in ("601", "86400"):
        assert seconds == int(value)

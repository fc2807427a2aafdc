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
from evergreen.sources.fetching.desk import Desk
from evergreen.sources.fetching.download import fetch


def test_a_stall_is_given_up_and_retried(server: Any, want: Any, desk: Desk, shelf: Any) -> None:
    server.add("/photos.zip", DATA).faults = [server.stall(2, after=100_000), server.stall(2)]
    began = time.monotonic()
    assert shelf.read(fetch(want(stall_seconds=0.3), desk)) == DATA
    assert 0.6 <= time.monotonic() - began < 3


def test_a_server_that_only_stalls_is_named(server: Any, want: Any, desk: Desk) -> None:
    server.add("/photos.zip", DATA).faults = [server.stall(1)] * 3
    with pytest.raises(SourceUnreachable, match=r"no byte came for 0\.2 s"):
        fetch(want(stall_seconds=0.2), desk)


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
    server: Any, want: Any, desk: Desk, status: int, error: type[Exception], words: str
) -> None:
    server.add("/photos.zip", DATA).faults = [server.status(status)] * 2
    with pytest.raises(error, match=words):
        fetch(want(), desk)
    assert len(server.requests) == 1


def test_a_login_page_is_no_file(server: Any, want: Any, desk: Desk, shelf: Any) -> None:
    page = b"<!DOCTYPE html><html><body>Sign in</body></html>"
    server.add("/photos.zip", DATA).faults = [server.status(200, page, Content_Type="text/html; charset=utf-8")]
    with pytest.raises(AccessRefused, match="received an HTML page"):
        fetch(want(), desk)
    assert not list(shelf.folder.iterdir())


def test_a_login_page_that_says_it_is_a_zip_is_no_file(server: Any, want: Any, desk: Desk, shelf: Any) -> None:
    server.add("/photos.zip", b" \n<!doctype HTML><html>Sign in</html>", headers={"Content-Type": "application/zip"})
    with pytest.raises(AccessRefused, match="received an HTML page"):
        fetch(want(), desk)
    assert not list(shelf.folder.iterdir())
    assert not leftovers(desk)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(server: Any, want: Any, desk: Desk, status: int) -> None:
    server.add("/photos.zip", DATA).faults = [server.status(status)] * 2
    assert fetch(want(), desk).size == len(DATA)
    assert len(server.requests) == 3


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_obeyed(server: Any, want: Any, desk: Desk, form: str) -> None:
    when = "1" if form == "seconds" else format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    server.add("/photos.zip", DATA).faults = [server.status(429, Retry_After=when)]
    began = time.monotonic()
    fetch(want(), desk)
    assert 0.9 <= time.monotonic() - began < 4


def test_a_server_that_wants_hours_is_not_waited_for(server: Any, want: Any, desk: Desk) -> None:
    server.add("/photos.zip", DATA).faults = [server.status(503, Retry_After="7200")]
    with pytest.raises(SourceUnavailable, match="7200 s"):
        fetch(want(), desk)


def test_nobody_listens(want: Any, desk: Desk) -> None:
    wanted = want()
    wanted = replace(wanted, ask=replace(wanted.ask, address=lambda: "http://127.0.0.1:9/photos.zip?sig=planted"))
    with pytest.raises(SourceUnreachable, match="no connection") as caught:
        fetch(wanted, desk)
    assert "planted" not in str(caught.value)


def test_a_redirect_to_another_host_is_followed_without_the_authorization(server: Any, want: Any, desk: Desk) -> None:
    server.add("/photos.zip", b"").faults = [server.status(302, Location=server.url("/real.zip", "localhost"))]
    server.add("/real.zip", DATA)
    assert fetch(want(headers={"Authorization": "Bearer planted"}), desk).size == len(DATA)
    first, second = server.requests
    assert first.headers["Authorization"] == "Bearer planted"
    assert second.host.startswith("localhost")
    assert "Authorization" not in second.headers


def test_a_redirect_in_a_circle_is_refused(server: Any, want: Any, desk: Desk) -> None:
    server.add("/photos.zip", b"").faults = [server.status(302, Location="/photos.zip")] * 40
    with pytest.raises(SourceUnavailable, match="circle"):
        fetch(want(), desk)

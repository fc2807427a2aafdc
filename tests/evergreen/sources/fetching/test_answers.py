"""evergreen.sources.fetching.answers: when a busy server wants to be asked again."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from evergreen.errors import SourceUnavailable, SourceUnreachable
from evergreen.sources.fetching.answers import Ask, ask


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
        (_in(days=-3), 0),
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


@pytest.mark.parametrize("value", ["601", "86400", "9" * 400, _in(days=1), "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_who_asks_to_come_back_later_than_we_wait_is_told_as_such(server: Any, value: str) -> None:
    failure = _refused(server, value)
    assert not isinstance(failure, SourceUnreachable)
    seconds = int(str(failure).split("come back in ")[1].split(" s")[0])
    assert seconds > 600
    if value in ("601", "86400"):
        assert seconds == int(value)

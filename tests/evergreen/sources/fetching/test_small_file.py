"""evergreen.sources.fetching.small_file: by the rules of every download, whole, and never larger than is asked for."""

import gzip

import pytest
from fake_server import FakeServer

from evergreen.errors import AccessRefused, BadInput, SourceGone, SourceUnavailable, SourceUnreachable
from evergreen.sources.fetching.small_file import fetch_bytes
from evergreen.sources.given import MOST_BYTES, named

# -- addresses ---------------------------------------------------------------------------------------------------------


def test_an_address_is_fetched_whole_again_after_a_cut(server: FakeServer) -> None:
    data = bytes(range(256)) * 1000
    served = server.add("/a.png", data)
    served.faults = [server.cut(100), server.status(503)]
    assert fetch_bytes(server.url("/a.png"), MOST_BYTES, 0.001) == data
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ((404, b""), SourceGone),
        ((403, b""), AccessRefused),
        ((200, b" <!DOCTYPE html><title>Log in</title>"), AccessRefused),
        ((302, b""), SourceUnavailable),
        ((500, b""), SourceUnreachable),
    ],
)
def test_what_is_no_image_is_refused_and_no_secret_is_shown(
    server: FakeServer, fault: tuple[int, bytes], error: type[Exception]
) -> None:
    server.add("/a.png", b"").faults = [server.status(*fault)] * 3
    url = server.url("/a.png") + "?sig=pl4nted&size=3"
    with pytest.raises(error) as raised:
        fetch_bytes(url, MOST_BYTES, 0.001)
    assert "pl4nted" not in str(raised.value)
    assert named([url]).images[0].name == server.url("/a.png")


def test_an_image_that_was_packed_on_the_way_is_taken_out(server: FakeServer) -> None:
    packed = gzip.compress(b"x" * 300_000)
    served = server.add("/a.png", packed, headers={"Content-Encoding": "gzip"})
    assert fetch_bytes(server.url("/a.png"), MOST_BYTES) == b"x" * 300_000
    with pytest.raises(BadInput, match="larger than"):
        fetch_bytes(server.url("/a.png"), 100_000)
    served.data = packed[:-10]
    with pytest.raises(SourceUnreachable, match="came damaged"):
        fetch_bytes(server.url("/a.png"), MOST_BYTES, 0.001)


@pytest.mark.parametrize("chunked", [False, True])
def test_what_is_too_large_is_refused_with_or_without_a_length(server: FakeServer, chunked: bool) -> None:
    server.add("/a.png", b"x" * 300_000, chunked=chunked)
    with pytest.raises(BadInput, match="larger than"):
        fetch_bytes(server.url("/a.png"), 100_000)
    assert len(server.requests) == 1

"""evergreen.sources.fetching.download: whole, of one version, resumed where it was cut."""

import base64
import gzip
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from evergreen.errors import (
    AccessRefused,
    ChecksumMismatch,
    SourceChanged,
    SourceGone,
    SourceUnavailable,
    SourceUnreachable,
)
from evergreen.sources.fetching import download as module
from evergreen.sources.fetching import memory, whole
from evergreen.sources.fetching.answers import Ask, ask
from evergreen.sources.fetching.desk import Desk, Kept
from evergreen.sources.fetching.download import CHUNK, Wanted, fetch

DATA = random.Random(1).randbytes(3 * CHUNK + 12345)
OTHER = random.Random(2).randbytes(len(DATA))


@pytest.fixture
def want(server: Any) -> Callable[..., Wanted]:
    """Make a wish for a path of the server, patient in tries and not in time."""

    def make(path: str = "/photos.zip", host: str = "127.0.0.1", **changes: Any) -> Wanted:
        settings = {"attempts": 3, "stall_seconds": 0.5, "pause_seconds": 0.005}
        settings |= {name: changes.pop(name) for name in list(changes) if name in Ask.__dataclass_fields__}
        asked = Ask(lambda: server.url(path, host), f"http://server{path}", "get a new one", **settings)
        return Wanted("photos.zip", asked, "label", **changes)

    return make


def _leftovers(desk: Desk) -> list[str]:
    return [path.name for path in desk.downloads.iterdir() if path.suffix != ".json"]


def _die(*_: Any) -> None:
    raise KeyboardInterrupt


# -- cuts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["cut", "reset"])
def test_fifty_random_cuts_are_resumed(server: Any, want: Any, desk: Desk, shelf: Any, kind: str) -> None:
    rng = random.Random(50)
    served = server.add("/photos.zip", DATA)
    served.faults = [getattr(server, kind)(rng.randrange(1, 120_000)) for _ in range(50)]
    kept = fetch(want(), desk)
    assert kept == Kept(hashlib.sha256(DATA).hexdigest(), len(DATA))
    assert shelf.read(kept) == DATA
    assert len(server.requests) == 51
    assert all("If-Range" in seen.headers for seen in server.requests[-10:])
    assert sum(seen.sent for seen in server.requests) <= len(DATA) + 50 * CHUNK
    assert not _leftovers(desk)


def test_a_cut_before_the_first_byte_and_after_the_last_are_survived(server: Any, want: Any, desk: Desk) -> None:
    served = server.add("/photos.zip", DATA)
    served.faults = [server.cut(0), server.cut(len(DATA))]
    assert fetch(want(), desk).size == len(DATA)


def test_tries_that_bring_nothing_come_to_an_end(server: Any, want: Any, desk: Desk, shelf: Any) -> None:
    server.add("/photos.zip", DATA).faults = [server.cut(0)] * 9
    with pytest.raises(SourceUnreachable, match="the connection was cut"):
        fetch(want(), desk)
    assert len(server.requests) == 3
    assert not list(shelf.folder.iterdir())


def test_a_cut_without_a_stated_length_is_seen(server: Any, want: Any, desk: Desk, shelf: Any) -> None:
    served = server.add("/photos.zip", DATA, chunked=True)
    served.faults = [server.cut(50_000)]
    kept = fetch(want(), desk)
    assert shelf.read(kept) == DATA


def test_a_strong_tag_vouches_for_the_rest_of_what_came_without_a_length(
    server: Any, want: Any, desk: Desk, shelf: Any
) -> None:
    served = server.add("/photos.zip", DATA, chunked=True)
    served.faults = [server.cut(2_000_000), server.cut(500_000)]
    assert shelf.read(fetch(want(), desk)) == DATA
    assert sum(seen.sent for seen in server.requests) == len(DATA)


def test_a_date_does_not_vouch_for_the_rest_of_what_came_without_a_length(
    server: Any, want: Any, desk: Desk, shelf: Any
) -> None:
    date = "Sat, 21 Nov 2026 10:00:00 GMT"
    served = server.add("/photos.zip", DATA, etag=None, modified=date, chunked=True)
    served.faults = [server.cut(2_000_000), server.then(lambda served: setattr(served, "data", OTHER))]
    assert shelf.read(fetch(want(), desk)) == OTHER


def test_a_server_without_ranges_starts_over(server: Any, want: Any, desk: Desk, shelf: Any) -> None:
    served = server.add("/photos.zip", DATA, ranges=False)
    served.faults = [server.cut(2_000_000)]
    assert shelf.read(fetch(want(), desk)) == DATA
    assert [seen.sent for seen in server.requests] == [2_000_000, len(DATA)]


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("other", [OTHER, OTHER[: len(OTHER) // 2], OTHER + DATA])
def test_two_versions_are_never_spliced(
    server: Any, want: Any, desk: Desk, shelf: Any, other: bytes, ranges: bool
) -> None:
    served = server.add("/photos.zip", DATA, ranges=ranges)

    def change(served: Any) -> None:
        served.data, served.etag = other, '"v2"'

    served.faults = [server.cut(2_500_000), server.then(change)]
    assert shelf.read(fetch(want(), desk)) == other


def test_a_server_that_ignores_if_range_is_not_trusted(server: Any, want: Any, desk: Desk, shelf: Any) -> None:
    served = server.add("/photos.zip", DATA)

    def rest_of_another(handler: Any, served: Any) -> bool:
        served.data, served.etag = OTHER, '"v2"'
        del handler.headers["If-Range"]
        return True

    served.faults = [server.cut(2_000_000), rest_of_another]
    assert shelf.read(fetch(want(), desk)) == OTHER


def test_the_same_tag_with_another_length_starts_over(server: Any, want: Any, desk: Desk, shelf: Any) -> None:
    served = server.add("/photos.zip", DATA)
    served.faults = [server.cut(100_000), server.then(lambda served: setattr(served, "data", OTHER[:200_000]))]
    assert shelf.read(fetch(want(), desk)) == OTHER[:200_000]


@pytest.mark.parametrize(
    ("etag", "modified", "resumes"),
    [('W/"v1"', None, False), (None, None, False), (None, "Sat, 21 Nov 2026 10:00:00 GMT", True)],
)
def test_the_rest_is_asked_for_only_on_a_reliable_condition(
    server: Any, want: Any, desk: Desk, shelf: Any, etag: str | None, modified: str | None, resumes: bool
) -> None:
    served = server.add("/photos.zip", DATA, etag=etag, modified=modified)
    served.faults = [server.cut(2_000_000)]
    assert shelf.read(fetch(want(), desk)) == DATA
    assert server.requests[1].headers.get("If-Range") == (modified if resumes else None)
    assert server.requests[1].sent == (len(DATA) - 2_000_000 if resumes else len(DATA))


# -- stalls and answers that are no file -------------------------------------------------------------------------------


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
    assert not _leftovers(desk)


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


# -- redirects ---------------------------------------------------------------------------------------------------------


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


# -- checksums and versions --------------------------------------------------------------------------------------------


def _base64(name: str, data: bytes) -> str:
    return base64.b64encode(hashlib.new(name, data).digest()).decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"x-goog-hash": f"crc32c=AAAAAA==,md5={_base64('md5', DATA)}"},
        {"x-amz-checksum-sha256": _base64("sha256", DATA)},
        {"Repr-Digest": f"sha-256=:{_base64('sha256', DATA)}:"},
        {"Digest": f"SHA-256={_base64('sha256', DATA)}"},
        {"Content-MD5": _base64("md5", DATA)},
    ],
)
def test_one_wrong_byte_against_the_servers_own_hash_is_refused(
    server: Any, want: Any, desk: Desk, shelf: Any, headers: dict[str, str]
) -> None:
    served = server.add("/photos.zip", DATA, headers=headers)
    assert fetch(want(), desk).size == len(DATA)
    served.data = DATA[:-1] + bytes([DATA[-1] ^ 1])
    with pytest.raises(ChecksumMismatch, match="as the server states"):
        fetch(replace(want(), label="another"), desk)
    assert len(list(shelf.folder.iterdir())) == 1
    assert not _leftovers(desk)


def test_one_wrong_byte_against_the_recipes_sha256_is_refused(server: Any, want: Any, desk: Desk, shelf: Any) -> None:
    served = server.add("/photos.zip", DATA[:-1] + bytes([DATA[-1] ^ 1]))
    wanted = want(sha256=hashlib.sha256(DATA).hexdigest())
    with pytest.raises(ChecksumMismatch, match="as the recipe states"):
        fetch(wanted, desk)
    assert not list(shelf.folder.iterdir())
    assert not _leftovers(desk)
    served.data = DATA
    assert shelf.read(fetch(wanted, desk)) == DATA


def test_another_version_than_the_probe_saw_is_refused(server: Any, want: Any, desk: Desk, shelf: Any) -> None:
    served = server.add("/photos.zip", DATA)
    version = ask(want().ask).version
    assert version == f'etag "v1", {len(DATA)} bytes'
    assert server.requests[0].headers["Range"] == "bytes=0-0"
    served.etag = '"v2"'
    with pytest.raises(SourceChanged, match='received etag "v2"'):
        fetch(want(version=version), desk)
    assert not list(shelf.folder.iterdir())


def test_another_version_is_refused_before_its_body_comes(server: Any, want: Any, desk: Desk) -> None:
    served = server.add("/photos.zip", DATA)
    version = ask(want().ask).version
    served.faults = [server.stall(5), server.stall(5)]
    served.etag = '"v2"'
    with pytest.raises(SourceChanged, match=r"state the file's sha256 in the recipe"):
        fetch(want(version=version), desk)
    assert len(server.requests) == 2
    assert not _leftovers(desk)


@pytest.mark.parametrize("chunked_at", ["the probe", "the fetch", "both"])
def test_one_version_may_be_told_with_a_length_and_without(
    server: Any, want: Any, desk: Desk, shelf: Any, chunked_at: str
) -> None:
    served = server.add("/photos.zip", DATA, ranges=chunked_at == "the fetch", chunked=chunked_at != "the fetch")
    version = ask(want().ask).version
    assert version == ('etag "v1"' if not served.ranges else f'etag "v1", {len(DATA)} bytes')
    served.chunked = chunked_at != "the probe"
    assert shelf.read(fetch(want(version=version), desk)) == DATA


def test_another_length_than_the_probe_saw_is_refused_where_the_answer_states_none(
    server: Any, want: Any, desk: Desk, shelf: Any
) -> None:
    served = server.add("/photos.zip", DATA, chunked=True)
    version = ask(want().ask).version
    served.data = OTHER[:-1]
    with pytest.raises(SourceChanged, match=f"received .* and {len(DATA) - 1} bytes"):
        fetch(want(version=version), desk)
    assert not list(shelf.folder.iterdir())
    assert not _leftovers(desk)


def test_tags_that_differ_by_node_are_named_and_a_stated_sha256_goes_through(
    server: Any, want: Any, desk: Desk, shelf: Any
) -> None:
    served = server.add("/photos.zip", DATA, nodes=['"node-a"', '"node-b"', '"node-c"'])
    version = ask(want().ask).version
    with pytest.raises(SourceChanged, match=r"do not agree on a version: state the file's sha256"):
        fetch(want(version=version), desk)
    served.faults = [server.cut(3_000_000), server.cut(2_500_000)]
    assert shelf.read(fetch(want(sha256=hashlib.sha256(DATA).hexdigest()), desk)) == DATA
    assert not _leftovers(desk)


# -- content codings ---------------------------------------------------------------------------------------------------

PACKED = gzip.compress(DATA, 1)


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", "aws-chunked", "none"])
@pytest.mark.parametrize("name", ["photos.tar.gz", "photos.TGZ"])
def test_a_coding_that_is_the_files_own_stays_on_it(
    server: Any, want: Any, desk: Desk, shelf: Any, coding: str, name: str
) -> None:
    headers = {"Content-Encoding": coding, "Content-MD5": _base64("md5", PACKED)}
    served = server.add("/photos.zip", PACKED, headers=headers)
    version = ask(want().ask).version
    served.faults = [server.cut(2_000_000)]
    kept = fetch(replace(want(version=version), name=name), desk)
    assert shelf.read(kept) == PACKED
    assert [seen.headers["Accept-Encoding"] for seen in server.requests] == ["identity"] * 3
    assert server.requests[-1].sent == len(PACKED) - 2_000_000


def test_a_coding_put_around_the_file_on_the_way_comes_off(server: Any, want: Any, desk: Desk, shelf: Any) -> None:
    server.add("/photos.zip", PACKED, headers={"Content-Encoding": "gzip"})
    version = ask(want().ask).version
    assert shelf.read(fetch(want(version=version), desk)) == DATA
    twice = gzip.compress(PACKED, 1)
    server.add("/photos.zip", twice, headers={"Content-Encoding": "gzip, gzip"})
    assert shelf.read(fetch(replace(want(), name="photos.tar.gz"), desk)) == PACKED
    assert not _leftovers(desk)


@pytest.mark.parametrize("sent", [DATA, PACKED], ids=["the file", "what is sent"])
def test_a_stated_sha256_is_of_the_file_or_of_what_is_sent_for_it(
    server: Any, want: Any, desk: Desk, shelf: Any, sent: bytes
) -> None:
    server.add("/photos.zip", PACKED, headers={"Content-Encoding": "gzip"})
    assert shelf.read(fetch(want(sha256=hashlib.sha256(sent).hexdigest()), desk)) == sent
    with pytest.raises(ChecksumMismatch, match="as the recipe states"):
        fetch(replace(want(sha256="0" * 64), label="another"), desk)
    assert not _leftovers(desk)


TWICE = gzip.compress(PACKED, 1)
INSIDE = {"DATA": DATA, "PACKED": PACKED, "TWICE": TWICE}


@pytest.mark.parametrize(
    ("name", "sent", "coding", "meant"),
    [
        ("photos.tar.gz", "TWICE", "gzip", "PACKED"),  # a filter packed the .tar.gz once more
        ("photos.tar.gz", "TWICE", "gzip", "TWICE"),
        ("photos.tar.gz", "PACKED", "gzip", "PACKED"),  # Apache's AddEncoding
        ("photos.tar.gz", "PACKED", "gzip", "DATA"),
        ("photos.tar.gz", "TWICE", "gzip, gzip", "PACKED"),
        ("photos.tar.gz", "TWICE", "gzip, gzip", "DATA"),
        ("photos.tar.gz", "PACKED", "gzip, gzip", "PACKED"),
        ("photos.zip", "TWICE", "gzip, gzip", "PACKED"),
        ("photos.zip", "TWICE", "gzip", "PACKED"),
        ("photos.tar.br", "PACKED", "br, gzip", "DATA"),
    ],
)
def test_a_stated_sha256_says_which_codings_were_put_around_the_file(
    server: Any, want: Any, desk: Desk, shelf: Any, name: str, sent: str, coding: str, meant: str
) -> None:
    # What the server states is of the file, which a filter knows nothing of; the recipe's word stands above it.
    headers = {"Content-Encoding": coding, "x-amz-checksum-sha256": _base64("sha256", INSIDE[meant])}
    server.add("/photos.zip", INSIDE[sent], headers=headers)
    wanted = replace(want(sha256=hashlib.sha256(INSIDE[meant]).hexdigest()), name=name)
    assert shelf.read(fetch(wanted, desk)) == INSIDE[meant]
    assert not _leftovers(desk)
    assert fetch(wanted, desk).size == len(INSIDE[meant])
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (TWICE, [(TWICE, "as it came"), (PACKED, "with gzip undone")]),
        (PACKED[:-4], [(PACKED[:-4], "as it came"), (None, "nothing that can be read with gzip undone")]),
    ],
    ids=["whole", "damaged"],
)
def test_where_no_coding_gives_the_stated_sha256_all_that_was_tried_is_said(
    server: Any, want: Any, desk: Desk, shelf: Any, sent: bytes, found: list[tuple[bytes | None, str]]
) -> None:
    server.add("/photos.zip", sent, headers={"Content-Encoding": "gzip"})
    with pytest.raises(ChecksumMismatch) as refused:
        fetch(replace(want(sha256="0" * 64), name="photos.tar.gz"), desk)
    for data, how in found:
        assert f"{hashlib.sha256(data).hexdigest()} {how}" if data else how in str(refused.value)
    one_of_these = " to one of these, any of which is taken then, if the file was replaced" in str(refused.value)
    assert one_of_these == all(data for data, _ in found)
    assert not list(shelf.folder.iterdir())
    assert not _leftovers(desk)


def test_a_web_page_packed_as_a_tar_is_said_to_be_one(server: Any, want: Any, desk: Desk) -> None:
    server.add("/photos.zip", gzip.compress(b"<html>Sign in</html>"), headers={"Content-Encoding": "gzip"})
    with pytest.raises(AccessRefused, match="HTML page"):
        fetch(replace(want(sha256="0" * 64), name="photos.tar.gz"), desk)


def test_memory_and_disk_are_bounded_where_a_stated_sha256_is_looked_for(
    server: Any, want: Any, desk: Desk, shelf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole, "_RATIO_ABOVE", 1 << 20)
    written: list[int] = []
    monkeypatch.setattr(whole, "unpacked_path", lambda part: written.append(1) or part)
    server.add("/photos.zip", gzip.compress(bytes(64 << 20)), headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    try:
        with pytest.raises(ChecksumMismatch, match="nothing that can be read with gzip undone"):
            fetch(replace(want(sha256="0" * 64), name="photos.tar.gz"), desk)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    assert written == []


def test_one_tag_on_a_packed_whole_and_on_plain_ranges_splices_nothing(
    server: Any, want: Any, desk: Desk, shelf: Any
) -> None:
    served = server.add("/photos.zip", DATA, packed=True)
    version = ask(want().ask).version
    assert version == f'etag "v1", {len(DATA)} bytes'
    served.faults = [server.cut(1_000_000)]
    assert shelf.read(fetch(want(version=version), desk)) == DATA
    assert [seen.headers.get("Range") for seen in server.requests] == ["bytes=0-0", None, "bytes=1000000-", None]


def test_a_filter_on_the_way_may_weaken_the_tag(server: Any, want: Any, desk: Desk, shelf: Any) -> None:
    served = server.add("/photos.zip", DATA)
    version = ask(want().ask).version
    served.packed, served.etag = True, 'W/"v1"'
    assert shelf.read(fetch(want(version=version), desk)) == DATA


def test_a_coding_that_is_stated_and_not_there_is_none(server: Any, want: Any, desk: Desk, shelf: Any) -> None:
    server.add("/photos.zip", DATA, headers={"Content-Encoding": "gzip"})
    assert shelf.read(fetch(want(), desk)) == DATA


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "gzip, br", "gzip, gzip, gzip, gzip"])
def test_a_coding_that_cannot_be_undone_is_refused_before_the_body(
    server: Any, want: Any, desk: Desk, coding: str
) -> None:
    server.add("/photos.zip", DATA, headers={"Content-Encoding": coding})
    with pytest.raises(SourceUnavailable, match=f"packed with {coding}, which was not asked for"):
        fetch(want(), desk)
    assert not _leftovers(desk)


@pytest.mark.parametrize(
    "damage",
    [PACKED[:-100], PACKED[:-8] + bytes(8), PACKED[:500] + bytes(100) + PACKED[600:], PACKED[:9]],
    ids=["cut", "checksum", "hole", "cut at once"],
)
def test_a_packed_body_that_came_damaged_is_refused(
    server: Any, want: Any, desk: Desk, shelf: Any, damage: bytes
) -> None:
    for coding in ("gzip", "gzip, gzip"):
        server.add("/photos.zip", damage, headers={"Content-Encoding": coding})
        with pytest.raises(SourceUnavailable, match="came damaged"):
            fetch(want(), desk)
    assert not list(shelf.folder.iterdir())
    assert not _leftovers(desk)


def test_a_packed_bomb_and_a_packed_login_page_are_refused(
    server: Any, want: Any, desk: Desk, shelf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole, "_RATIO_ABOVE", 1 << 20)
    for data, words in ((bytes(5 << 20), "unpacks to over 1,048,576"), (b"<html>Sign in</html>", "HTML page")):
        server.add("/photos.zip", gzip.compress(data), headers={"Content-Encoding": "gzip"})
        with pytest.raises(SourceUnavailable, match=words):
            fetch(want(), desk)
    assert not list(shelf.folder.iterdir())
    assert not _leftovers(desk)


def test_what_is_unpacked_never_stands_in_for_the_partial_file(
    server: Any, want: Any, desk: Desk, shelf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add("/photos.zip", PACKED, headers={"Content-Encoding": "gzip"})
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(shelf, "take", _die)
        fetch(want(), desk)
    (part,) = desk.downloads.glob("*.part")
    assert part.read_bytes() == PACKED
    assert shelf.read(fetch(want(), desk)) == DATA
    assert len(server.requests) == 1
    assert not _leftovers(desk)


def test_googles_hash_is_not_held_against_what_google_unpacked(server: Any, want: Any, desk: Desk, shelf: Any) -> None:
    headers = {"x-goog-hash": f"md5={_base64('md5', PACKED)}", "x-goog-stored-content-encoding": "gzip"}
    served = server.add("/photos.zip", DATA, headers=headers, ranges=False, chunked=True)
    assert shelf.read(fetch(want(), desk)) == DATA
    served.data, served.headers = PACKED[:-1] + b"x", headers | {"Content-Encoding": "gzip"}
    with pytest.raises(ChecksumMismatch, match="as the server states"):
        fetch(replace(want(), label="another"), desk)


def test_what_is_here_is_not_fetched_again_until_it_is_gone(server: Any, want: Any, desk: Desk, shelf: Any) -> None:
    server.add("/photos.zip", DATA)
    kept = fetch(want(), desk)
    assert fetch(want(), desk) == kept
    assert len(server.requests) == 1
    (shelf.folder / kept.sha256).unlink()
    assert fetch(want(), desk) == kept
    assert len(server.requests) == 2


# -- processes ---------------------------------------------------------------------------------------------------------

_FETCH = """
import sys
sys.path.insert(0, sys.argv[4])
from pathlib import Path
from evergreen.sources.fetching.answers import Ask
from evergreen.sources.fetching.desk import Desk, Kept
from evergreen.sources.fetching.download import Wanted, fetch

class Shelf:
    folder = Path(sys.argv[2])
    def has(self, kept):
        return (self.folder / kept.sha256).is_file()
    def take(self, path, kept):
        path.replace(self.folder / kept.sha256)

desk = Desk(Shelf(), Path(sys.argv[3]), Path(sys.argv[3]), None, lambda *progress: None)
ask = Ask(lambda: sys.argv[1], "http://server/photos.zip", "", stall_seconds=20, pause_seconds=0.01)
print(fetch(Wanted("photos.zip", ask, "label"), desk).sha256)
"""


def _process(server: Any, desk: Desk, shelf: Any) -> subprocess.Popen:
    project = Path(module.__file__).parents[3]
    arguments = [server.url("/photos.zip"), str(shelf.folder), str(desk.downloads), str(project)]
    return subprocess.Popen([sys.executable, "-c", _FETCH, *arguments], stdout=subprocess.PIPE, text=True)


def test_after_kill_9_the_next_process_resumes(server: Any, want: Any, desk: Desk, shelf: Any) -> None:
    server.add("/photos.zip", DATA).faults = [server.stall(20, after=3_000_000)]
    process = _process(server, desk, shelf)
    part = None
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (part and part.stat().st_size == 3_000_000):
        part = next(desk.downloads.glob("*.part"), None) if desk.downloads.is_dir() else None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert part is not None
    assert part.stat().st_size == 3_000_000
    assert shelf.read(fetch(want(), desk)) == DATA
    assert server.requests[-1].sent == len(DATA) - 3_000_000
    assert not _leftovers(desk)


def test_what_is_here_of_another_version_is_left(
    server: Any, want: Any, desk: Desk, shelf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = server.add("/photos.zip", DATA)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(shelf, "take", _die)
        fetch(want(), desk)
    assert _leftovers(desk)
    served.data, served.etag = OTHER, '"v2"'
    assert shelf.read(fetch(want(version=ask(want().ask).version), desk)) == OTHER


def test_after_a_reboot_a_partial_file_is_not_trusted(
    server: Any, want: Any, desk: Desk, shelf: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add("/photos.zip", DATA).faults = [server.cut(1_000_000), *[server.cut(0)] * 2]
    with pytest.raises(SourceUnreachable):
        fetch(want(), desk)
    (tmp_path / "boot").write_text("another boot")
    monkeypatch.setattr(memory, "_BOOT", tmp_path / "boot")
    assert shelf.read(fetch(want(), desk)) == DATA
    assert server.requests[-1].sent == len(DATA)


def test_eight_processes_fetch_it_once(server: Any, desk: Desk, shelf: Any) -> None:
    server.add("/photos.zip", DATA)
    processes = [_process(server, desk, shelf) for _ in range(8)]
    answers = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0] * 8
    assert answers == {hashlib.sha256(DATA).hexdigest()}
    assert len(list(shelf.folder.iterdir())) == 1
    assert len(server.requests) == 1
    assert not _leftovers(desk)


def test_a_full_disk_is_noticed_before_the_first_byte(
    server: Any, want: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add("/photos.zip", DATA)
    free = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: free)
    with pytest.raises(OSError, match="1,000 are free"):
        fetch(want(), desk)


def test_progress_is_told_up_to_the_end(server: Any, want: Any, desk: Desk) -> None:
    server.add("/photos.zip", DATA)
    told: list[tuple[str, int, int | None]] = []
    fetch(want(), replace(desk, tell=lambda *progress: told.append(progress)))
    assert told[-1] == ("photos.zip", len(DATA), len(DATA))


def test_a_torn_memory_is_no_memory(server: Any, want: Any, desk: Desk) -> None:
    server.add("/photos.zip", DATA)
    kept = fetch(want(), desk)
    path = next(desk.downloads.glob("*.json"))
    text = path.read_text()
    for length in (0, 1, len(text) // 2, len(text) - 1):
        path.write_text(text[:length])
        assert fetch(want(), desk) == kept
    assert len(server.requests) == 5


@pytest.mark.parametrize("size", [10, len(DATA)])
def test_the_end_of_a_file_is_told_once_and_where_it_began(
    server: Any, want: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(module, "_TELL_EVERY_SECONDS", 0)
    server.add("/photos.zip", DATA[:size]).faults = [server.cut(CHUNK + 1)] if size > CHUNK else []
    told: list[Any] = []
    fetch(want(), replace(desk, tell=lambda *progress: told.append(progress)))
    sizes = [done for _, done, _ in told]
    assert (sizes[0], sizes[-1], sizes.count(size)) == (0, size, 1)
    assert sizes == sorted(sizes)

"""evergreen.sources.fetching.whole: what came is the file that was meant, or is refused, within bounds."""

import gzip
import hashlib
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest
from downloads import DATA, PACKED, base64_of, leftovers

from evergreen.errors import (
    AccessRefused,
    ChecksumMismatch,
    SourceUnavailable,
)
from evergreen.sources.fetching import whole
from evergreen.sources.fetching.context import SourceContext
from evergreen.sources.fetching.download import fetch


def _die(*_: Any) -> None:
    raise KeyboardInterrupt


def test_one_wrong_byte_against_the_recipes_sha256_is_refused(
    server: Any, want: Any, context: SourceContext, shelf: Any
) -> None:
    served = server.add("/photos.zip", DATA[:-1] + bytes([DATA[-1] ^ 1]))
    wanted = want(sha256=hashlib.sha256(DATA).hexdigest())
    with pytest.raises(ChecksumMismatch, match="as the recipe states"):
        fetch(wanted, context)
    assert not list(shelf.folder.iterdir())
    assert not leftovers(context)
    served.data = DATA
    assert shelf.read(fetch(wanted, context)) == DATA


@pytest.mark.parametrize("sent", [DATA, PACKED], ids=["the file", "what is sent"])
def test_a_stated_sha256_is_of_the_file_or_of_what_is_sent_for_it(
    server: Any, want: Any, context: SourceContext, shelf: Any, sent: bytes
) -> None:
    server.add("/photos.zip", PACKED, headers={"Content-Encoding": "gzip"})
    assert shelf.read(fetch(want(sha256=hashlib.sha256(sent).hexdigest()), context)) == sent
    with pytest.raises(ChecksumMismatch, match="as the recipe states"):
        fetch(replace(want(sha256="0" * 64), label="another"), context)
    assert not leftovers(context)


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
    server: Any, want: Any, context: SourceContext, shelf: Any, name: str, sent: str, coding: str, meant: str
) -> None:
    # What the server states is of the file, which a filter knows nothing of; the recipe's word stands above it.
    headers = {"Content-Encoding": coding, "x-amz-checksum-sha256": base64_of("sha256", INSIDE[meant])}
    server.add("/photos.zip", INSIDE[sent], headers=headers)
    wanted = replace(want(sha256=hashlib.sha256(INSIDE[meant]).hexdigest()), name=name)
    assert shelf.read(fetch(wanted, context)) == INSIDE[meant]
    assert not leftovers(context)
    assert fetch(wanted, context).size == len(INSIDE[meant])
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
    server: Any, want: Any, context: SourceContext, shelf: Any, sent: bytes, found: list[tuple[bytes | None, str]]
) -> None:
    server.add("/photos.zip", sent, headers={"Content-Encoding": "gzip"})
    with pytest.raises(ChecksumMismatch) as refused:
        fetch(replace(want(sha256="0" * 64), name="photos.tar.gz"), context)
    for data, how in found:
        assert f"{hashlib.sha256(data).hexdigest()} {how}" if data else how in str(refused.value)
    one_of_these = " to one of these, any of which is taken then, if the file was replaced" in str(refused.value)
    assert one_of_these == all(data for data, _ in found)
    assert not list(shelf.folder.iterdir())
    assert not leftovers(context)


def test_a_web_page_packed_as_a_tar_is_said_to_be_one(server: Any, want: Any, context: SourceContext) -> None:
    server.add("/photos.zip", gzip.compress(b"<html>Sign in</html>"), headers={"Content-Encoding": "gzip"})
    with pytest.raises(AccessRefused, match="HTML page"):
        fetch(replace(want(sha256="0" * 64), name="photos.tar.gz"), context)


def test_memory_and_disk_are_bounded_where_a_stated_sha256_is_looked_for(
    server: Any, want: Any, context: SourceContext, shelf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole, "_RATIO_ABOVE", 1 << 20)
    written: list[int] = []
    monkeypatch.setattr(whole, "unpacked_path", lambda part: written.append(1) or part)
    server.add("/photos.zip", gzip.compress(bytes(64 << 20)), headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    try:
        with pytest.raises(ChecksumMismatch, match="nothing that can be read with gzip undone"):
            fetch(replace(want(sha256="0" * 64), name="photos.tar.gz"), context)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    assert written == []


@pytest.mark.parametrize(
    "damage",
    [PACKED[:-100], PACKED[:-8] + bytes(8), PACKED[:500] + bytes(100) + PACKED[600:], PACKED[:9]],
    ids=["cut", "checksum", "hole", "cut at once"],
)
def test_a_packed_body_that_came_damaged_is_refused(
    server: Any, want: Any, context: SourceContext, shelf: Any, damage: bytes
) -> None:
    for coding in ("gzip", "gzip, gzip"):
        server.add("/photos.zip", damage, headers={"Content-Encoding": coding})
        with pytest.raises(SourceUnavailable, match="came damaged"):
            fetch(want(), context)
    assert not list(shelf.folder.iterdir())
    assert not leftovers(context)


def test_a_packed_bomb_and_a_packed_login_page_are_refused(
    server: Any, want: Any, context: SourceContext, shelf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole, "_RATIO_ABOVE", 1 << 20)
    for data, words in ((bytes(5 << 20), "unpacks to over 1,048,576"), (b"<html>Sign in</html>", "HTML page")):
        server.add("/photos.zip", gzip.compress(data), headers={"Content-Encoding": "gzip"})
        with pytest.raises(SourceUnavailable, match=words):
            fetch(want(), context)
    assert not list(shelf.folder.iterdir())
    assert not leftovers(context)


def test_what_is_unpacked_never_stands_in_for_the_partial_file(
    server: Any, want: Any, context: SourceContext, shelf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add("/photos.zip", PACKED, headers={"Content-Encoding": "gzip"})
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(shelf, "take", _die)
        fetch(want(), context)
    (part,) = context.downloads.glob("*.part")
    assert part.read_bytes() == PACKED
    assert shelf.read(fetch(want(), context)) == DATA
    assert len(server.requests) == 1
    assert not leftovers(context)

"""evergreen.sources.fetching.codings: what was packed on the way comes out, and what is packed itself stays so."""

import gzip
from dataclasses import replace
from typing import Any

import pytest
from downloads import DATA, PACKED, base64_of, leftovers

from evergreen.errors import (
    ChecksumMismatch,
    SourceUnavailable,
)
from evergreen.sources.fetching.answers import ask
from evergreen.sources.fetching.context import SourceContext
from evergreen.sources.fetching.download import fetch


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", "aws-chunked", "none"])
@pytest.mark.parametrize("name", ["photos.tar.gz", "photos.TGZ"])
def test_a_coding_that_is_the_files_own_stays_on_it(
    server: Any, want: Any, context: SourceContext, shelf: Any, coding: str, name: str
) -> None:
    headers = {"Content-Encoding": coding, "Content-MD5": base64_of("md5", PACKED)}
    served = server.add("/photos.zip", PACKED, headers=headers)
    version = ask(want().ask).version
    served.faults = [server.cut(2_000_000)]
    kept = fetch(replace(want(version=version), name=name), context)
    assert shelf.read(kept) == PACKED
    assert [seen.headers["Accept-Encoding"] for seen in server.requests] == ["identity"] * 3
    assert server.requests[-1].sent == len(PACKED) - 2_000_000


def test_a_coding_put_around_the_file_on_the_way_comes_off(
    server: Any, want: Any, context: SourceContext, shelf: Any
) -> None:
    server.add("/photos.zip", PACKED, headers={"Content-Encoding": "gzip"})
    version = ask(want().ask).version
    assert shelf.read(fetch(want(version=version), context)) == DATA
    twice = gzip.compress(PACKED, 1)
    server.add("/photos.zip", twice, headers={"Content-Encoding": "gzip, gzip"})
    assert shelf.read(fetch(replace(want(), name="photos.tar.gz"), context)) == PACKED
    assert not leftovers(context)


def test_one_tag_on_a_packed_whole_and_on_plain_ranges_splices_nothing(
    server: Any, want: Any, context: SourceContext, shelf: Any
) -> None:
    served = server.add("/photos.zip", DATA, packed=True)
    version = ask(want().ask).version
    assert version == f'etag "v1", {len(DATA)} bytes'
    served.faults = [server.cut(1_000_000)]
    assert shelf.read(fetch(want(version=version), context)) == DATA
    assert [seen.headers.get("Range") for seen in server.requests] == ["bytes=0-0", None, "bytes=1000000-", None]


def test_a_filter_on_the_way_may_weaken_the_tag(server: Any, want: Any, context: SourceContext, shelf: Any) -> None:
    served = server.add("/photos.zip", DATA)
    version = ask(want().ask).version
    served.packed, served.etag = True, 'W/"v1"'
    assert shelf.read(fetch(want(version=version), context)) == DATA


def test_a_coding_that_is_stated_and_not_there_is_none(
    server: Any, want: Any, context: SourceContext, shelf: Any
) -> None:
    server.add("/photos.zip", DATA, headers={"Content-Encoding": "gzip"})
    assert shelf.read(fetch(want(), context)) == DATA


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "gzip, br", "gzip, gzip, gzip, gzip"])
def test_a_coding_that_cannot_be_undone_is_refused_before_the_body(
    server: Any, want: Any, context: SourceContext, coding: str
) -> None:
    server.add("/photos.zip", DATA, headers={"Content-Encoding": coding})
    with pytest.raises(SourceUnavailable, match=f"packed with {coding}, which was not asked for"):
        fetch(want(), context)
    assert not leftovers(context)


def test_googles_hash_is_not_held_against_what_google_unpacked(
    server: Any, want: Any, context: SourceContext, shelf: Any
) -> None:
    headers = {"x-goog-hash": f"md5={base64_of('md5', PACKED)}", "x-goog-stored-content-encoding": "gzip"}
    served = server.add("/photos.zip", DATA, headers=headers, ranges=False, chunked=True)
    assert shelf.read(fetch(want(), context)) == DATA
    served.data, served.headers = PACKED[:-1] + b"x", headers | {"Content-Encoding": "gzip"}
    with pytest.raises(ChecksumMismatch, match="as the server states"):
        fetch(replace(want(), label="another"), context)

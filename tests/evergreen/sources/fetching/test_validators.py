"""evergreen.sources.fetching.validators: hashes and versions that a server states are held against what came."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from downloads import DATA, OTHER, base64_of, leftovers

from evergreen.errors import (
    ChecksumMismatch,
    SourceChanged,
)
from evergreen.sources.fetching.answers import ask
from evergreen.sources.fetching.context import SourceContext
from evergreen.sources.fetching.download import fetch


@pytest.mark.parametrize(
    ("etag", "modified", "resumes"),
    [('W/"v1"', None, False), (None, None, False), (None, "Sat, 21 Nov 2026 10:00:00 GMT", True)],
)
def test_the_rest_is_asked_for_only_on_a_reliable_condition(
    server: Any, want: Any, context: SourceContext, shelf: Any, etag: str | None, modified: str | None, resumes: bool
) -> None:
    served = server.add("/photos.zip", DATA, etag=etag, modified=modified)
    served.faults = [server.cut(2_000_000)]
    assert shelf.read(fetch(want(), context)) == DATA
    assert server.requests[1].headers.get("If-Range") == (modified if resumes else None)
    assert server.requests[1].sent == (len(DATA) - 2_000_000 if resumes else len(DATA))


@pytest.mark.parametrize(
    "headers",
    [
        {"x-goog-hash": f"crc32c=AAAAAA==,md5={base64_of('md5', DATA)}"},
        {"x-amz-checksum-sha256": base64_of("sha256", DATA)},
        {"Repr-Digest": f"sha-256=:{base64_of('sha256', DATA)}:"},
        {"Digest": f"SHA-256={base64_of('sha256', DATA)}"},
        {"Content-MD5": base64_of("md5", DATA)},
    ],
)
def test_one_wrong_byte_against_the_servers_own_hash_is_refused(
    server: Any, want: Any, context: SourceContext, shelf: Any, headers: dict[str, str]
) -> None:
    served = server.add("/photos.zip", DATA, headers=headers)
    assert fetch(want(), context).size == len(DATA)
    served.data = DATA[:-1] + bytes([DATA[-1] ^ 1])
    with pytest.raises(ChecksumMismatch, match="as the server states"):
        fetch(replace(want(), label="another"), context)
    assert len(list(shelf.folder.iterdir())) == 1
    assert not leftovers(context)


def test_another_version_than_the_probe_saw_is_refused(
    server: Any, want: Any, context: SourceContext, shelf: Any
) -> None:
    served = server.add("/photos.zip", DATA)
    version = ask(want().ask).version
    assert version == f'etag "v1", {len(DATA)} bytes'
    assert server.requests[0].headers["Range"] == "bytes=0-0"
    served.etag = '"v2"'
    with pytest.raises(SourceChanged, match='received etag "v2"'):
        fetch(want(version=version), context)
    assert not list(shelf.folder.iterdir())


def test_another_version_is_refused_before_its_body_comes(server: Any, want: Any, context: SourceContext) -> None:
    served = server.add("/photos.zip", DATA)
    version = ask(want().ask).version
    served.faults = [server.stall(5), server.stall(5)]
    served.etag = '"v2"'
    with pytest.raises(SourceChanged, match=r"state the file's sha256 in the recipe"):
        fetch(want(version=version), context)
    assert len(server.requests) == 2
    assert not leftovers(context)


@pytest.mark.parametrize("chunked_at", ["the probe", "the fetch", "both"])
def test_one_version_may_be_told_with_a_length_and_without(
    server: Any, want: Any, context: SourceContext, shelf: Any, chunked_at: str
) -> None:
    served = server.add("/photos.zip", DATA, ranges=chunked_at == "the fetch", chunked=chunked_at != "the fetch")
    version = ask(want().ask).version
    assert version == ('etag "v1"' if not served.ranges else f'etag "v1", {len(DATA)} bytes')
    served.chunked = chunked_at != "the probe"
    assert shelf.read(fetch(want(version=version), context)) == DATA


def test_another_length_than_the_probe_saw_is_refused_where_the_answer_states_none(
    server: Any, want: Any, context: SourceContext, shelf: Any
) -> None:
    served = server.add("/photos.zip", DATA, chunked=True)
    version = ask(want().ask).version
    served.data = OTHER[:-1]
    with pytest.raises(SourceChanged, match=f"received .* and {len(DATA) - 1} bytes"):
        fetch(want(version=version), context)
    assert not list(shelf.folder.iterdir())
    assert not leftovers(context)


def test_tags_that_differ_by_node_are_named_and_a_stated_sha256_goes_through(
    server: Any, want: Any, context: SourceContext, shelf: Any
) -> None:
    served = server.add("/photos.zip", DATA, nodes=['"node-a"', '"node-b"', '"node-c"'])
    version = ask(want().ask).version
    with pytest.raises(SourceChanged, match=r"do not agree on a version: state the file's sha256"):
        fetch(want(version=version), context)
    served.faults = [server.cut(3_000_000), server.cut(2_500_000)]
    assert shelf.read(fetch(want(sha256=hashlib.sha256(DATA).hexdigest()), context)) == DATA
    assert not leftovers(context)

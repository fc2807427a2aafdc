"""evergreen.sources.http_source: several files, their versions, and the one that has none."""

import base64
import hashlib
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evergreen.errors import AccessRefused, OnlyInARun, SourceChanged, SourceUnreachable
from evergreen.sections.data import HttpSource
from evergreen.sources import http_source
from evergreen.sources.fetching.context import SourceContext


def _source(*files: dict[str, Any]) -> HttpSource:
    return HttpSource.model_validate({"files": files, "attempts": 2, "stall_seconds": 1, "pause_seconds": 0.005})


def test_several_files_come_in_the_versions_that_were_seen(server: Any, context: SourceContext, shelf: Any) -> None:
    for path, data in {"/a/images.zip": b"images", "/validation.zip": b"validation", "/b/images.zip": b"more"}.items():
        server.add(path, data)
    source = _source(*[{"url": server.url(path)} for path in server.files])
    facts = http_source.version(source, context)
    assert facts["files"] == {
        "1-images.zip": 'etag "v1", 6 bytes',
        "validation.zip": 'etag "v1", 10 bytes',
        "3-images.zip": 'etag "v1", 4 bytes',
    }
    assert facts["address"] == " ".join(server.url(path) for path in server.files)
    kept = http_source.acquire(source, facts["files"], context)
    assert {name: shelf.read(one) for name, one in kept.items()} == {
        "1-images.zip": b"images", "validation.zip": b"validation", "3-images.zip": b"more",
    }  # fmt: skip
    assert http_source.version(source, context) == facts


def test_a_new_version_is_seen_and_one_that_comes_meanwhile_is_refused(server: Any, context: SourceContext) -> None:
    served = server.add("/a.zip", b"old")
    source = _source({"url": server.url("/a.zip")})
    seen = http_source.version(source, context)
    served.data, served.etag = b"new!", '"v2"'
    assert http_source.version(source, context)["version"] != seen["version"]
    with pytest.raises(SourceChanged):
        http_source.acquire(source, seen["files"], context)


def test_a_stated_sha256_is_the_version_and_nobody_is_asked(server: Any, context: SourceContext) -> None:
    server.add("/a.zip", b"data")
    digest = hashlib.sha256(b"data").hexdigest()
    source = _source({"url": server.url("/a.zip"), "sha256": digest})
    facts = http_source.version(source, context)
    assert facts["version"] == f"a.zip sha256 {digest}"
    assert not server.requests
    http_source.acquire(source, facts["files"], context)
    http_source.acquire(source, facts["files"], context)
    assert len(server.requests) == 1


def test_without_tag_and_date_the_bytes_are_the_version(server: Any, context: SourceContext, shelf: Any) -> None:
    served = server.add("/a.zip", b"same size", etag=None)
    source = _source({"url": server.url("/a.zip")})
    with pytest.raises(OnlyInARun, match=r"no version of a\.zip"):
        http_source.version(source, replace(context, may_fetch=False))
    first = http_source.version(source, context)
    assert first["files"]["a.zip"] == f"sha256 {hashlib.sha256(b'same size').hexdigest()}"
    served.data = b"same SIZE"
    second = http_source.version(source, context)
    assert second["version"] != first["version"]
    assert shelf.read(http_source.acquire(source, second["files"], context)["a.zip"]) == b"same SIZE"


def test_a_probe_takes_a_signed_query_and_survives_a_busy_server(
    server: Any, context: SourceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = server.add("/a.zip", b"data", query="sig=right")
    source = _source({"url": server.url("/a.zip"), "query": "${PHOTOS_QUERY}"})
    monkeypatch.setenv("PHOTOS_QUERY", "sig=wrongplanted")
    with pytest.raises(AccessRefused, match=r"put its query into \$\{PHOTOS_QUERY\}") as caught:
        http_source.version(source, context)
    assert "planted" not in str(caught.value)
    monkeypatch.setenv("PHOTOS_QUERY", "sig=right")
    served.faults = [server.status(503)]
    assert http_source.version(source, context)["version"] == 'a.zip etag "v1", 4 bytes'
    served.faults = [server.status(503)] * 5
    with pytest.raises(SourceUnreachable, match="HTTP 503"):
        http_source.version(source, context)


def test_no_log_holds_a_signature(
    server: Any, context: SourceContext, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PHOTOS_QUERY", "sig=planted")
    served = server.add("/a.zip", b"data", query="sig=planted")
    served.faults = [server.status(302, Location=server.url("/a.zip?sig=planted", "localhost")), server.status(503)]
    source = _source({"url": server.url("/a.zip"), "query": "${PHOTOS_QUERY}"})
    with caplog.at_level(logging.DEBUG):
        http_source.acquire(source, http_source.version(source, context)["files"], context)
        served.data, served.etag = b"other", '"v2"'
        seen = http_source.version(source, context)["files"]
        served.faults = [server.status(500)] * 9
        with pytest.raises(SourceUnreachable):
            http_source.acquire(source, seen, context)
    assert "planted" not in caplog.text


def test_a_login_in_netrc_reaches_its_host_and_no_other(
    server: Any, context: SourceContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password planted\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    served = server.add("/a.zip", b"data")
    server.add("/b.zip", b"data")
    source = _source({"url": server.url("/a.zip")})
    facts = http_source.version(source, context)
    served.faults = [server.status(302, Location=server.url("/b.zip", "localhost"))]
    http_source.acquire(source, facts["files"], context)
    sent = [seen.headers.get("Authorization") for seen in server.requests]
    assert sent == [f"Basic {base64.b64encode(b'me:planted').decode()}"] * 2 + [None]
    assert "planted" not in str(facts)


def test_a_query_in_a_secret_block_is_opened_by_its_name(server: Any, context: SourceContext) -> None:
    server.add("/a.zip", b"data", query="sig=right")
    source = _source({"url": server.url("/a.zip"), "query": "secret:photos"})
    opened = {"photos": "sig=right"}
    facts = http_source.version(source, replace(context, open_secret=opened.__getitem__))
    assert facts["address"] == server.url("/a.zip")
    assert "right" not in str(facts)


def test_an_empty_file_has_a_version_too(server: Any, context: SourceContext, shelf: Any) -> None:
    server.add("/a.zip", b"")
    source = _source({"url": server.url("/a.zip")})
    facts = http_source.version(source, context)
    assert facts["files"] == {"a.zip": f"sha256 {hashlib.sha256(b'').hexdigest()}"}
    assert shelf.read(http_source.acquire(source, facts["files"], context)["a.zip"]) == b""

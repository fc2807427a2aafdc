"""storage.remote.objects: the verbs, on a folder and on a bucket alike."""

import filecmp
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from remotes import BUCKETS, KEY, SECRET

from storage.errors import BadReference, RemoteAbsent, RemoteRefused, RemoteUnreachable
from storage.remote.objects import Objects, opened


@pytest.fixture
def objects(remote_address: str) -> Objects:
    return opened(remote_address)


def test_what_was_put_is_there_whole_in_parts_and_as_a_file(objects: Objects, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.write_bytes(b"0123456789")
    assert objects.put_new("blobs/ab/one", given)
    assert objects.put_new("blobs/ab/empty", b"")
    assert objects.get("blobs/ab/one") == b"0123456789"
    assert objects.get_range("blobs/ab/one", 2, 3) == b"234"
    assert objects.get_range("blobs/ab/one", 8, 30) == b"89"
    assert objects.get_into("blobs/ab/one", tmp_path / "made")
    assert (tmp_path / "made").read_bytes() == b"0123456789"
    assert objects.get("blobs/ab/empty") == b""
    found = objects.head("blobs/ab/one")
    assert found is not None
    assert (found.name, found.size) == ("blobs/ab/one", 10)
    assert {(one.name, one.size) for one in objects.list("blobs")} == {("blobs/ab/one", 10), ("blobs/ab/empty", 0)}
    objects.delete(["blobs/ab/one", "blobs/ab/never"])
    assert [one.name for one in objects.list("blobs")] == ["blobs/ab/empty"]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_large_file_goes_up_in_parts_and_comes_whole(
    bucket: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.remote.bucket._IN_ONE_PIECE", 2**20)
    monkeypatch.setattr("storage.remote.bucket._PART", 5 * 2**20)  # the least that S3 takes
    objects = opened(request.getfixturevalue(bucket))
    given, made = tmp_path / "given", tmp_path / "made"
    given.write_bytes(os.urandom(11 * 2**20))
    assert objects.put_new("blobs/ab/large", given)
    tag = objects._store and objects._obstore.head(objects._store, "blobs/ab/large")["e_tag"]  # type: ignore[attr-defined]
    assert tag.strip('"').endswith("-3"), "S3 says of how many parts"
    assert objects.get_into("blobs/ab/large", made)
    assert filecmp.cmp(given, made, shallow=False)
    assert not objects.put_new("blobs/ab/large", made)


def test_what_is_not_there_is_none(objects: Objects, tmp_path: Path) -> None:
    assert objects.get("no") is objects.get_range("no", 0, 1) is objects.head("no") is objects.get_tagged("no") is None
    assert not objects.get_into("no", tmp_path / "made")
    assert list(objects.list("no")) == []
    objects.ask()


def test_of_many_who_put_a_new_object_one_does_and_it_stays(objects: Objects) -> None:
    def put(number: int) -> list[bool]:
        return [objects.put_new(f"new/{name}", f"{number}".encode()) for name in range(5)]

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(put, range(6)))
    assert [sum(column) for column in zip(*won, strict=True)] == [1] * 5
    for name in range(5):
        winner = next(number for number, did in enumerate(won) if did[name])
        assert objects.get(f"new/{name}") == f"{winner}".encode()
    objects.put_over("new/0", b"over")
    assert objects.get("new/0") == b"over"


def test_a_counter_raised_by_many_loses_nothing(objects: Objects) -> None:
    """Compare and swap: each reads, adds one, and puts it if nobody did meanwhile."""
    assert objects.put_if("count", b"0", None)
    assert not objects.put_if("count", b"7", None)

    def raise_it(_: int) -> None:
        for _ in range(5):
            while True:
                known = objects.get_tagged("count")
                assert known is not None
                if objects.put_if("count", str(int(known[0]) + 1).encode(), known[1]):
                    break

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(raise_it, range(4)))
    known = objects.get_tagged("count")
    assert known is not None
    assert known[0] == b"20"
    stale = known[1]
    assert objects.put_if("count", b"21", stale)
    assert not objects.put_if("count", b"22", stale)
    assert list(objects.list("blobs")) == []


def test_what_compare_and_swap_writes_is_listed_apart_and_deleted_whole(objects: Objects) -> None:
    assert list(objects.list_tagged("swapped")) == []
    assert objects.put_if("swapped/one", b"1", None)
    assert objects.put_if("swapped/two", b"2", None)
    known = objects.get_tagged("swapped/one")
    assert known is not None
    assert objects.put_if("swapped/one", b"12", known[1])
    assert {one.name for one in objects.list_tagged("swapped")} == {"swapped/one", "swapped/two"}
    objects.delete(["swapped/one"])
    assert objects.get_tagged("swapped/one") is None
    assert [one.name for one in objects.list_tagged("swapped")] == ["swapped/two"]
    assert objects.put_if("swapped/one", b"3", None)


def test_a_missing_bucket_or_folder_is_said(remote_address: str) -> None:
    missing = opened("s3://nobody/x" if remote_address.startswith("s3") else f"{remote_address}/not/mounted")
    for verb in (missing.ask, lambda: missing.get("a"), lambda: missing.put_new("a", b"")):
        with pytest.raises(RemoteAbsent, match=r"expected a (bucket|folder).*(make it|mount it)"):
            verb()


def test_a_server_that_is_gone_is_unreachable_and_no_secret_is_told(
    s3: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    objects = opened(s3)
    with pytest.raises(RemoteUnreachable, match="does not answer") as caught:
        objects.get("a")
    told = f"{caught.value!r} {caught.value} {objects!r} {vars(objects)!r} {capsys.readouterr()}"
    assert KEY not in told
    assert SECRET not in told


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ("403 <Code>InvalidAccessKeyId</Code><AWSAccessKeyId>PLANTED</AWSAccessKeyId>", RemoteRefused, "right to"),
        ("507 <Code>XMinioStorageFull</Code>PLANTED", "RemoteFull", "room"),
        ("503 <Code>SlowDown</Code>PLANTED", RemoteUnreachable, "does not answer"),
        ("200 DeleteObjects request failed for key PLANTED (code: AccessDenied)", RemoteRefused, "right to"),
    ],
    ids=["keys", "full", "busy", "one of many"],
)
def test_what_a_server_refuses_is_told_by_its_code_alone(s3: str, answer: str, kind: object, words: str) -> None:
    from obstore.exceptions import GenericError

    objects = opened(s3)

    def refuse(*_: object, **__: object) -> None:
        raise GenericError(f"Server returned non-2xx status code: {answer}")

    objects._obstore = type("Fake", (), {"put": refuse, "exceptions": objects._obstore.exceptions})  # type: ignore[attr-defined]
    with pytest.raises(Exception, match=words) as caught:
        objects.put_new("a", b"")
    assert caught.type.__name__ == getattr(kind, "__name__", kind)
    assert answer[:3] in str(caught.value)
    assert "PLANTED" not in repr(caught.value)
    assert caught.value.__cause__ is None


class _Server(ThreadingHTTPServer):
    """A server that refuses everything, or ends in the middle of every answer."""

    def __init__(self, status: int) -> None:
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = b"<Error><Code>AccessDenied</Code><AWSAccessKeyId>PLANTED</AWSAccessKeyId></Error>"
                self.send_response(status)
                told = {"ETag": '"1"', "Last-Modified": "Mon, 30 Nov 2026 12:00:00 GMT"} if status == 200 else {}
                for name, value in {"Content-Length": str(len(body)), **told}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body[: len(body) // (2 if status == 200 else 1)])

            do_GET = do_PUT = do_POST = do_HEAD = answer  # noqa: N815 - as http.server calls them

        super().__init__(("127.0.0.1", 0), Handler)


def test_whatever_is_asked_a_refusal_and_an_answer_that_is_cut_off_are_told_as_such(
    s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, made = tmp_path / "given", tmp_path / "made"
    given.write_bytes(b"bytes")
    reads: dict[str, Callable[[Objects], object]] = {
        "get": lambda objects: objects.get("a"),
        "get_range": lambda objects: objects.get_range("a", 0, 9),
        "get_into": lambda objects: objects.get_into("a", made),
        "get_tagged": lambda objects: objects.get_tagged("a"),
        "list": lambda objects: list(objects.list("a")),
        "ask": lambda objects: objects.ask(),
    }
    others: dict[str, Callable[[Objects], object]] = {
        "head": lambda objects: objects.head("a"),
        "put_new": lambda objects: objects.put_new("a", given),
        "put_over": lambda objects: objects.put_over("a", b"bytes"),
        "put_if": lambda objects: objects.put_if("a", b"bytes", '"1"'),
        "delete": lambda objects: objects.delete(["a"]),
    }
    for status, verbs, kind in ((403, reads | others, RemoteRefused), (200, reads, RemoteUnreachable)):
        with _Server(status) as server:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
            for name, verb in verbs.items():
                with pytest.raises(kind) as caught:
                    verb(opened(s3))
                assert "PLANTED" not in f"{caught.value!r} {caught.value.__cause__!r}", name
            server.shutdown()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("s3://user:PLANTED@bucket/x", "a user, a query or a fragment"),
        ("https://host/x?sig=PLANTED", "a user, a query or a fragment"),
        ("gs://bucket/x", "received 'gs://bucket/x'"),
        ("", "received ''"),
        ("s3:///x", "received 's3:///x'"),
    ],
)
def test_another_address_is_refused_and_a_secret_in_it_not_repeated(address: str, words: str) -> None:
    with pytest.raises(BadReference, match="expected s3://BUCKET/PREFIX") as caught:
        opened(address)
    assert words in str(caught.value)
    assert "PLANTED" not in str(caught.value)


@pytest.mark.parametrize("endpoint", ["http://minio.example:9000", "ftp://x", "https://u:PLANTED@host"])
def test_an_endpoint_beyond_this_machine_must_have_tls(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(BadReference, match=r"AWS_ENDPOINT_URL: expected https://") as caught:
        opened("s3://bucket/x")
    assert "PLANTED" not in str(caught.value)


def test_a_folder_is_named_by_a_path_or_an_address(tmp_path: Path) -> None:
    for address in (str(tmp_path), f"file://{tmp_path}", f"{os.path.relpath(tmp_path)}"):
        objects = opened(address)
        assert objects.address == address
        objects.put_new("a", b"")
        assert objects.get("a") == b""

"""Remotes for tests: a folder, and a bucket of moto's server on loopback; one server a session."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import count
from pathlib import Path

import pytest

BUCKET = "photos"
KEY, SECRET = "AKIAPLANTED00000", "pl4ntedpl4nted/secret"
_numbers = count()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of moto's server, with a bucket."""
    pytest.importorskip("obstore", reason="make setup EXTRAS=remote-tests")
    pytest.importorskip("moto", reason="make setup EXTRAS=remote-tests")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _make_bucket(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()


def _make_bucket(port: int) -> None:
    for _ in range(600):
        try:
            asked = HTTPConnection("127.0.0.1", port, timeout=30)
            asked.request("PUT", f"/{BUCKET}", headers={"Host": f"127.0.0.1:{port}", "Authorization": _AUTHORIZATION})
            if asked.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError("moto's server did not start")


_AUTHORIZATION = f"AWS4-HMAC-SHA256 Credential={KEY}/20260101/us-east-1/s3/aws4_request"


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A prefix of its own in the bucket, with the environment set."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    return f"s3://{BUCKET}/test-{next(_numbers)}"


@pytest.fixture
def shared_folder(tmp_path: Path) -> str:
    """A folder whose name has a space and a letter beyond ASCII."""
    folder = tmp_path / "shåred folder"
    folder.mkdir()
    return str(folder)


@pytest.fixture(params=["shared_folder", "s3"])
def remote_address(request: pytest.FixtureRequest) -> str:
    """The address of an empty remote: of a folder, and of a bucket."""
    address: str = request.getfixturevalue(request.param)
    return address

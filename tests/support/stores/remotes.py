"""Remotes for tests: a folder, and buckets of servers on loopback, moto's and SeaweedFS; one of each a session."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path

import pytest

BUCKET = "photos"
KEY, SECRET = "AKIAPLANTED00000", "pl4ntedpl4nted/secret"
# Who may read alone, in SeaweedFS; moto asks nobody.
READER = "AKIAPLANTED00001"
_AUTHORIZATION = f"AWS4-HMAC-SHA256 Credential={KEY}/20260101/us-east-1/s3/aws4_request"
# Another program than moto's, in Go: what is left to a server is done there in other ways.
WEED = Path(sys.executable).with_name("weed")
_INSTALL = "make setup EXTRAS=remote-tests"
_numbers = count()


def free_ports(wanted: int) -> list[int]:
    """Return ports of loopback that nobody has."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(wanted)]
        for free in sockets:
            free.bind(("127.0.0.1", 0))
        return [free.getsockname()[1] for free in sockets]


@contextlib.contextmanager
def moto_server() -> Iterator[str]:
    """Run moto's server, with a bucket, and yield its address."""
    [port] = free_ports(1)
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _asked(port, "PUT", f"/{BUCKET}", 200, {"Host": f"127.0.0.1:{port}", "Authorization": _AUTHORIZATION})
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()


@contextlib.contextmanager
def seaweed_server(folder: Path) -> Iterator[str]:
    """Run SeaweedFS on loopback with its data in a folder, with a bucket, and yield its address."""
    names = [f"{part}.port{kind}" for part in ("master", "volume", "filer", "s3") for kind in ("", ".grpc")]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    identities = [
        {"name": key, "credentials": [{"accessKey": key, "secretKey": SECRET}], "actions": actions}
        for key, actions in ((KEY, ["Admin"]), (READER, ["Read", "List"]))
    ]
    who = folder / "s3.json"
    who.write_text(json.dumps({"identities": identities}), encoding="utf-8")
    options = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}", "-filer", "-s3", f"-s3.config={who}"]
    # Small volumes, and as many as are wanted; nothing but S3, and nobody is told of it.
    options += ["-master.volumeSizeLimitMB=256", "-volume.max=0", "-volume.minFreeSpace=1", "-master.telemetry=false"]
    options += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket=false"]
    command = [str(WEED), "server", *options, *(f"-{name}={port}" for name, port in ports.items())]
    with (folder / "log.txt").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            _asked(ports["filer.port"], "POST", f"/buckets/{BUCKET}/", 201, {})
            _asked(ports["s3.port"], "GET", "/status", 200, {})
            yield f"http://127.0.0.1:{ports['s3.port']}"
        finally:
            server.kill()


def _asked(port: int, verb: str, path: str, wanted: int, headers: dict[str, str]) -> None:
    """Ask a server that starts, until it answers as it should."""
    for _ in range(600):
        with contextlib.suppress(OSError, HTTPException):
            asked = HTTPConnection("127.0.0.1", port, timeout=30)
            asked.request(verb, path, headers=headers)
            if asked.getresponse().status == wanted:
                return
        time.sleep(0.05)
    raise AssertionError(f"the server at {port} did not start")


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of moto's server, with a bucket."""
    pytest.importorskip("obstore", reason=_INSTALL)
    pytest.importorskip("moto", reason=_INSTALL)
    with moto_server() as address:
        yield address


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a SeaweedFS, with a bucket."""
    pytest.importorskip("obstore", reason=_INSTALL)
    if not WEED.is_file():
        pytest.skip(_INSTALL)
    with seaweed_server(tmp_path_factory.mktemp("seaweed")) as address:
        yield address


def use_server(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name a server and its keys in the environment, and return the address of an empty remote in it."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    return f"s3://{BUCKET}/test-{next(_numbers)}"


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A prefix of its own in moto's bucket, with the environment set."""
    return use_server(s3_server, monkeypatch)


@pytest.fixture
def seaweed_s3(seaweed: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same in a bucket of SeaweedFS."""
    return use_server(seaweed, monkeypatch)


@pytest.fixture
def shared_folder(tmp_path: Path) -> str:
    """A folder whose name has a space and a letter beyond ASCII."""
    folder = tmp_path / "shåred folder"
    folder.mkdir()
    return str(folder)


# Every kind of remote that tests are run on; SeaweedFS by make soak.
BUCKETS = ("s3", pytest.param("seaweed_s3", marks=pytest.mark.soak))


@pytest.fixture(params=["shared_folder", *BUCKETS])
def remote_address(request: pytest.FixtureRequest) -> str:
    """The address of an empty remote: of a folder, and of buckets."""
    address: str = request.getfixturevalue(request.param)
    return address

"""runs.answering.page_server: what is served to whom, over which protocol, and what is not."""

import datetime
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from evergreen.errors import BadInput
from runs.answering import page_server
from runs.answering.page_server import PageServer, server_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    page = tmp_path / "a påge"
    (page / "samples").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html>")
    (page / "samples/01 å.png").write_bytes(b"png")
    (page / "litert.wasm.gz").write_bytes(b"\x1f\x8b")
    (page / "phone.json").write_text("null\n")
    (tmp_path / "secret.txt").write_text("no")
    return page


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1, which signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    return tmp_path / "cert.pem", tmp_path / "key.pem"


@contextmanager
def _serving(server: PageServer) -> Iterator[PageServer]:
    with server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.shutdown()


def _asked(
    server: PageServer, path: str, method: str = "GET", trusted: Path | None = None
) -> tuple[HTTPResponse, bytes]:
    place = ("127.0.0.1", server.server_port)
    context = ssl.create_default_context(cafile=trusted) if trusted else None
    client = HTTPSConnection(*place, context=context, timeout=10) if context else HTTPConnection(*place, timeout=10)
    client.request(method, path)
    answer = client.getresponse()
    body = answer.read()
    client.close()
    return answer, body


def test_the_pages_files_are_served_and_nothing_else_of_this_machine(folder: Path) -> None:
    expected = {
        "/": 200, "/?backend=cpu": 200, "/index.html": 200, "/samples/01%20%C3%A5.png": 200, "/samples/": 404,
        "/samples": 404, "/../secret.txt": 404, "/%2e%2e/secret.txt": 404, "//secret.txt": 404, "/later.txt": 404,
    }  # fmt: skip
    with _serving(server_of(folder, 0)) as server:
        (folder / "later.txt").write_text("of somebody else")
        found = {path: _asked(server, path)[0].status for path in expected}
        assert found == expected
        head, body = _asked(server, "/", "HEAD")
        assert (head.status, body) == (200, b"")
        assert {method: _asked(server, "/", method)[0].status for method in ("POST", "PUT", "DELETE")} == dict.fromkeys(
            ("POST", "PUT", "DELETE"), 501
        )


def test_types_are_those_that_browsers_insist_on_and_no_page_may_frame_it(folder: Path) -> None:
    with _serving(server_of(folder, 0)) as server:
        answer, _ = _asked(server, "/litert.wasm.gz")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Encoding"] is None  # the page unpacks it itself
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'none'"


def test_on_loopback_no_phone_is_invited(folder: Path) -> None:
    with _serving(server_of(folder, 0)) as server:
        assert (server.phone, server.server_address[0]) == (None, "127.0.0.1")
        assert server.address == f"http://127.0.0.1:{server.server_port}/"
        assert json.loads(_asked(server, "/phone.json")[1]) is None
        assert _asked(server, "/phone.svg")[0].status == 404


def test_served_to_the_network_the_page_has_an_address_and_a_code_that_a_phone_can_use(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_server, "_reached", lambda *_: "192.168.7.7")
    with _serving(server_of(folder, 0, "0.0.0.0")) as server:  # noqa: S104 - in a test, for a moment
        assert server.phone == f"http://192.168.7.7:{server.server_port}/"
        phone = json.loads(_asked(server, "/phone.json")[1])
        assert phone == {"address": server.phone, "code": "phone.svg"}
        answer, code = _asked(server, "/phone.svg")
        assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == ("image/svg+xml", "no-cache")
        assert code.startswith(b"<?xml") and b"<script" not in code
        assert (folder / "phone.json").read_text() == "null\n"  # of the moment, so not in the folder


def test_an_address_that_no_other_machine_reaches_is_told_as_none() -> None:
    assert page_server._reached("localhost", socket.AF_INET) is None
    assert page_server._reached("127.0.0.2", socket.AF_INET) is None
    assert page_server._reached("192.168.7.7", socket.AF_INET) == "192.168.7.7"
    found = page_server._reached("0.0.0.0", socket.AF_INET)  # noqa: S104
    assert found is None or not ipaddress.ip_address(found).is_loopback


def test_over_https_a_silent_client_keeps_nobody_waiting_and_plain_http_gets_nothing(
    folder: Path, certificate: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    with _serving(server_of(folder, 0, tls=certificate)) as server:
        assert server.address.startswith("https://127.0.0.1:")
        with socket.create_connection(("127.0.0.1", server.server_port)):  # says nothing, so agrees on no TLS
            answer, body = _asked(server, "/", trusted=certificate[0])
        assert (answer.status, body) == (200, b"<!doctype html>")
        with pytest.raises(OSError), socket.create_connection(("127.0.0.1", server.server_port), 10) as plain:
            plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
            while data := plain.recv(1000):
                assert b"doctype" not in data
            raise OSError("closed")
    assert capfd.readouterr().err == ""


def test_what_cannot_be_listened_on_and_what_is_no_certificate_is_said(
    folder: Path, certificate: tuple[Path, Path]
) -> None:
    with server_of(folder, 0) as taken, pytest.raises(BadInput, match="choose another with --port"):
        server_of(folder, taken.server_port)
    with pytest.raises(BadInput, match="an address of this machine with --host"):
        server_of(folder, 0, "192.0.2.1")
    with pytest.raises(BadInput, match="expected a certificate and its key"):
        server_of(folder, 0, tls=(certificate[0], folder / "none.pem"))
    with pytest.raises(BadInput, match="no certificate in PEM and its key"):
        server_of(folder, 0, tls=(certificate[1], certificate[0]))

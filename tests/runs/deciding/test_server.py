"""runs.deciding.server: who is answered, and who is not. Any web page may send requests to loopback."""

import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from asking import digest, serving, session_of

from evergreen.errors import BadImage, BadInput
from runs.deciding.server import MOST_BYTES, TOKEN_HEADER, DecidingServer

KEEP = {"sha256": digest(1), "decision": "keep"}


def _picture(sha256: str, side: int) -> tuple[bytes, str]:
    if sha256 == digest(2):
        raise BadImage("not a readable image")
    return f"{sha256} {side}".encode(), "image/png"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DecidingServer]:
    with serving(session_of(tmp_path / "x.labels.yaml"), _picture) as running:
        yield running


def _ask(
    server: DecidingServer, method: str, path: str, body: object = None, **headers: str | None
) -> tuple[int, Any, dict[str, str]]:
    """Ask as the page does; a header that is None is left away."""
    host = f"127.0.0.1:{server.server_port}"
    sent = {"Host": host, TOKEN_HEADER: server.token, "Sec-Fetch-Site": "same-origin"}
    if method == "POST":
        sent |= {"Origin": f"http://{host}", "Content-Type": "application/json"}
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in {**sent, **changed}.items() if value is not None}  # type: ignore[misc]
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
    client = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    client.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in sent.items():
        client.putheader(name, value)
    if data is not None and "Content-Length" not in sent:
        client.putheader("Content-Length", str(len(data)))
    client.endheaders(data)
    answer = client.getresponse()
    given = answer.read()
    client.close()
    kind = answer.headers["Content-Type"]
    return answer.status, json.loads(given) if kind.startswith("application/json") else given, dict(answer.headers)


def test_the_page_is_answered_and_what_it_decides_is_written(server: DecidingServer) -> None:
    assert server.address == f"http://127.0.0.1:{server.server_port}/#{server.token}"
    assert server.server_address[0] == "127.0.0.1"
    for path, kind in (
        ("/", "text/html"),
        ("/page.js", "text/javascript"),
        ("/page.css", "text/css"),
        ("/palette.css", "text/css"),
        ("/alike.js", "text/javascript"),
    ):
        status, body, headers = _ask(server, "GET", path, **{TOKEN_HEADER: None, "Sec-Fetch-Site": "none"})
        assert (status, headers["Content-Type"].split(";")[0]) == (200, kind)
        assert server.token.encode() not in body
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")
        assert not {"Set-Cookie", "Access-Control-Allow-Origin"} & set(headers)
        assert "Python" not in headers["Server"]
    status, state, _ = _ask(server, "GET", "/api/state")
    assert (status, len(state["questions"]), state["next"]) == (200, 3, "evergreen retrain waste")
    assert _ask(server, "GET", f"/api/image/{digest(1)}")[:2] == (200, f"{digest(1)} 1600".encode())
    assert _ask(server, "GET", f"/api/small/{digest(4)}")[:2] == (200, f"{digest(4)} 320".encode())  # it looks like it
    assert _ask(server, "GET", f"/api/image/{digest(2)}")[0] == 422
    assert _ask(server, "POST", "/api/decide", KEEP)[1]["decision"]["decision"] == "keep"
    assert set(server.session.file.read().made) == {digest(1)}
    assert _ask(server, "POST", "/api/undo", {"sha256": digest(1)})[:2] == (200, {"decision": None})
    assert server.session.file.read().made == {}
    through_a_tunnel = {"Host": "localhost:9000", "Origin": "http://localhost:9000"}
    assert _ask(server, "POST", "/api/decide", KEEP, **through_a_tunnel)[0] == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({TOKEN_HEADER: None}, 401),
        ({TOKEN_HEADER: "x" * 43}, 401),
        ({TOKEN_HEADER: "é"}, 401),
        ({"Host": "evil.example:80"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "localhost@evil.example"}, 403),
        ({"Host": None}, 403),
        ({"Host": "[", "Origin": None}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_who_is_not_the_page_reads_and_writes_nothing(
    server: DecidingServer, headers: dict[str, str | None], status: int
) -> None:
    for method, path, body in (
        ("GET", "/api/state", None),
        ("GET", f"/api/image/{digest(1)}", None),
        ("GET", f"/api/small/{digest(4)}", None),
        ("POST", "/api/decide", KEEP),
        ("POST", "/api/undo", {"sha256": digest(1)}),
    ):
        if method == "GET" and headers == {"Host": "[", "Origin": None}:
            continue
        given, answer, _ = _ask(server, method, path, body, **headers)
        assert (given, set(answer)) == (status, {"error"})
        assert server.token not in answer["error"]
    assert not server.session.file.path.exists()


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (KEEP, {"Origin": None}, 403),  # no browser posts without one
        (KEEP, {"Content-Type": "text/plain"}, 415),  # which any page may send unasked
        (KEEP, {"Content-Type": None}, 415),
        (KEEP, {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"x" * (MOST_BYTES + 1), {}, 413),
        (None, {}, 411),
        (KEEP, {"Content-Length": "-1"}, 411),
        (KEEP, {"Transfer-Encoding": "chunked"}, 411),
        (b"{", {}, 400),
        (b"\xff", {}, 400),
        ([KEEP], {}, 400),
        ({"sha256": 1}, {}, 400),
        ({"sha256": digest(7), "decision": "keep"}, {}, 409),
        ({"sha256": digest(1), "decision": "relabel", "class": "wood"}, {}, 409),
    ],
)
def test_what_is_no_decision_in_json_writes_nothing(
    server: DecidingServer, body: object, headers: dict[str, str | None], status: int
) -> None:
    given, answer, _ = _ask(server, "POST", "/api/decide", body, **headers)
    assert (given, set(answer)) == (status, {"error"})
    assert not server.session.file.path.exists()


@pytest.mark.parametrize(
    "path",
    [
        "/../server.py", "/page.js/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/page.js?x",
        f"/api/image/{digest(7)}", f"/api/small/{digest(7)}", f"/api/image/../{digest(1)}", f"/api/image/{digest(1)}/x",
        "/api/image/", "/api/small/", "/api/decide", "http://evil.example/api/state",
    ],
)  # fmt: skip
def test_no_other_address_is_read(server: DecidingServer, path: str) -> None:
    assert _ask(server, "GET", path)[0] == 404


def test_other_methods_and_nonsense_are_refused_and_nothing_is_printed(
    server: DecidingServer, capfd: pytest.CaptureFixture[str]
) -> None:
    for method in ("OPTIONS", "PUT", "DELETE", "HEAD", "<script>"):
        with socket.create_connection(("127.0.0.1", server.server_port), 10) as client:
            client.sendall(f"{method} /api/decide HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            answer = b"".join(iter(lambda: client.recv(4096), b""))
        assert answer.split()[1] == b"501"
        assert b"script" not in answer.partition(b"\r\n\r\n")[2]
        assert b"Access-Control" not in answer
    with socket.create_connection(("127.0.0.1", server.server_port), 10) as client:
        client.sendall(b"POST /api/decide HTTP/1.1\r\n")  # and hangs up
    _ask(server, "GET", "/api/state", **{TOKEN_HEADER: None})
    assert capfd.readouterr() == ("", "")


def test_a_file_that_somebody_broke_is_told_and_a_port_that_is_taken(server: DecidingServer) -> None:
    server.session.file.path.write_text("<<<<<<< ours\n")
    status, answer, _ = _ask(server, "POST", "/api/decide", KEEP)
    assert status == 409
    assert "a merge of Git that is not finished" in answer["error"]
    with pytest.raises(BadInput, match="choose another with --port"):
        DecidingServer(server.session, _picture, "", server.server_port)

"""Requests whose heads are wrong, or do not come; and what is no request."""

import base64
import random
from collections.abc import Callable

from malformed import Malformed, Target


def _huge_header(target: Target, rng: random.Random) -> Malformed:
    kind = rng.randrange(4)
    headers = (
        ["X-Long: " + "a" * 300_000],
        [f"X-{number}: b" for number in range(20_000)],
        ["X" * 200_000 + ": b"],
        ["Cookie: " + "a=b; " * 60_000],
    )[kind]
    return Malformed(f"huge headers {kind}", [target.request(target.picture, "Content-Type: image/png", *headers)])


def _method(target: Target, rng: random.Random) -> Malformed:
    method = rng.choice(
        ("PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "GET", "FOO", "post", "CONNECT", "P\0ST", "A" * 9000)
    )
    return Malformed(f"method {method[:9]!r}", [target.request(target.picture, method=method)])


def _host(target: Target, rng: random.Random) -> Malformed:
    hosts = (
        None,
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "a@127.0.0.1@evil",
        "[::",
        "[",
        "a b",
        "%",
        "evil.example:80",
        "\x7f",
        "127.0.0.1\r\nHost: evil.example",
        "ü",
        "x" * 3000,
        "metadata.internal",
    )
    host = rng.choice(hosts)
    return Malformed(
        f"host {host and host[:22]!r}", [target.request(target.picture, "Content-Type: image/png", host=host)]
    )


def _origin(target: Target, rng: random.Random) -> Malformed:
    headers = (
        "Origin: http://evil.example",
        "Origin: null",
        "Origin: http://127.0.0.1:1",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
        "Origin: ",
        "Origin: [",
        f"Origin: https://127.0.0.1:{target.port + 1}",
        f"Origin: http://127.0.0.1:{target.port}\r\nOrigin: http://evil.example",
    )
    header = rng.choice(headers)
    return Malformed(f"origin {header[:40]!r}", [target.request(target.picture, "Content-Type: image/png", header)])


def _token(target: Target, rng: random.Random) -> Malformed:
    right = target.token
    words = rng.choice(
        (
            None,
            "Bearer",
            "Bearer ",
            f"Bearer {right}x",
            f"Bearer {right[:-1]}",
            f"Token {right}",
            right,
            f"Bearer {right.upper()}",
            "Basic",
            "Basic !!!",
            "Basic " + base64.b64encode(b"nobody").decode(),
            "Basic " + base64.b64encode(b"a:b").decode(),
            f"Bearer {right}\r\nAuthorization: Bearer {right}",
            "Bearer " + "a" * 9000,
            "Bearer ü",
            f"Digest {right}",
        )
    )
    request = target.request(target.picture, "Content-Type: image/png", authorization=words)
    return Malformed(f"token {words and words[:12]!r}", [request])


def _length(target: Target, rng: random.Random) -> Malformed:
    length = rng.choice(
        ("-1", "abc", "1e3", "+5", "0x10", "9" * 40, "5, 5", "5\r\nContent-Length: 6", " ", "٣", "18446744073709551616")
    )
    request = target.request(target.picture, "Content-Type: image/png", length=length)
    return Malformed(f"length {length[:20]!r}", [request])


def _slow_head(target: Target, rng: random.Random) -> Malformed:
    head = target.request(target.picture, "Content-Type: image/png")[: rng.randint(1, 60)]
    return Malformed("a head that does not come", [head])


def _dripping_head(target: Target, rng: random.Random) -> Malformed:
    head = target.request(target.picture, "Content-Type: image/png", "X: " + "y" * 200)
    return Malformed("a head that drips", [head[at : at + 1] for at in range(60)], pause=0.2)


def _hang_up(target: Target, rng: random.Random) -> Malformed:
    request = target.request(target.picture, "Content-Type: image/png")
    return Malformed("gone", [request[: rng.randint(0, len(request))]], hangs_up=True)


def _pipelined(target: Target, rng: random.Random) -> Malformed:
    first = target.request(method="GET", path="/health/live")
    return Malformed("rubbish behind a request", [first + rng.randbytes(rng.randint(30, 300)) + b"\r\n\r\n"], answers=2)


def _path(target: Target, rng: random.Random) -> Malformed:
    paths = (
        "/v1/recipes/../../etc/passwd/predict",
        "/v1/recipes/%2e%2e%2f%2e%2e%2fetc/predict",
        "/v1/recipes/%00/predict",
        "//v1//recipes//x//predict",
        "/v1/recipes/nobody/predict",
        "/v1/recipes/" + "a" * 9000 + "/predict",
        "/%ff%fe",
        "/../../../../etc/passwd",
        "/v1/recipes/<script>/predict",
        "/v1/recipes/x%0d%0aSet-Cookie:a/predict",
        "/docs/../x",
        "/.git/config",
        "http://evil.example/",
        "*",
        "/v1/recipes//predict",
        "/%",
        "/v1/recipes/ü/predict",
        "?",
        "x",
    )
    path = rng.choice(paths)
    return Malformed(f"path {path[:30]!r}", [target.request(target.picture, "Content-Type: image/png", path=path)])


def _query(target: Target, rng: random.Random) -> Malformed:
    top = rng.choice(("0", "-1", "abc", "1e9", "٣", "%00", "9" * 400, "1.5", "", "1&top=x", "NaN"))
    return Malformed(
        f"top {top[:12]}", [target.request(target.picture, "Content-Type: image/png", path=f"{target.path}?top={top}")]
    )


def _other_protocol(target: Target, rng: random.Random) -> Malformed:
    given = (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(500),
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
        b"GET /\r\n\r\n",
        b"HELO a\r\n\r\n",
        rng.randbytes(2000) + b"\r\n\r\n",
        b"\0" * 500 + b"\r\n\r\n",
        b"POST  / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"*3\r\n$3\r\nSET\r\n\r\n",
    )
    return Malformed("another protocol", [rng.choice(given)])


def _upgrade(target: Target, rng: random.Random) -> Malformed:
    kind = rng.choice(("websocket", "h2c", "rubbish"))
    headers = ["Connection: Upgrade", f"Upgrade: {kind}", "Sec-WebSocket-Version: 13"]
    headers += ["Sec-WebSocket-Key: " + base64.b64encode(rng.randbytes(16)).decode(), "HTTP2-Settings: AAMAAABk"]
    path = rng.choice((target.path, "/v1/nothing", "/ws"))
    return Malformed(f"upgrade to {kind}", [target.request(b"", *headers, method="GET", path=path, length=None)])


def _header_bytes(target: Target, rng: random.Random) -> Malformed:
    lines = (
        "X: a\0b",
        "X\0: a",
        ": nothing",
        "no colon",
        " folded: a",
        "X: a\n b",
        "X : a",
        "X: \x01\x02",
        "Content-Type: \0",
        "Transfer-Encoding: chunked\0",
    )
    kinds = ("Content-Type: text/plain", rng.choice(lines))  # refused for its type where its header is let in
    return Malformed(f"header {kinds[1]!r}", [target.request(target.picture, *kinds)])


MAKERS: tuple[Callable[[Target, random.Random], Malformed], ...] = (
    _huge_header,
    _method,
    _host,
    _origin,
    _token,
    _length,
    _slow_head,
    _dripping_head,
    _hang_up,
    _pipelined,
    _path,
    _query,
    _other_protocol,
    _upgrade,
    _header_bytes,
)

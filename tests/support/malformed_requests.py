"""Requests that are wrong in every way that somebody thought of, as bytes on a connection; the same for the same seed."""

import base64
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Malformed:
    """What is sent.

    Attributes:
        name: what is wrong with it.
        parts: sent one after the other.
        pause: seconds between them.
        hangs_up: whether the client is gone before it could be answered.
        answers: how many are awaited; the last one refuses.
    """

    name: str
    parts: Sequence[bytes]
    pause: float = 0.0
    hangs_up: bool = False
    answers: int = 1


@dataclass(frozen=True)
class Target:
    """Who is asked: the port, the path that predicts, and a picture that it would answer."""

    port: int
    path: str
    picture: bytes

    def request(
        self,
        body: bytes = b"",
        *headers: str,
        method: str = "POST",
        path: str | None = None,
        host: str | None = "",
        length: str | None = "",
        version: str = "HTTP/1.1",
    ) -> bytes:
        """Return a request, which is right but for what is given; None leaves a header out."""
        lines = [f"{method} {path or self.path} {version}"]
        lines += [] if host is None else [f"Host: {host or f'127.0.0.1:{self.port}'}"]
        lines += [] if length is None else [f"Content-Length: {length or len(body)}"]
        return "\r\n".join([*lines, *headers, "", ""]).encode("utf-8", "surrogateescape") + body


def malformed_requests(target: Target, count: int, seed: int = 0) -> list[Malformed]:
    """Return so many requests, of every kind by turns."""
    rng = random.Random(seed)
    return [MAKERS[number % len(MAKERS)](target, rng) for number in range(count)]


def _content_type(target: Target, rng: random.Random) -> Malformed:
    kinds = ("text/html", "application/xml", "video/mp4", "imagejpeg", "a" * 5000, "application/jsonp", "*/*", ";", "%00")
    kind = rng.choice(kinds)
    return Malformed(f"content type {kind[:20]}", [target.request(target.picture, f"Content-Type: {kind}")])


def _multipart(target: Target, rng: random.Random) -> Malformed:
    head = 'Content-Disposition: form-data; name="a"; filename="b.png"'
    bodies = {
        "nothing": b"",
        "no part": b"--x--\r\n",
        "no end": b"--x\r\n" + head.encode() + b"\r\n\r\n" + target.picture,
        "another boundary": b"--y\r\n" + head.encode() + b"\r\n\r\n" + target.picture + b"\r\n--y--\r\n",
        "no blank line": b"--x\r\n" + head.encode() + target.picture,
        "no name": b"--x\r\nContent-Disposition: form-data\r\n\r\nq\r\n--x--\r\n",
        "no file": b'--x\r\nContent-Disposition: form-data; name="top"\r\n\r\n3\r\n--x--\r\n',
        "a header without end": b"--x\r\nContent-Disposition: " + b"a" * 100_000,
        "many parts": (b"--x\r\n" + head.encode() + b"\r\n\r\nq\r\n") * 2000 + b"--x--\r\n",
        "rubbish": b"--x" + rng.randbytes(rng.randint(1, 2000)),
        "nulls in a name": b'--x\r\nContent-Disposition: form-data; name="\0"\r\n\r\n' + bytes(20) + b"\r\n--x--\r\n",
    }
    what = rng.choice(list(bodies))
    boundary = rng.choice((*["; boundary=x"] * 6, "", "; boundary=", f"; boundary={'x' * 500}", '; boundary="'))
    kind = f"Content-Type: multipart/form-data{boundary}"
    return Malformed(f"multipart: {what}{boundary[:14]}", [target.request(bodies[what], kind)])


def _chunked(target: Target, rng: random.Random) -> Malformed:
    bodies = (b"zz\r\nabc\r\n0\r\n\r\n", b"-5\r\nabc\r\n", b"FFFFFFFFFFFFFFFFFF\r\n", b"5\r\nabcdefgh\r\n0\r\n\r\n", b"\r\n\r\n",
              b"3;" + b"x" * 70_000, b"3\r\nabc\r\n0\r\nno trailer", b"5 \r\nab", b"0x5\r\nabcde\r\n0\r\n\r\n")  # fmt: skip
    body, also = rng.choice(bodies), rng.choice((None, None, "5"))
    headers = ["Transfer-Encoding: " + rng.choice(("chunked", "chunked", "gzip, chunked", "chunked, identity", "rubbish"))]
    return Malformed("chunked nonsense", [target.request(b"", *headers, length=also) + body])


def _huge_header(target: Target, rng: random.Random) -> Malformed:
    kind = rng.randrange(4)
    headers = (
        ["X-Long: " + "a" * 300_000],
        [f"X-{number}: b" for number in range(20_000)],
        ["X" * 200_000 + ": b"],
        ["Cookie: " + "a=b; " * 60_000],
    )[kind]
    return Malformed(f"huge headers {kind}", [target.request(target.picture, "Content-Type: image/png", *headers)])


def _bad_json(target: Target, rng: random.Random) -> Malformed:
    data = base64.b64encode(target.picture).decode()
    good = json.dumps({"images": [{"data": data}], "top": 1})
    given = (
        good[: rng.randrange(1, len(good))], "", "null", "[]", "3", '"images"', "{}", "{'images': []}", "\0", "\ufeff" + good,
        '{"images": []}', '{"images": {}}', '{"images": [3]}', '{"images": [null]}', '{"images": [{}]}',
        '{"images": [{"data": 3}]}', '{"images": [{"data": [1]}]}', '{"images": NaN}', '{"images": [{"data": "\\ud800"}]}',
        json.dumps({"images": [{"data": data, "name": 4}]}), json.dumps({"images": [{"data": data}], "top": "many"}),
        json.dumps({"images": [{"data": data}], "top": -1}), json.dumps({"images": [{"data": data}], "top": 1.5}),
        json.dumps({"images": [{"data": data}], "top": None}), json.dumps({"images": [{"data": data}], "top": [1]}),
        json.dumps({"images": [{"data": data}] * 65}), '{"images": ' + "9" * 5000 + "}",
    )  # fmt: skip
    body = rng.choice(given)
    return Malformed(f"JSON {body[:30]!r}", [target.request(body.encode(), "Content-Type: application/json")])


def _bytes_as_json(target: Target, rng: random.Random) -> Malformed:
    body = rng.randbytes(rng.randint(1, 500))
    return Malformed("bytes as JSON", [target.request(body, "Content-Type: application/json; charset=utf-16")])


def _deep_json(target: Target, rng: random.Random) -> Malformed:
    depth = rng.choice((1_000, 100_000, 2_000_000))
    begin = rng.choice(("[", '{"a":', '{"images":['))
    return Malformed(f"JSON {depth} deep", [target.request((begin * depth).encode(), "Content-Type: application/json")])


def _base64(target: Target, rng: random.Random) -> Malformed:
    good = base64.b64encode(target.picture).decode()
    data = rng.choice((good[:-1] + "!", good[:9], "=" * 40, "data:image/png;base64," + good, "%%%", "ü", "A", good + "\n="))
    body = json.dumps({"images": [{"data": data}]}).encode()
    return Malformed(f"base64 {data[:20]}", [target.request(body, "Content-Type: application/json")])


def _method(target: Target, rng: random.Random) -> Malformed:
    method = rng.choice(("PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "GET", "FOO", "post", "CONNECT", "P\0ST", "A" * 9000))
    return Malformed(f"method {method[:9]!r}", [target.request(target.picture, method=method)])


def _host(target: Target, rng: random.Random) -> Malformed:
    hosts = (None, "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "a@127.0.0.1@evil", "[::", "[", "a b",
             "%", "evil.example:80", "\x7f", "127.0.0.1\r\nHost: evil.example", "ü", "x" * 3000, "metadata.internal")  # fmt: skip
    host = rng.choice(hosts)
    return Malformed(f"host {host and host[:22]!r}", [target.request(target.picture, "Content-Type: image/png", host=host)])


def _origin(target: Target, rng: random.Random) -> Malformed:
    headers = ("Origin: http://evil.example", "Origin: null", "Origin: http://127.0.0.1:1", "Sec-Fetch-Site: cross-site",
               "Sec-Fetch-Site: same-site", "Origin: ", "Origin: [", f"Origin: https://127.0.0.1:{target.port + 1}",
               f"Origin: http://127.0.0.1:{target.port}\r\nOrigin: http://evil.example")  # fmt: skip
    header = rng.choice(headers)
    return Malformed(f"origin {header[:40]!r}", [target.request(target.picture, "Content-Type: image/png", header)])


def _length(target: Target, rng: random.Random) -> Malformed:
    length = rng.choice(("-1", "abc", "1e3", "+5", "0x10", "9" * 40, "5, 5", "5\r\nContent-Length: 6", " ", "٣", "18446744073709551616"))
    request = target.request(target.picture, "Content-Type: image/png", length=length)
    return Malformed(f"length {length[:20]!r}", [request])


def _too_long(target: Target, rng: random.Random) -> Malformed:
    length = rng.choice(("20971521", "4294967296", "1000000000000"))
    return Malformed("more than is taken", [target.request(b"", "Content-Type: image/png", length=length)])


def _missing_body(target: Target, rng: random.Random) -> Malformed:
    """Say that more comes than does: the service gives up."""
    more = len(target.picture) + rng.randint(1, 10_000)
    expect = rng.choice((("Expect: 100-continue",), ()))
    request = target.request(target.picture, "Content-Type: image/png", *expect, length=str(more))
    return Malformed("a body that does not come", [request], answers=1 + bool(expect))


def _slow_body(target: Target, rng: random.Random) -> Malformed:
    head = target.request(b"", "Content-Type: image/png", length="5000")
    return Malformed("a body that drips", [head, *[rng.randbytes(1) for _ in range(40)]], pause=0.2)


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


def _smuggled(target: Target, rng: random.Random) -> Malformed:
    """A length that ends in the middle: what follows is taken for a request."""
    cut = rng.randint(1, len(target.picture) - 30)
    request = target.request(target.picture, "Content-Type: image/png", length=str(cut))
    return Malformed("a body longer than it says", [request + b"\r\n\r\n"], answers=2)


def _path(target: Target, rng: random.Random) -> Malformed:
    paths = ("/v1/recipes/../../etc/passwd/predict", "/v1/recipes/%2e%2e%2f%2e%2e%2fetc/predict", "/v1/recipes/%00/predict",
             "//v1//recipes//x//predict", "/v1/recipes/nobody/predict", "/v1/recipes/" + "a" * 9000 + "/predict", "/%ff%fe",
             "/../../../../etc/passwd", "/v1/recipes/<script>/predict", "/v1/recipes/x%0d%0aSet-Cookie:a/predict", "/docs/../x",
             "/.git/config", "http://evil.example/", "*", "/v1/recipes//predict", "/%", "/v1/recipes/ü/predict", "?", "x")  # fmt: skip
    path = rng.choice(paths)
    return Malformed(f"path {path[:30]!r}", [target.request(target.picture, "Content-Type: image/png", path=path)])


def _query(target: Target, rng: random.Random) -> Malformed:
    top = rng.choice(("0", "-1", "abc", "1e9", "٣", "%00", "9" * 400, "1.5", "", "1&top=x", "NaN"))
    return Malformed(
        f"top {top[:12]}", [target.request(target.picture, "Content-Type: image/png", path=f"{target.path}?top={top}")]
    )


def _other_protocol(target: Target, rng: random.Random) -> Malformed:
    given = (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(500), b"SSH-2.0-OpenSSH_9.6\r\n",
             b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), b"GET /\r\n\r\n", b"HELO a\r\n\r\n", rng.randbytes(2000) + b"\r\n\r\n",
             b"\0" * 500 + b"\r\n\r\n", b"POST  / HTTP/1.1\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"*3\r\n$3\r\nSET\r\n\r\n")  # fmt: skip
    return Malformed("another protocol", [rng.choice(given)])


def _upgrade(target: Target, rng: random.Random) -> Malformed:
    kind = rng.choice(("websocket", "h2c", "rubbish"))
    headers = ["Connection: Upgrade", f"Upgrade: {kind}", "Sec-WebSocket-Version: 13"]
    headers += ["Sec-WebSocket-Key: " + base64.b64encode(rng.randbytes(16)).decode(), "HTTP2-Settings: AAMAAABk"]
    path = rng.choice((target.path, "/v1/nothing", "/ws"))
    return Malformed(f"upgrade to {kind}", [target.request(b"", *headers, method="GET", path=path, length=None)])


def _header_bytes(target: Target, rng: random.Random) -> Malformed:
    lines = ("X: a\0b", "X\0: a", ": nothing", "no colon", " folded: a", "X: a\n b", "X : a", "X: \x01\x02", "Content-Type: \0",
             "Transfer-Encoding: chunked\0")  # fmt: skip
    kinds = ("Content-Type: text/plain", rng.choice(lines))  # refused for its type where its header is let in
    return Malformed(f"header {kinds[1]!r}", [target.request(target.picture, *kinds)])


def _no_picture(target: Target, rng: random.Random) -> Malformed:
    headers = rng.choice((("Content-Type: image/png",), (), ("Content-Type: image/png", "Content-Encoding: gzip")))
    body = rng.choice((b"", rng.randbytes(300), target.picture[: len(target.picture) // 2], b"\x1f\x8b" + bytes(50)))
    return Malformed("no picture", [target.request(body, *headers)])


MAKERS: tuple[Callable[[Target, random.Random], Malformed], ...] = (
    _content_type, _multipart, _chunked, _huge_header, _bad_json, _bytes_as_json, _deep_json, _base64, _method, _host,
    _origin, _length, _too_long, _missing_body, _slow_body, _slow_head, _dripping_head, _hang_up, _pipelined, _smuggled,
    _path, _query, _other_protocol, _upgrade, _header_bytes, _no_picture,
)  # fmt: skip

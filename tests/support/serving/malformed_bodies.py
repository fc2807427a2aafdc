"""Requests whose bodies are wrong, or do not come."""

import base64
import json
import random
from collections.abc import Callable

from malformed import Malformed, Target


def _content_type(target: Target, rng: random.Random) -> Malformed:
    kinds = (
        "text/html",
        "application/xml",
        "video/mp4",
        "imagejpeg",
        "a" * 5000,
        "application/jsonp",
        "*/*",
        "%00",
    )
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
    bodies = (
        b"zz\r\nabc\r\n0\r\n\r\n",
        b"-5\r\nabc\r\n",
        b"FFFFFFFFFFFFFFFFFF\r\n",
        b"5\r\nabcdefgh\r\n0\r\n\r\n",
        b"\r\n\r\n",
        b"3;" + b"x" * 70_000,
        b"3\r\nabc\r\n0\r\nno trailer",
        b"5 \r\nab",
        b"0x5\r\nabcde\r\n0\r\n\r\n",
    )
    body, also = rng.choice(bodies), rng.choice((None, None, "5"))
    headers = [
        "Transfer-Encoding: " + rng.choice(("chunked", "chunked", "gzip, chunked", "chunked, identity", "rubbish"))
    ]
    return Malformed("chunked nonsense", [target.request(b"", *headers, length=also) + body])


def _bad_json(target: Target, rng: random.Random) -> Malformed:
    data = base64.b64encode(target.picture).decode()
    good = json.dumps({"images": [{"data": data}], "top": 1})
    given = (
        good[: rng.randrange(1, len(good))],
        "",
        "null",
        "[]",
        "3",
        '"images"',
        "{}",
        "{'images': []}",
        "\0",
        '{"images": []}',
        '{"images": {}}',
        '{"images": [3]}',
        '{"images": [null]}',
        '{"images": [{}]}',
        '{"images": [{"data": 3}]}',
        '{"images": [{"data": [1]}]}',
        '{"images": NaN}',
        '{"images": [{"data": "\\ud800"}]}',
        json.dumps({"images": [{"data": data, "name": 4}]}),
        json.dumps({"images": [{"data": data}], "top": "many"}),
        json.dumps({"images": [{"data": data}], "top": -1}),
        json.dumps({"images": [{"data": data}], "top": 1.5}),
        json.dumps({"images": [{"data": data}], "top": None}),
        json.dumps({"images": [{"data": data}], "top": [1]}),
        json.dumps({"images": [{"data": data}] * 65}),
        '{"images": ' + "9" * 5000 + "}",
    )
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
    data = rng.choice(
        (good[:-1] + "!", good[:9], "=" * 40, "data:image/png;base64," + good, "%%%", "ü", "A", good + "\n=")
    )
    body = json.dumps({"images": [{"data": data}]}).encode()
    return Malformed(f"base64 {data[:20]}", [target.request(body, "Content-Type: application/json")])


def _no_picture(target: Target, rng: random.Random) -> Malformed:
    headers = rng.choice((("Content-Type: image/png",), (), ("Content-Type: image/png", "Content-Encoding: gzip")))
    body = rng.choice((b"", rng.randbytes(300), target.picture[: len(target.picture) // 2], b"\x1f\x8b" + bytes(50)))
    return Malformed("no picture", [target.request(body, *headers)])


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


def _smuggled(target: Target, rng: random.Random) -> Malformed:
    """A length that ends in the middle: what follows is taken for a request."""
    cut = rng.randint(1, len(target.picture) - 30)
    request = target.request(target.picture, "Content-Type: image/png", length=str(cut))
    return Malformed("a body longer than it says", [request + b"\r\n\r\n"], answers=2)


MAKERS: tuple[Callable[[Target, random.Random], Malformed], ...] = (
    _content_type,
    _multipart,
    _chunked,
    _bad_json,
    _bytes_as_json,
    _deep_json,
    _base64,
    _no_picture,
    _too_long,
    _missing_body,
    _slow_body,
    _smuggled,
)

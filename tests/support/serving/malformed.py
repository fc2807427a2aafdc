"""What a malformed request is, and whom it is sent to."""

from collections.abc import Sequence
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
    """Who is asked: the port, the path that predicts, a picture that it would answer, and its token."""

    port: int
    path: str
    picture: bytes
    token: str

    def request(
        self,
        body: bytes = b"",
        *headers: str,
        method: str = "POST",
        path: str | None = None,
        host: str | None = "",
        length: str | None = "",
        authorization: str | None = "",
    ) -> bytes:
        """Return a request, which is right but for what is given; None leaves a header out."""
        lines = [f"{method} {path or self.path} HTTP/1.1"]
        lines += [] if host is None else [f"Host: {host or f'127.0.0.1:{self.port}'}"]
        lines += [] if length is None else [f"Content-Length: {length or len(body)}"]
        lines += [] if authorization is None else [f"Authorization: {authorization or f'Bearer {self.token}'}"]
        return "\r\n".join([*lines, *headers, "", ""]).encode("utf-8", "surrogateescape") + body

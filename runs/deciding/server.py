"""The page on which a person decides about images: served on loopback, to whoever has the token, and to no web page.

Any page in any browser of this machine may send requests to loopback, so nothing is answered because of where it comes
from. What is asked of a request: that its ``Host`` is loopback's name (a page of a name that an attacker lets point
here has his); the token, in a header of its own, which stands behind the ``#`` of the address and so in no log, no
``Referer`` and no cookie, which other servers on loopback would be sent; no ``Origin`` but the page's; and of what
writes, a body in JSON. Pictures are those that are asked about and those that stand beside them, by their digest, coded
anew: no path is ever read.
"""

import hmac
import json
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from email.message import Message
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import evergreen.reports as pages
from evergreen.errors import BadImage, BadInput, EvergreenError
from evergreen.reports.browser.packages import MEDIA_TYPES, WEB
from runs.deciding.session import Session
from storage.errors import StoreError

HOST = "127.0.0.1"
TOKEN_HEADER = "X-Evergreen-Token"  # noqa: S105 - the name of a header
MOST_BYTES = 4096  # of a request's body; a decision takes 200
# An image's bytes as a browser shows them, and their media type, for its SHA-256 and its longest side in pixels.
Picture = Callable[[str, int], tuple[bytes, str]]
LARGE, SMALL = 1600, 320  # the longest sides: of what is asked about, of what that looks like

_NAMES = ("127.0.0.1", "localhost", "::1")
_FOLDER = Path(pages.__file__).with_name("deciding")
_FILES = {
    "/": _FOLDER / "index.html",
    **{f"/{name}": _FOLDER / name for name in ("page.js", "alike.js", "keys.js", "page.css")},
    **{f"/{name}": WEB / name for name in ("palette.css", "icon.svg")},
}
_IMAGE = re.compile(r"/api/(image|small)/([0-9a-f]{64})")
_KEPT_PICTURES = 64
_MOST_UNREAD = 2**16
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Refused(Exception):
    """A request is not answered.

    Attributes:
        status: of HTTP.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class DecidingServer(ThreadingHTTPServer):
    """Serves one sitting until it is shut down."""

    daemon_threads = True

    def __init__(self, session: Session, picture: Picture, next_line: str, port: int = 0) -> None:
        """Listen on loopback; nothing is served yet.

        Args:
            session: what is asked, and where answers go.
            picture: gives an image as a browser shows it; may raise BadImage or StoreError.
            next_line: the command that comes after it, for the page's end.
            port: 0 takes any free one.

        Raises:
            BadInput: the port is in use, or may not be used.
        """
        self.session, self.next_line = session, next_line
        self.token = secrets.token_urlsafe(32)
        self._decoding = Lock()  # one at a time: a large one takes a gigabyte
        self._picture = lru_cache(_KEPT_PICTURES)(picture)
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise BadInput(f"port {port} of {HOST}: {error.strerror}; choose another with --port, 0 for any") from error

    @property
    def address(self) -> str:
        """The page's address, with the token."""
        return f"http://{HOST}:{self.server_port}/#{self.token}"

    def picture(self, digest: str, side: int) -> tuple[bytes, str]:
        """Return a picture as a browser shows it, its longest side of so many pixels at most."""
        with self._decoding:
            return self._picture(digest, side)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing where a browser hangs up, or sends nothing; of what else goes wrong, all."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: DecidingServer
    timeout = 20  # seconds in which a request must have come
    server_version, sys_version = "Evergreen", ""

    def do_GET(self) -> None:
        """Answer with the page, its state, or a picture."""
        self._answer_with(self._got)

    def do_POST(self) -> None:
        """Write or take back a decision."""
        self._answer_with(self._posted)

    def _answer_with(self, answered: Callable[[], tuple[bytes, str]]) -> None:
        self._unread = _length(self.headers) or 0 if self.command == "POST" else 0
        try:
            self._must_be_addressed_to_loopback()
            status, (body, kind) = 200, answered()
        except Refused as refused:
            status, (body, kind) = refused.status, _error(refused)
        except BadImage as error:
            status, (body, kind) = 422, _error(error)
        except (EvergreenError, StoreError) as error:
            status, (body, kind) = 409, _error(error)
        except OSError as error:
            status, (body, kind) = 500, _error(error)
        # Whoever sends more than is read gets no answer, but a connection that is reset.
        self.rfile.read(min(self._unread, _MOST_UNREAD))
        self._send(status, body, kind)

    def _got(self) -> tuple[bytes, str]:
        if found := _FILES.get(self.path):
            return found.read_bytes(), MEDIA_TYPES[found.suffix]
        self._must_be_the_page()
        if self.path == "/api/state":
            return _json(self.server.session.state() | {"next": self.server.next_line})
        named = _IMAGE.fullmatch(self.path)
        if named and self.server.session.shows(named[2]):
            return self.server.picture(named[2], LARGE if named[1] == "image" else SMALL)
        raise Refused(404, "there is nothing at this address")

    def _posted(self) -> tuple[bytes, str]:
        if self.path not in ("/api/decide", "/api/undo"):
            raise Refused(404, "there is nothing at this address")
        if self.headers.get("Origin") is None:
            raise Refused(403, "expected an Origin: browsers send one with what they post")
        self._must_be_the_page()
        said = self._body()
        session, digest = self.server.session, said.get("sha256", "")
        if self.path == "/api/undo":
            return _json({"decision": session.undo(digest)})
        return _json({"decision": session.decide(digest, said.get("decision", ""), said.get("class", ""))})

    def _must_be_addressed_to_loopback(self) -> None:
        hosts = self.headers.get_all("Host") or []
        try:
            named = urlsplit(f"//{hosts[0]}").hostname if len(hosts) == 1 else None
        except ValueError:
            named = None
        if named not in _NAMES:
            raise Refused(403, f"expected {HOST} or localhost as Host")

    def _must_be_the_page(self) -> None:
        """Refuse whoever is not the page that this server served.

        Raises:
            Refused: another origin, or no token, or another one.
        """
        origin, site = self.headers.get("Origin"), self.headers.get("Sec-Fetch-Site")
        if origin not in (None, f"http://{self.headers['Host']}") or site not in (None, "same-origin"):
            raise Refused(403, "expected a request of this server's own page")
        given = self.headers.get(TOKEN_HEADER, "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self.server.token.encode()):
            raise Refused(
                401, "this page's key is missing or is another one's: open the address that the terminal shows, whole"
            )

    def _body(self) -> Mapping[str, str]:
        """Return the mapping of texts that was posted.

        Raises:
            Refused: it is none, of another type, or too large.
        """
        if self.headers.get_content_type() != "application/json":
            raise Refused(415, "expected application/json")
        length = _length(self.headers)
        if length is None:
            raise Refused(411, "expected a Content-Length")
        if length > MOST_BYTES:
            raise Refused(413, f"expected {MOST_BYTES:,} bytes at most")
        self._unread = 0
        try:
            said = json.loads(self.rfile.read(length))
        except ValueError:
            raise Refused(400, "expected JSON") from None
        if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
            raise Refused(400, "expected a mapping of texts")
        return said

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no request of ours without repeating it."""
        self.close_connection = True
        self._send(code, *_json({"error": "expected GET or POST of this page"}))

    def log_message(self, *_: object) -> None:
        """Say nothing: an address may hold what nobody should keep."""


def _length(headers: Message) -> int | None:
    """Return how many bytes a body has; None if it does not say so, or says so otherwise."""
    said = headers.get("Content-Length", "")
    return int(said) if "Transfer-Encoding" not in headers and re.fullmatch("[0-9]{1,9}", said) else None


def _error(error: Exception) -> tuple[bytes, str]:
    return _json({"error": str(error)})


def _json(value: Any) -> tuple[bytes, str]:
    return json.dumps(value, ensure_ascii=False).encode(), "application/json; charset=utf-8"

"""A server of a page's files and of nothing else, on this machine alone or for the network that it is in."""

import io
import ipaddress
import json
import socket
import ssl
import sys
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from evergreen.errors import BadInput
from evergreen.reports.browser.packages import MEDIA_TYPES

LOOPBACK = "127.0.0.1"
PHONE, CODE = "phone.json", "phone.svg"
_PATIENCE = 30  # seconds that a connection may say nothing
# An address that is nobody's (RFC 5737, RFC 3849): which of ours would be used, without sending anything.
_NOBODY = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
# As index.html says, and that no other page frames this one, which is said by a header alone.
_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",  # asked about each time: another page or program may be at this address next
}


@dataclass(frozen=True)
class Serving:
    """How a page is served.

    Attributes:
        host: the address of this machine that is listened on; 0.0.0.0 or :: are all of them.
        port: 0 takes any free one.
        tls: certificate and private key, PEM files; None serves plain HTTP.
    """

    host: str = LOOPBACK
    port: int = 0
    tls: tuple[Path, Path] | None = None


class PageServer(ThreadingHTTPServer):
    """Serves until it is shut down.

    Attributes:
        address: of the page, as a browser on this machine opens it.
        phone: the same for other machines; None where only this one can reach it.
    """

    def __init__(self, folder: Path, serving: Serving) -> None:
        """Listen; ``serve_forever`` answers.

        Args:
            folder: the page; its files of this moment are served.
            serving: where and how.

        Raises:
            BadInput: the port is in use or may not be used, the host is no address of this machine, or the certificate
                and its key cannot be used.
        """
        self.context = _context(serving.tls) if serving.tls else None
        self.address_family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
        self.made: dict[str, bytes] = {}
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        try:
            super().__init__((serving.host, serving.port), partial(_Files, files, directory=str(folder)))
        except (OSError, OverflowError) as error:
            raise BadInput(
                f"port {serving.port} of {serving.host}: {getattr(error, 'strerror', None) or error}; "
                "choose another with --port, 0 for any, or an address of this machine with --host"
            ) from error
        scheme = "https" if self.context else "http"
        reached = _reached(serving.host, self.address_family)
        self.phone = f"{scheme}://{_in_url(reached)}:{self.server_port}/" if reached else None
        here = LOOPBACK if serving.host in ("0.0.0.0", "::") else serving.host  # noqa: S104 - compared, not bound
        self.address = f"{scheme}://{_in_url(here)}:{self.server_port}/"
        if self.phone:
            self.made = {PHONE: json.dumps({"address": self.phone, "code": CODE}).encode(), CODE: svg(self.phone)}

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Answer one connection, in a thread of its own; there also TLS is agreed on, which a client may delay."""
        request.settimeout(_PATIENCE)
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)
        if self.context:
            request.close()  # the socket beneath is the server's to close, and has no descriptor any more

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away, or that wanted no TLS or another."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def server_of(folder: Path, port: int, host: str = LOOPBACK, tls: tuple[Path, Path] | None = None) -> PageServer:
    """Return a server of a page, which does not serve yet; it raises as ``PageServer`` does."""
    return PageServer(folder, Serving(host, port, tls))


def svg(address: str) -> bytes:
    """Return an address as a QR code, dark on light, an SVG that takes the size it is given."""
    import segno

    data = io.BytesIO()
    segno.make(address, error="m", micro=False).save(data, kind="svg", border=4, light="#ffffff", omitsize=True)
    return data.getvalue()


def terminal_code(address: str) -> str:
    """Return an address as a QR code in half blocks, for a terminal."""
    import segno

    text = io.StringIO()
    segno.make(address, error="l", micro=False).terminal(out=text, border=2, compact=True)
    return text.getvalue()


class _Files(SimpleHTTPRequestHandler):
    """Files with the types that browsers insist on; logs nothing."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | MEDIA_TYPES

    def __init__(self, files: set[str], *arguments: Any, directory: str) -> None:
        self.files = files
        super().__init__(*arguments, directory=directory)

    def send_head(self) -> BinaryIO | io.BytesIO | None:
        """Answer GET and HEAD, of the page's files alone: no folder is listed, and no link followed out of it."""
        name = unquote(urlsplit(self.path).path).removeprefix("/") or "index.html"
        made = self.server.made.get(name)  # type: ignore[attr-defined]
        if made is not None:
            self.send_response(200)
            self.send_header("Content-Type", self.guess_type(name))
            self.send_header("Content-Length", str(len(made)))
            self.end_headers()
            return io.BytesIO(made)
        if name not in self.files:
            self.send_error(404)
            return None
        return super().send_head()

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _context(tls: tuple[Path, Path]) -> ssl.SSLContext:
    certificate, key = tls
    for path in tls:
        if not path.is_file():
            raise BadInput(f"expected a certificate and its key, two PEM files; {path} is none: --tls CERT KEY")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise BadInput(
            f"{certificate} and {key} are no certificate in PEM and its key without a password: {error}; "
            "mkcert (https://github.com/FiloSottile/mkcert) makes both for an address in your network"
        ) from error
    return context


def _no_password() -> str:
    raise ValueError("the key has a password")  # OpenSSL would ask in the terminal, below whatever else is there


def _reached(host: str, family: int) -> str | None:
    """Return by which address other machines reach a server that listens on ``host``; None if by none."""
    if host not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        try:
            return None if ipaddress.ip_address(socket.gethostbyname(host)).is_loopback else host
        except (OSError, ValueError):
            return host
    with socket.socket(family, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect((_NOBODY[socket.AddressFamily(family)], 9))
        except OSError:
            return None
        found = str(asked.getsockname()[0])
    return None if ipaddress.ip_address(found).is_loopback else found


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host

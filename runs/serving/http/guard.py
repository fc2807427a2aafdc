"""Who may ask: before anything else of a request is read.

Any page in any browser of this machine may send requests to loopback. So nothing is answered because of where it comes
from: a ``Host`` that is a name must be known (a page of a name that an attacker lets point here has his), an ``Origin``
must be this service's own, and a browser must not say that another site asks. With a token, all but the probes of an
orchestrator wants it: as ``Authorization: Bearer``, or as the password of ``Basic``, which browsers can send.
"""

import base64
import binascii
import hmac
import ipaddress
import json
import stat
import time
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evergreen.errors import BadInput

PROBES = ("/health/live", "/health/ready", "/v2/health/live", "/v2/health/ready")
_LOOPBACK = ("localhost",)
_SHORTEST_TOKEN = 16
_HEADERS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}

# Told of every request that was answered: what came of it, with plain JSON values.
Told = Callable[[dict[str, Any]], None]


def read_token(path: Path) -> str:
    """Return the token in a file that only its owner may read.

    Raises:
        BadInput: there is none, others may read it, or it is too short to be secret.
    """
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: expected a file with a token, it cannot be read: {error}; {_make(path)}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise BadInput(f"{path}: expected mode 0600, found {stat.S_IMODE(mode):04o}: others may read it; chmod 600 it")
    if len(text) < _SHORTEST_TOKEN or not (text.isascii() and text.isprintable()) or " " in text:
        raise BadInput(f"{path}: expected {_SHORTEST_TOKEN} or more letters and digits without spaces; {_make(path)}")
    return text


def _make(path: Path) -> str:
    return f'make one with: (umask 077; python3 -c "import secrets; print(secrets.token_urlsafe(32))" > {path})'


class Guard:
    """An ASGI application around another one; tells of each request what came of it."""

    def __init__(self, app: ASGIApp, names: frozenset[str], token: str | None, told: Told) -> None:
        """Take whom to let in.

        Args:
            app: what answers.
            names: by which this service may be addressed, beside addresses in digits and localhost.
            token: what a request must have; None asks for none.
            told: told of every request.
        """
        self._app, self._told = app, told
        self._names = names.union(_LOOPBACK)
        self._token = None if token is None else token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"expected http, received {scope['type']}")
        about: dict[str, Any] = scope.setdefault("evergreen", {})
        began, status = time.perf_counter(), 500

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {name.lower(): value for name, value in message.get("headers", ())}
                message = {**message, "headers": [*({**_HEADERS, **headers}.items())]}
            await send(message)

        try:
            if refused := self._refused(scope):
                about["error"] = refused[1]
                await _answer(answered, *refused)
            else:
                await self._app(scope, receive, answered)
        finally:
            seconds = time.perf_counter() - began
            client = scope.get("client")
            self._told(
                {
                    "method": scope["method"],
                    "path": about.pop("path", scope["path"][:200]),
                    "status": status,
                    "milliseconds": round(1000 * seconds, 2),
                    "client": client[0] if client else None,
                    **about,
                }
            )

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        """Return the status and the words with which a request is refused; None lets it in."""
        headers: MutableMapping[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value)
        probe = scope["method"] in ("GET", "HEAD") and scope["path"] in PROBES
        hosts = [value.decode("latin-1") for value in headers.get(b"host", ())]
        if len(hosts) != 1 or not (probe or self._is_known(hosts[0])):
            return 403, "Host: expected the address of this service, or a name given with --allow-host"
        origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site", [b"none"])
        own = origin is None or [_netloc(value) for value in origin] == [hosts[0].lower()]
        if not own or site[0] not in (b"none", b"same-origin"):
            return 403, "another site's page may not ask this service"
        if self._token and not probe and not self._has_token(headers.get(b"authorization", [])):
            return 401, "expected this service's token: Authorization: Bearer TOKEN"
        return None

    def _is_known(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        try:
            ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            return name in self._names or "*" in self._names
        return True  # no name leads to it but the address itself

    def _has_token(self, given: list[bytes]) -> bool:
        kind, _, rest = given[0].partition(b" ") if len(given) == 1 else (b"", b"", b"")
        if kind.lower() == b"basic":
            try:
                rest = base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
            except binascii.Error:
                rest = b""
        elif kind.lower() != b"bearer":
            rest = b""
        return hmac.compare_digest(rest.strip(), self._token or b"")


def _netloc(origin: bytes) -> str:
    try:
        return urlsplit(origin.decode("latin-1")).netloc.lower()
    except ValueError:
        return ""


async def _answer(send: Send, status: int, error: str) -> None:
    body = json.dumps({"error": error}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:  # Chromium reads the first of a line alone, and can send Basic
        headers.append((b"www-authenticate", b'Basic realm="evergreen", Bearer realm="evergreen"'))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

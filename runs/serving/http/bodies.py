"""From a request's body to images: one as it is, several as multipart, or JSON with base64; in memory, on no disk."""

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from python_multipart.exceptions import MultipartParseError
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from runs.serving.answers import Busy, NotAnswered
from runs.serving.settings import Settings

# All bodies that are in memory at once, as a multiple of the largest that is taken.
_AT_ONCE = 8
_AT_LEAST = 256 * 2**20
_LONGEST_NAME = 1024
# The last is what curl --data-binary says of a file unless it is told otherwise.
_AS_IT_IS = ("", "application/octet-stream", "application/x-www-form-urlencoded")


class BadRequest(NotAnswered):
    """The request is not what is expected."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Sent:
    """What a request asks.

    Attributes:
        names: of the images, as the client calls them; None where it does not.
        images: the bytes of their files.
        top: how many classes are listed.
    """

    names: list[str | None]
    images: list[bytes]
    top: int


class Bodies:
    """Reads bodies within the limits of a service, all of them together within its memory."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._most = max(_AT_LEAST, _AT_ONCE * settings.most_bytes)
        self._held = 0

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[bytes]:
        """Yield a request's body, which counts as held until the end.

        Raises:
            BadRequest: it is too large, does not come in time, or breaks off.
            Busy: there is no memory for it now.
        """
        limit, held = self._settings.most_bytes, 0
        said = request.headers.get("content-length", "")
        if said.isdigit() and int(said) > limit:
            raise BadRequest(f"expected {limit:,} bytes at most, received {int(said):,}", 413)
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(self._settings.seconds):
                async for part in request.stream():
                    held += len(part)
                    self._held += len(part)
                    if held > limit:
                        raise BadRequest(f"expected {limit:,} bytes at most, received more", 413)
                    if self._held > self._most:
                        raise Busy("the bodies of other requests fill the memory that there is for them")
                    parts.append(part)
            yield b"".join(parts)
        except TimeoutError:
            raise BadRequest(f"the request did not come within {self._settings.seconds:g} s", 408) from None
        except ClientDisconnect:
            raise BadRequest("the request broke off") from None
        finally:
            self._held -= held

    async def images(self, request: Request, body: bytes) -> Sent:
        """Return the images of a body, by its content type.

        Raises:
            BadRequest: it holds none, too many, or is not what its type says.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        top = _top(request.query_params.get("top", "3"))
        if kind == "multipart/form-data":
            sent = await self._multipart(request.headers, body, top)
        elif kind == "application/json":
            sent = _json(body, top)
        elif kind.startswith("image/") or kind in _AS_IT_IS:
            sent = Sent([None], [body], top)
        else:
            raise BadRequest(
                f"expected image/*, application/octet-stream, multipart/form-data or application/json, received {kind}",
                415,
            )
        if not 1 <= len(sent.images) <= self._settings.most_images:
            raise BadRequest(f"expected 1 to {self._settings.most_images} images, received {len(sent.images)}")
        return sent

    async def _multipart(self, headers: Headers, body: bytes, top: int) -> Sent:
        async def stream() -> AsyncIterator[bytes]:
            yield body

        parser = _InMemory(headers, stream(), max_files=self._settings.most_images, max_fields=4)  # type: ignore[arg-type]
        try:
            form = await parser.parse()
        except (MultiPartException, MultipartParseError, KeyError, ValueError, LookupError) as error:
            raise BadRequest(f"expected multipart/form-data, received what is none: {error}"[:300]) from None
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        found = [(file.filename, await file.read()) for file in files]
        await form.close()
        if isinstance(said := form.get("top"), str):
            top = _top(said)
        return Sent([name and name[:_LONGEST_NAME] for name, _ in found], [data for _, data in found], top)


class _InMemory(MultiPartParser):
    """Keeps files in memory: they are bounded by the body, which is there already."""

    spool_max_size = 2**32


def _top(text: Any) -> int:
    said = str(text)
    if not (said.isascii() and said.isdigit() and len(said) < 10 and int(said) >= 1):
        raise BadRequest(f"top: expected a whole number from 1 on, received {said[:40]!r}")
    return int(said)


def parsed(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a body is.

    Raises:
        BadRequest: it is none.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"expected JSON: {type(error).__name__}: {error}"[:200]) from None
    if not isinstance(said, dict):
        raise BadRequest(f"expected a JSON object, received {type(said).__name__}")
    return said


def decoded(text: Any) -> bytes:
    """Return the bytes of base64.

    Raises:
        BadRequest: it is none.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise BadRequest("expected base64 as text") from None


def _json(body: bytes, top: int) -> Sent:
    said = parsed(body)
    images = said.get("images")
    if not isinstance(images, list) or not all(isinstance(one, dict) for one in images):
        raise BadRequest('expected {"images": [{"data": "<base64>"}, ...]}')
    names = [one.get("name") for one in images]
    if not all(name is None or isinstance(name, str) for name in names):
        raise BadRequest("name: expected text")
    data = [decoded(one.get("data")) for one in images]
    return Sent([name and name[:_LONGEST_NAME] for name in names], data, _top(said.get("top", top)))

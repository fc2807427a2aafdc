"""`POST /feedback`: somebody says what an image is that the service answered. Whether he may, others asked before."""

import asyncio
import json
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from evergreen.errors import BadInput
from runs.serving.answers import Answering, NotAnswered
from runs.serving.feedback.keeper import Keeper
from runs.serving.feedback.truths import NoRoom, NotKept, Truth, give
from runs.serving.http.app import noted

MOST_BYTES, SECONDS = 4096, 10
PER_SECOND, AT_ONCE = 10.0, 50
_SCHEMA = {
    "type": "object",
    "required": ["recipe", "sha256", "label"],
    "additionalProperties": False,
    "properties": {
        "recipe": {"type": "string"},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "Of the image's bytes, as answered."},
        "label": {"type": "string", "description": "What the image is: a class of the model."},
        "by": {"type": "string", "maxLength": 100, "description": "Who says so."},
        "new_class": {"type": "boolean", "default": False, "description": "The label is a class the model lacks."},
    },
}
_TEXTS = ("recipe", "sha256", "label", "by")


class Refused(Exception):
    """A request is not taken.

    Attributes:
        status: of HTTP.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Limit:
    """Lets so many through a second, and so many at once; the rest has to come again."""

    def __init__(self, per_second: float, at_once: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with as many as may come at once."""
        self._rate, self._most, self._clock = per_second, float(at_once), clock
        self._left, self._since = self._most, clock()

    def passes(self) -> bool:
        """Whether one more may come now; one that may is counted."""
        now = self._clock()
        self._left, self._since = min(self._most, self._left + (now - self._since) * self._rate), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def routes(keeper: Keeper, service: Answering) -> APIRouter:
    """Return `POST /feedback`.

    Args:
        keeper: of the answers about which something may be said.
        service: says which classes a recipe has.
    """
    router = APIRouter(tags=["feedback"])
    limit = Limit(PER_SECOND, AT_ONCE)
    turn = asyncio.Lock()  # one reads the log at a time

    @router.post(
        "/feedback",
        summary="Say what an image is that was answered",
        responses={code: {"description": HTTPStatus(code).phrase} for code in (400, 404, 413, 415, 422, 429, 503)},
        openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _SCHEMA}}}},
    )
    async def feedback(request: Request) -> JSONResponse:
        """Keep a truth. It trains nothing before a person confirmed it: evergreen feedback RECIPE."""
        noted(request)
        try:
            if not limit.passes():
                raise Refused(429, f"expected {PER_SECOND:.0f} truths a second at most")
            said = _said(await _body(request))
            classes = service.release_of(said["recipe"]).classes
            given = (keeper, said["recipe"], said["sha256"], said["label"], classes, said.get("by", ""))
            async with turn:
                truth, new = await asyncio.to_thread(give, *given, new_class=said.get("new_class", False))
            return JSONResponse(_answer(said["recipe"], truth, new))
        except Refused as refused:
            return _error(refused.status, refused)
        except NotAnswered as error:
            return _error(error.status, error)
        except NotKept as error:
            return _error(404, error)
        except NoRoom as error:
            return _error(429, error)
        except BadInput as error:
            return _error(422, error)
        except OSError as error:
            return _error(503, f"the truth cannot be kept: {error.strerror or 'the disk refuses'}")

    return router


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise Refused(415, "expected application/json")
    data = b""
    try:
        async with asyncio.timeout(SECONDS):
            async for part in request.stream():
                data += part
                if len(data) > MOST_BYTES:
                    raise Refused(413, f"expected {MOST_BYTES:,} bytes at most")
    except TimeoutError:
        raise Refused(408, f"the request did not come within {SECONDS} s") from None
    return data


def _said(body: bytes) -> dict[str, Any]:
    """Return what was sent, of the types that are expected.

    Raises:
        Refused: it is something else.
    """
    try:
        said = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refused(400, "expected JSON in UTF-8") from None
    if not isinstance(said, dict):
        raise Refused(400, 'expected an object such as {"recipe": "digits", "sha256": "...", "label": "two"}')
    if strange := sorted(set(said) - set(_SCHEMA["properties"])):  # type: ignore[call-overload]
        raise Refused(422, f"expected {', '.join((*_TEXTS, 'new_class'))}; received {strange[0][:80]!r}")
    if missing := [name for name in _TEXTS[:3] if name not in said]:
        raise Refused(422, f"expected {', '.join(_TEXTS[:3])}; {missing[0]} is missing")
    for name in _TEXTS:
        if name in said and not _is_text(said[name]):
            raise Refused(422, f"{name}: expected a text")
    if not isinstance(said.get("new_class", False), bool):
        raise Refused(422, "new_class: expected true or false")
    return said


def _is_text(value: Any) -> bool:
    """Whether a value is a text that can be written in UTF-8: JSON may hold halves of letters."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _answer(recipe: str, truth: Truth, new: bool) -> dict[str, Any]:
    return {
        "recipe": recipe,
        "sha256": truth.sha256,
        "label": truth.label,
        "new_class": truth.new_class,
        "kept": truth.time,
        "new": new,
        "trains": "not before a person confirmed it",
    }


def _error(status: int, error: object) -> JSONResponse:
    headers = {"Retry-After": "1"} if status == 429 else None
    return JSONResponse({"error": str(error)}, status, headers)

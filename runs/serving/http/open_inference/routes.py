"""The addresses of the Open Inference Protocol: a model is a recipe, its version the release that answers."""

from importlib.metadata import version as version_of
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from runs.serving.answers import NotAnswered, NotServed, Release
from runs.serving.http.app import noted
from runs.serving.http.bodies import BadRequest, Bodies
from runs.serving.http.open_inference.outputs import metadata, response
from runs.serving.http.open_inference.tensors import HEADER, read
from runs.serving.service import Service

_EXTENSIONS = ("binary_tensor_data", "classification", "parameters")
_MODEL, _VERSION = "/v2/models/{name}", "/v2/models/{name}/versions/{version}"
_DIGITS = 12


def routes(service: Service, bodies: Bodies) -> APIRouter:
    """Return the routes of a service; what they raise, the application turns into ``{"error": words}``."""
    router = APIRouter(tags=["Open Inference Protocol v2"])
    _about(router, service)

    @router.post(f"{_MODEL}/infer")
    async def infer(name: str, request: Request) -> Response:
        """Classify images: the tensor `image` (BYTES, [N]) or `pixels` (UINT8, [N, H, W, 3])."""
        return await _inferred(service, bodies, request, name, None)

    @router.post(f"{_VERSION}/infer")
    async def infer_by(name: str, version: str, request: Request) -> Response:
        """Classify images by this release, if it is the one that answers."""
        return await _inferred(service, bodies, request, name, version)

    return router


def _about(router: APIRouter, service: Service) -> None:
    @router.get("/v2")
    async def server(request: Request) -> dict[str, Any]:
        """Return the server's name, version and extensions."""
        noted(request)
        return {"name": "evergreen", "version": version_of("evergreen-retrain"), "extensions": list(_EXTENSIONS)}

    @router.get("/v2/health/live")
    async def live(request: Request) -> dict[str, bool]:
        """Return that the server runs."""
        noted(request)
        return {"live": True}

    @router.get("/v2/health/ready")
    async def ready(request: Request) -> JSONResponse:
        """Return whether every model can answer; else 503."""
        noted(request)
        return JSONResponse({"ready": service.ready}, 200 if service.ready else 503)

    @router.get(_MODEL)
    async def model(name: str, request: Request) -> dict[str, Any]:
        """Return a model's inputs, outputs and labels."""
        noted(request, recipe=name[:64])
        return metadata(_release(service, name, None))

    @router.get(_VERSION)
    async def model_by(name: str, version: str, request: Request) -> dict[str, Any]:
        """Return the same of this release, if it is the one that answers."""
        noted(request, recipe=name[:64])
        return metadata(_release(service, name, version))

    @router.get(f"{_MODEL}/ready")
    async def model_ready(name: str, request: Request) -> JSONResponse:
        """Return whether a model can answer; else 503."""
        noted(request, recipe=name[:64])
        return _is_ready(service, name, None)

    @router.get(f"{_VERSION}/ready")
    async def model_ready_by(name: str, version: str, request: Request) -> JSONResponse:
        """Return whether this release can answer; 404 if it is not the one that does."""
        noted(request, recipe=name[:64])
        return _is_ready(service, name, version)


def _is_ready(service: Service, name: str, version: str | None) -> JSONResponse:
    try:
        _release(service, name, version)
    except NotServed:
        raise
    except NotAnswered:
        return JSONResponse({"name": name, "ready": False}, 503)
    found = bool(service.pool.pids)
    return JSONResponse({"name": name, "ready": found}, 200 if found else 503)


def _release(service: Service, name: str, version: str | None) -> Release:
    """Return the release that answers for a model.

    Raises:
        NotServed: no such model is served, or the version is another one.
        NotAnswered: it has nothing that could answer.
    """
    found = service.release_of(name)
    if version is None or (len(version) >= _DIGITS and found.release.startswith(version)):
        return found
    raise NotServed(
        f"version: expected the release that answers for {found.recipe}, {found.release}, or {_DIGITS} or more of its "
        f"first digits, received {version[:80]!r}"
    )


async def _inferred(service: Service, bodies: Bodies, request: Request, name: str, version: str | None) -> Response:
    noted(request, recipe=name[:64])
    asked = _release(service, name, version)  # before the body is read
    if encoding := request.headers.get("content-encoding"):
        raise BadRequest(f"expected a body as it is: images are compressed already; received {encoding[:40]!r}", 415)
    service.pool.admit(1)
    async with bodies.read(request) as body:
        inference = read(body, request.headers.get(HEADER), service.settings.most_images)
        answers = await service.answer(name, inference.images, asked.release if version else None, heard=True)
    unusable = sum(bool(one.error) for one in answers.images)
    noted(request, release=answers.release.release[:_DIGITS], images=len(answers.images), unusable=unusable)
    said, binary = response(inference, name, answers)
    if binary is None:
        return Response(said, media_type="application/json")
    return Response(said + binary, media_type="application/octet-stream", headers={HEADER: str(len(said))})

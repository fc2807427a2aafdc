"""The HTTP application: what of a service is asked at which address. Errors are JSON: {"error": words}."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from runs.serving.answers import Answered, Answers, NotAnswered
from runs.serving.http import schema
from runs.serving.http.bodies import Bodies
from runs.serving.http.metrics import CONTENT_TYPE, Metrics
from runs.serving.service import Service

_UNPROCESSABLE = 422


def application(service: Service, metrics: Metrics, bodies: Bodies, more: Sequence[APIRouter] = ()) -> FastAPI:
    """Return the application of a service.

    Args:
        service: answers.
        metrics: counts.
        bodies: reads bodies, all of them within one bound of memory.
        more: routes of other protocols.
    """
    app = FastAPI(
        title="Evergreen",
        version=version("evergreen-retrain"),
        summary="Champions of image classifiers, which answer for images.",
        docs_url=None,  # the page that FastAPI has asks other sites for what it shows
        redoc_url=None,
    )
    app.include_router(_answers(service, bodies))
    app.include_router(_about(service, metrics))
    for router in more:
        app.include_router(router)
    app.add_exception_handler(NotAnswered, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _no_route)
    return app


def noted(request: Request, **about: Any) -> None:
    """Note what the access log and the metrics should say of a request: plain JSON values, no picture, no secret."""
    route = request.scope.get("route")
    request.scope.setdefault("evergreen", {}).update({"route": getattr(route, "path", "other"), **about})


def _answers(service: Service, bodies: Bodies) -> APIRouter:
    router = APIRouter(tags=["answers"])

    @router.post("/v1/recipes/{recipe}/predict", **schema.PREDICT)
    async def predict(recipe: str, request: Request) -> Response:
        """Classify images by a recipe's champion."""
        noted(request, recipe=recipe[:64])
        service.release_of(recipe)  # before the body is read
        service.pool.admit(1)
        async with bodies.read(request) as body:
            sent = await bodies.images(request, body)
            answers = await service.answer(recipe, sent.images)
        unusable = sum(bool(one.error) for one in answers.images)
        noted(request, release=answers.release.release[:12], images=len(answers.images), unusable=unusable)
        status = _UNPROCESSABLE if unusable == len(answers.images) == 1 else 200
        return JSONResponse(_told(answers, sent.names, sent.top), status)

    return router


def _told(answers: Answers, names: Sequence[str | None], top: int) -> dict[str, Any]:
    release = answers.release
    reached = release.threshold is not None and release.threshold <= 1
    return {
        **release.as_json(),
        "canary": answers.canary,
        "unsure_below": release.threshold if reached else None,
        "milliseconds": round(1000 * answers.seconds, 3),
        "predictions": [
            {"image": name, "sha256": one.sha256, **_prediction(answers, one, top)}
            for name, one in zip(names, answers.images, strict=True)
        ],
    }


def _prediction(answers: Answers, one: Answered, top: int) -> dict[str, Any]:
    if one.error:
        return {"error": one.error}
    whole = answers.top(one, len(one.scores))
    probabilities = {entry["label"]: entry["probability"] for entry in whole}
    return {"top": whole[:top], "unsure": answers.unsure(one), "probabilities": probabilities}


def _about(service: Service, metrics: Metrics) -> APIRouter:
    router = APIRouter(tags=["about the service"])

    @router.get("/v1/recipes")
    async def recipes(request: Request) -> list[dict[str, Any]]:
        """Return every recipe that is served, with the release that answers."""
        noted(request)
        return [service.line(recipe).as_json() for recipe in service.recipes]

    @router.get("/v1/recipes/{recipe}")
    async def recipe(recipe: str, request: Request) -> dict[str, Any]:
        """Return the release that answers for a recipe, its classes, and those that were refused."""
        noted(request, recipe=recipe[:64])
        return service.line(recipe).as_json()

    @router.get("/health/live")
    async def live(request: Request) -> dict[str, bool]:
        """Return that the service runs."""
        noted(request)
        return {"live": True}

    @router.get("/health/ready")
    async def ready(request: Request) -> JSONResponse:
        """Return whether every recipe has a release that answers, and a worker runs; else 503."""
        noted(request)
        return JSONResponse({"ready": service.ready}, 200 if service.ready else 503)

    @router.get("/metrics", response_class=Response)
    async def counts(request: Request) -> Response:
        """Return what Prometheus reads."""
        noted(request)
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    return router


async def _refused(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, NotAnswered):
        raise error
    noted(request, error=str(error)[:200])
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
    return JSONResponse({"error": str(error)}, error.status, headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    noted(request)
    return JSONResponse({"error": str(error)[:500]}, 400)


async def _no_route(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    noted(request)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)

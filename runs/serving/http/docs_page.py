"""The OpenAPI page: Swagger UI from an installed package, so that a browser asks no other site for anything."""

from importlib.resources import files

from fastapi import APIRouter, HTTPException, Request, Response

from runs.serving.http.app import noted

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Evergreen: how the service is asked</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="page"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
"""
_START = """SwaggerUIBundle({
  url: new URL("openapi.json", location.origin + location.pathname).href, // without the password of the page's own
  dom_id: "#page",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
  validatorUrl: null,
});
"""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_KINDS = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}


def routes() -> APIRouter:
    """Return the page and what it loads."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def page(request: Request) -> Response:
        noted(request)
        return Response(_PAGE, media_type="text/html", headers={"Content-Security-Policy": _POLICY})

    @router.get("/docs/start.js")
    async def start(request: Request) -> Response:
        noted(request)
        return Response(_START, media_type="text/javascript")

    @router.get("/docs/{name}")
    async def file(name: str, request: Request) -> Response:
        noted(request)
        if name not in _KINDS:
            raise HTTPException(404, "there is nothing at this address")
        data = files("fastapi_swagger").joinpath("resources", name).read_bytes()
        return Response(data, media_type=_KINDS[name])

    return router

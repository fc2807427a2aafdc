"""A service's application, asked in the event loop that it runs in: no socket, all else real."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from runs.serving.http.app import application
from runs.serving.http.bodies import Bodies
from runs.serving.http.guard import Guard
from runs.serving.http.metrics import Metrics
from runs.serving.service import Service
from runs.serving.settings import Settings


class Asking:
    """A client, the service behind it, and what was told of each request."""

    def __init__(self, client: httpx.AsyncClient, service: Service, told: list[dict[str, Any]]) -> None:
        self.client, self.service, self.told = client, service, told


def over_http(
    root: Path,
    work: Callable[[Asking], Awaitable[None]],
    *,
    token: str | None = None,
    names: frozenset[str] = frozenset(),
    **limits: Any,
) -> None:
    """Start a service, do something with a client of it, and stop it."""

    async def all_of_it() -> None:
        service = Service(Settings(root, workers=1, **limits), lambda _: None)
        told: list[dict[str, Any]] = []
        try:
            await service.start()
            metrics = Metrics(service)
            service.listeners.append(metrics.heard)

            def heard(request: dict[str, Any]) -> None:
                metrics.told(request)
                told.append(request)

            app: Any = Guard(application(service, metrics, Bodies(service.settings)), names, token, heard)
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
                await work(Asking(client, service, told))
        finally:
            await service.stop()

    asyncio.run(all_of_it())

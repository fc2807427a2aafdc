"""A service behind a real socket on loopback, in a thread of its own."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import APIRouter

from runs.serving.http.app import application
from runs.serving.http.bodies import Bodies
from runs.serving.http.metrics import Metrics
from runs.serving.service import Service
from runs.serving.settings import Settings


@contextmanager
def answering(
    root: Path, *recipes: str, routes: Callable[[Service], APIRouter], **limits: object
) -> Iterator[tuple[str, Service]]:
    """Yield the address, HOST:PORT, of a service of a store with one worker, and the service."""
    started, made = threading.Event(), {}
    listening = socket.create_server(("127.0.0.1", 0))

    async def serve() -> None:
        settings = Settings(root, recipes, workers=1, **limits)  # type: ignore[arg-type]
        service = Service(settings, lambda _words: None)
        try:
            await service.start()
            bodies = Bodies(service.settings)
            app = application(service, Metrics(service), bodies, [routes(service, bodies)])
            server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
            made.update(server=server, service=service)
            started.set()
            await server.serve(sockets=[listening])
        finally:
            await service.stop()
            started.set()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert started.wait(60)
        assert made, "the service did not start"
        host, port = listening.getsockname()[:2]
        yield f"{host}:{port}", made["service"]
    finally:
        if made:
            made["server"].should_exit = True
        thread.join(60)
        listening.close()

"""What speaks HTTP, put together: the addresses, who may ask, and uvicorn. FastAPI takes half a second to import."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator

import uvicorn
from fastapi import APIRouter

from runs.serving.http.app import application
from runs.serving.http.bodies import Bodies
from runs.serving.http.connections import connections
from runs.serving.http.docs_page import routes as docs_page
from runs.serving.http.guard import Guard, Told
from runs.serving.http.metrics import Metrics
from runs.serving.http.open_inference.routes import routes as open_inference
from runs.serving.service import Service
from runs.serving.settings import BACKLOG, ENDS

# So many connections at once; beyond that one is answered 503 by uvicorn.
_MOST_CONNECTIONS = 1000
_IDLE_SECONDS = 30


class Server(uvicorn.Server):
    """uvicorn that ends once it answered what was begun: its own raises the signal anew, and workers end with us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hear the signals that end a service."""
        for number in ENDS:
            asyncio.get_running_loop().add_signal_handler(number, self.handle_exit, number, None)
        yield


def server_of(
    service: Service,
    metrics: Metrics,
    more: Iterable[APIRouter],
    names: frozenset[str],
    token: str | None,
    told: Told,
) -> Server:
    """Return what answers for a service once it is given a socket.

    Args:
        service: answers.
        metrics: counts.
        more: routes beside those that every service has.
        names: by which it may be addressed, as for ``Guard``.
        token: what a request must have; None asks for none.
        told: told of every request.
    """
    bodies = Bodies(service.settings)
    app = application(service, metrics, bodies, [open_inference(service, bodies), docs_page(), *more])
    config = uvicorn.Config(
        Guard(app, names, token, told),
        http=connections(service.settings.seconds),
        ws="none",
        log_level="warning",
        access_log=False,  # ours says more, and no query
        lifespan="off",
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        backlog=BACKLOG,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_IDLE_SECONDS,
        proxy_headers=False,
    )
    return Server(config)

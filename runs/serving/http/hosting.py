"""A service behind a socket: uvicorn, in one event loop with it, until a signal ends both."""

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from evergreen.errors import BadInput
from runs.serving.service import Service
from runs.serving.settings import BACKLOG, ENDS, LOOPBACK, Settings

if TYPE_CHECKING:
    from fastapi import APIRouter

    from runs.serving.feedback.keeper import Keeper
    from runs.serving.http.metrics import Metrics
    from runs.serving.trying.trial import Tried


@dataclass(frozen=True)
class Hosting:
    """Where a service is reached, and by whom.

    Attributes:
        host: the address that is listened on.
        port: 0 takes any free one.
        names: by which it may be addressed beside addresses in digits and localhost; "*" takes any.
        token_file: holds what requests must have; needed where others than this machine reach it.
        access_log: where a line of JSON is written for each request; None writes none.
        keep: makes what keeps answers, and takes truths about them; it is given who hears what becomes of it.
        tried: challengers beside the champions.
    """

    host: str = LOOPBACK
    port: int = 8080
    names: tuple[str, ...] = ()
    token_file: Path | None = None
    access_log: IO[str] | None = sys.stdout
    keep: Callable[[Callable[[str], None]], "Keeper"] | None = None
    tried: "Tried | None" = None


def serve(settings: Settings, hosting: Hosting, say: Callable[[str], None], opened: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are answered before it ends.

    Args:
        settings: what is served.
        hosting: where.
        say: told, in words, what becomes of releases and workers.
        opened: told the address once it answers.

    Raises:
        BadInput: the port cannot be had, the token is missing or is none, or nothing could answer.
        Lost: a worker does not start.
    """
    from runs.serving.http.guard import read_token

    if hosting.token_file is None and not _is_loopback(hosting.host):
        raise BadInput(
            f"expected --token-file where others than this machine reach the service ({hosting.host}), received none: "
            "whoever has the token may ask, and nobody else"
        )
    token = read_token(hosting.token_file) if hosting.token_file else None
    with (
        contextlib.closing(_listening(hosting)) as listening,
        asyncio.Runner(loop_factory=_loop_factory()) as runner,
        contextlib.suppress(asyncio.CancelledError),  # told to end before it answered
    ):
        runner.run(_served(settings, hosting, token, listening, say, opened))


async def _served(
    settings: Settings,
    hosting: Hosting,
    token: str | None,
    listening: socket.socket,
    say: Callable[[str], None],
    opened: Callable[[str], None],
) -> None:
    service, ends = Service(settings, say), contextlib.AsyncExitStack()
    ends.push_async_callback(service.stop)
    if (this := asyncio.current_task()) is not None:
        for number in ENDS:
            asyncio.get_running_loop().add_signal_handler(number, this.cancel)
    # FastAPI takes half a second to import: the workers start meanwhile.
    importing = asyncio.create_task(asyncio.to_thread(import_module, "runs.serving.http.server"))
    try:
        await service.start()
        await importing
        from runs.serving.http.metrics import Metrics
        from runs.serving.http.server import server_of

        metrics = Metrics(service)
        service.listeners.append(metrics.heard)
        log = _access_log(hosting.access_log)
        more: list[APIRouter] = []
        if hosting.keep:
            keeper = hosting.keep(say)
            ends.callback(keeper.close)
            more.append(_kept(keeper, service, metrics))
        if hosting.tried:
            await _try(hosting.tried, service, metrics, ends, say)

        def told(request: dict[str, Any]) -> None:
            metrics.told(request)
            log(request)

        server = server_of(service, metrics, more, frozenset(hosting.names), token, told)
        host, port = listening.getsockname()[:2]
        opened(f"http://{f'[{host}]' if ':' in host else host}:{port}")
        await server.serve(sockets=[listening])
    finally:
        await ends.aclose()


def _kept(keeper: "Keeper", service: Service, metrics: "Metrics") -> "APIRouter":
    """Have a keeper hear what is answered, and return the routes by which something is said of it."""
    from runs.serving.feedback.counts import Counts
    from runs.serving.feedback.routes import routes

    service.listeners.append(keeper.heard)
    metrics.registry.register(Counts(keeper))
    return routes(keeper, service)


async def _try(
    tried: "Tried", service: Service, metrics: "Metrics", ends: contextlib.AsyncExitStack, say: Callable[[str], None]
) -> None:
    """Have challengers asked beside the champions until the service ends."""
    from runs.serving.trying.trial import Trial

    trial = Trial(service, tried, say)
    await trial.start()
    ends.push_async_callback(trial.stop)
    metrics.registry.register(trial)


def _listening(hosting: Hosting) -> socket.socket:
    family = socket.AF_INET6 if ":" in hosting.host else socket.AF_INET
    try:
        made = socket.create_server((hosting.host, hosting.port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise BadInput(
            f"port {hosting.port} of {hosting.host}: {words}; choose another with --port, 0 for any"
        ) from error
    made.setblocking(False)
    return made


def _is_loopback(host: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the faster event loop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _access_log(file: IO[str] | None) -> Callable[[dict[str, Any]], None]:
    from datetime import UTC, datetime

    def write(request: dict[str, Any]) -> None:
        if file is None:
            return
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        with contextlib.suppress(BrokenPipeError):  # nobody reads it any more; requests are still answered
            file.write(json.dumps({"time": time, **request}, ensure_ascii=False) + "\n")
            file.flush()

    return write

"""The command ``evergreen web``."""

from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated

import typer

from commands import completion
from commands.options import USE, StoreOption, VerboseOption, errors, example
from evergreen.errors import BadInput
from evergreen.sources.archives.names import visible
from runs.place import store_root
from runs.shared.opening import held

HOST = "127.0.0.1"

app = typer.Typer()


@app.command(rich_help_panel=USE, epilog=example("evergreen web --port 0"))
def web(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            help="A run's id. Default: the champion's, of the newest run's recipe.",
            autocompletion=completion.runs,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Where the page goes. Default: web/ in the run's.")
    ] = None,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve it on 127.0.0.1 until Ctrl-C.")] = True,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on; 0 takes any free one.")] = 8000,
    store: StoreOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Write a web page that runs a run's TensorFlow.js model in the browser, for any web host, and serve it here."""
    from runs.answering.webpage import caution_on, write_page

    with errors(verbose):
        with held(store_root(store)) as stored:
            folder = write_page(stored, run, out)
        if caution := caution_on(folder):
            typer.secho(f"caution  {visible(caution)}", err=True, fg=typer.colors.YELLOW)
        typer.echo(f"page  {folder}")
        if serve:
            with server_of(folder, port) as server, suppress(KeyboardInterrupt):
                typer.echo(f"open  http://{HOST}:{server.server_port}/  (Ctrl-C ends it)")
                server.serve_forever()


def server_of(folder: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of the folder's files, on this machine's loopback only; it does not serve yet.

    Args:
        folder: what is served.
        port: 0 takes any free one.

    Raises:
        BadInput: the port is in use, or may not be used.
    """
    try:
        return ThreadingHTTPServer((HOST, port), partial(_Files, directory=str(folder)))
    except OSError as error:
        raise BadInput(f"port {port} of {HOST}: {error.strerror}; choose another with --port, 0 for any") from error


class _Files(SimpleHTTPRequestHandler):
    """Files with the types that browsers insist on, whatever this machine's own table says; logs nothing."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".wasm": "application/wasm",
        ".svg": "image/svg+xml",
    }

    def log_message(self, *_: object) -> None:
        """Say nothing."""

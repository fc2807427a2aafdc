"""The command ``evergreen web``."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from flows.options import StoreOption, VerboseOption, errors
from flows.settings import store_root
from storage.in_use import in_use
from storage.store import Store

app = typer.Typer()


@app.command()
def web(
    run: Annotated[
        str | None, typer.Argument(help="A run's id. Default: the champion's, of the newest run's recipe.")
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
    from flows.web import HOST, server_of, write_page

    with errors(verbose):
        stored = Store(store_root(store))
        with in_use(stored):
            folder = write_page(stored, run, out)
        typer.echo(f"page  {folder}")
        if serve:
            with server_of(folder, port) as server, suppress(KeyboardInterrupt):
                typer.echo(f"open  http://{HOST}:{server.server_port}/  (Ctrl-C ends it)")
                server.serve_forever()

"""The command ``evergreen web``."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from commands import completion
from commands.options import USE, StoreOption, VerboseOption, errors, example
from evergreen.sources.archives.names import visible
from runs.answering.page_server import LOOPBACK, PageServer, server_of, terminal_code
from runs.place import store_root
from runs.shared.opening import held

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
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve it until Ctrl-C, on this machine.")] = True,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on; 0 takes any free one.")] = 8000,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Serve it to the network too; 0.0.0.0 is every address.")
    ] = LOOPBACK,
    tls: Annotated[
        tuple[Path, Path] | None,
        typer.Option("--tls", metavar="CERT KEY", help="Serve over https, which a phone's live camera needs."),
    ] = None,
    store: StoreOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Write a web page that runs a run's export in the browser, for any web host, and serve it here."""
    from runs.answering.webpage import caution_on, models_on, write_page

    with errors(verbose):
        with held(store_root(store)) as stored:
            folder = write_page(stored, run, out)
        if caution := caution_on(folder):
            typer.secho(f"caution  {visible(caution)}", err=True, fg=typer.colors.YELLOW)
        typer.echo(f"page  {folder}")
        for model in models_on(folder):
            typer.echo(f"model  {visible(model)}")
        if serve:
            with server_of(folder, port, host, tls) as server, suppress(KeyboardInterrupt):
                typer.echo(f"open  {server.address}  (Ctrl-C ends it)")
                if host != LOOPBACK:
                    _tell_of_network(server)
                server.serve_forever()


def _tell_of_network(server: PageServer) -> None:
    """Say what others can see now, and how a phone opens it."""
    if not server.phone:
        typer.secho("phone  this address is of no network: no other machine reaches it", err=True)
        return
    typer.echo(f"phone  {server.phone}")
    if sys.stdout.isatty():
        typer.echo(terminal_code(server.phone))
    shared = "the page, its model, its class names and its sample pictures, which are test images of your data"
    typer.secho(
        f"shared  whoever reaches {server.phone} can read {shared}; nothing else of this machine, and no picture that "
        "somebody shows it comes here",
        err=True,
        fg=typer.colors.YELLOW,
    )
    if server.phone.startswith("http://"):
        off = "the live camera, use without a network and installing are off on a phone; --tls CERT KEY turns them on"
        typer.secho(f"http  {off}", err=True, fg=typer.colors.YELLOW)

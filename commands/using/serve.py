"""The command ``evergreen serve``."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from commands import completion
from commands.options import USE, StoreOption, VerboseOption, errors, example, tell
from evergreen.errors import BadInput
from evergreen.sources.archives.names import visible
from runs.place import store_root
from storage.store import Store

if TYPE_CHECKING:
    from runs.serving.feedback.keeper import Keeper
    from runs.serving.settings import Settings
    from runs.serving.trying.trial import Tried

app = typer.Typer()


@app.command(rich_help_panel=USE, epilog=example("evergreen serve digits --port 8080"))
def serve(
    recipes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RECIPE",
            help="Whose champions answer. Default: every recipe that has one.",
            autocompletion=completion.champions,
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on; 0 takes any free one.")] = 8080,
    host: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Serve the network too; 0.0.0.0 is every address. Wants --token-file."),
    ] = "127.0.0.1",
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Answer only who has the token in this file of mode 0600."),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name by which it may be addressed, as a proxy's; repeatable; * is any."),
    ] = None,
    model_format: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="tflite-int8, tflite-float32... Default: as the release says."),
    ] = None,
    workers: Annotated[int, typer.Option(min=0, max=256, help="Processes that answer; 0 takes one a processor.")] = 0,
    queue: Annotated[int, typer.Option(min=1, help="Images that may wait; beyond that: 429.")] = 64,
    max_bytes: Annotated[int, typer.Option(min=1024, help="Of a request.")] = 20 * 2**20,
    max_images: Annotated[int, typer.Option(min=1, max=1000, help="Of a request.")] = 64,
    max_megapixels: Annotated[
        float | None, typer.Option(min=0.01, help="Of an image, where its recipe allows more.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that a request may take.")] = 30.0,
    access_log: Annotated[
        str, typer.Option(metavar="FILE|-|none", help="Where a line of JSON goes for each request; - prints it.")
    ] = "-",
    shadow: Annotated[
        list[str] | None,
        typer.Option(metavar="RUN", help="A run or a digest whose model is asked beside the champion; repeatable."),
    ] = None,
    canary: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Of the requests, such as 10%, which that model answers.")
    ] = None,
    shadow_report: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where what --shadow found is written. Default: in the store.")
    ] = None,
    log: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|store", help="Keep answers there, a share and the unsure ones; takes POST /feedback."
        ),
    ] = None,
    log_pictures: Annotated[bool, typer.Option("--log-pictures", help="Keep the pictures, too.")] = False,
    log_share: Annotated[float, typer.Option(min=0, max=1, help="Of the answers that are kept.")] = 0.1,
    log_cap: Annotated[
        float, typer.Option(min=1, metavar="MIB", help="What is kept may take; the oldest goes.")
    ] = 1024,
    log_days: Annotated[float, typer.Option(min=0.01, help="How old what is kept may get.")] = 30,
    store: StoreOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Answer over HTTP with the champions, and with the next ones from the second that they are promoted."""
    from runs.serving.http.hosting import Hosting, serve
    from runs.serving.settings import Settings

    with errors(verbose), ExitStack() as stack:
        settings = Settings(
            store_root(store),
            tuple(dict.fromkeys(recipes or ())),
            format=model_format,
            workers=workers,
            most_waiting=queue,
            most_bytes=max_bytes,
            most_images=max_images,
            most_megapixels=max_megapixels,
            seconds=timeout,
        )
        hosting = Hosting(
            host,
            port,
            tuple(allow_host or ()),
            token_file,
            _opened(access_log, stack),
            keep=_keep(log, settings, share=log_share, pictures=log_pictures, mib=log_cap, days=log_days),
            tried=_tried(shadow, canary, shadow_report),
        )
        serve(settings, hosting, lambda words: tell(visible(words)), _tell_address)


def _tried(shadow: list[str] | None, canary: str | None, report: Path | None) -> "Tried | None":
    if not shadow:
        if unused := [name for name, value in (("--canary", canary), ("--shadow-report", report)) if value]:
            raise BadInput(f"expected --shadow RUN beside {unused[0]}: it names the challenger")
        return None
    from runs.serving.trying.challenger import share
    from runs.serving.trying.trial import Tried

    return Tried(tuple(dict.fromkeys(shadow)), share(canary) if canary else 0.0, report)


def _opened(access_log: str, stack: ExitStack) -> IO[str] | None:
    if access_log == "-":
        return sys.stdout
    if access_log == "none":
        return None
    try:
        return stack.enter_context(Path(access_log).open("a", encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"--access-log: {access_log} cannot be written: {error.strerror}") from error


def _tell_address(address: str) -> None:
    typer.echo(f"serves  {address}  (Ctrl-C ends it)", err=True)


def _keep(
    log: str | None, settings: "Settings", *, share: float, pictures: bool, mib: float, days: float
) -> "Callable[[Callable[[str], None]], Keeper] | None":
    """Return what makes what keeps answers; None where nobody asks for that."""
    if not log:
        if pictures:
            raise BadInput("expected --log beside --log-pictures: it says where pictures are kept")
        return None
    from runs.serving.feedback.keeper import Keeper
    from runs.serving.feedback.log import log_root

    root = log_root(log, Store(settings.store))
    return partial(Keeper, root, share=share, pictures=pictures, cap=int(mib * 2**20), days=days)

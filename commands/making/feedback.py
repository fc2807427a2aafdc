"""The command ``evergreen feedback``."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.looking import deciding
from commands.options import (
    MAKE,
    JsonOption,
    RecipeArgument,
    SetOption,
    SourceOption,
    StoreOption,
    VerboseOption,
    errors,
    example,
    tell_about,
)
from evergreen.errors import BadInput
from evergreen.recipe import Recipe, load_recipe
from evergreen.sources.archives.names import visible
from runs.place import store_root
from runs.shared.opening import held, opened

if TYPE_CHECKING:
    from runs.serving.feedback.asking import Kept

app = typer.Typer()
_SHOWN = 20

LogOption = Annotated[
    str,
    typer.Option("--log", metavar="DIR|store", help="Where evergreen serve keeps answers: a folder, or in the store."),
]


@app.command(rich_help_panel=MAKE, epilog=example("evergreen feedback digits"))
def feedback(
    recipe: RecipeArgument,
    log: LogOption = "store",
    unsure: Annotated[
        int,
        typer.Option("--unsure", min=0, max=1000, metavar="N", help="Ask about this many unsure answers, too."),
    ] = 20,
    listed: Annotated[bool, typer.Option("--list", help="Say what is kept; ask nobody.")] = False,
    forgotten: Annotated[
        list[str] | None,
        typer.Option("--forget", metavar="DIGEST", help="Delete a picture and all that is kept of it; repeatable."),
    ] = None,
    who: deciding.WhoOption = None,
    port: deciding.PortOption = 0,
    overrides: SetOption = None,
    source: SourceOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show what people said of a service's answers, beside them, to be confirmed. Nothing of it trains before."""
    from runs.serving.feedback.asking import Kept, sitting, told, values_of
    from runs.serving.feedback.log import Log, log_root

    root = store_root(store)
    with errors(verbose):
        if as_json and not (listed or forgotten):
            raise BadInput("expected --list or --forget beside --json: without them a person is asked")
        if listed and forgotten:
            raise BadInput("expected --list or --forget, received both")
        wanted = load_recipe(recipe, overrides or (), source)
        here = Log(log_root(log, opened(root)), wanted.name)
        if forgotten:
            _forget(here, root, forgotten, as_json)
            return
        kept = Kept.of(here, wanted)
        if listed:
            found = told(kept, wanted)
            if as_json:
                typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
            else:
                _show(found)
                _tell_next(wanted, kept, store)
            return
        with held(root) as opened_store:
            tell_about(wanted, opened_store)
            session = sitting(wanted, kept, [*kept.said(), *kept.unsure(unsure)], opened_store, who)
            line = next_line(wanted, kept, store)
            if deciding.ask_in(session, here.read, values_of(wanted, opened_store), line, port) is None:
                _show(told(kept, wanted))
                _tell_next(wanted, kept, store)


def next_line(recipe: Recipe, kept: "Kept", store: Path | None) -> str:
    """Return the line that trains a recipe with what is confirmed: as one more of its sources, unless it is one."""
    from runs.serving.feedback.asking import is_a_source, sources_with

    line = deciding.retrain_line(recipe.typed, store)
    if is_a_source(recipe, kept):
        return line
    more = ("--source", str(kept.confirmed.folder)) if recipe.typed.sources else ("--set", sources_with(recipe, kept))
    return f"{line} {shlex.join(more)}"


def _tell_next(recipe: Recipe, kept: "Kept", store: Path | None) -> None:
    if any(kept.confirmed.files()):
        typer.echo(f"next       {visible(next_line(recipe, kept, store))}")


def _show(found: dict[str, Any]) -> None:
    """Print what is kept."""
    truths, confirmed = found["truths"], found["confirmed"]
    _say("kept", f"{found['answers']:,} answers to {found['images']:,} images, {found['unsure']:,} of them unsure; "
                 f"{found['pictures']:,} pictures; in {found['folder']}")  # fmt: skip
    for release, count in found["releases"].items():
        _say("release", f"{release[:12]} answered {count:,} of these images last")
    if gone := found["thrown_away"]:
        counts = ", ".join(f"{gone[name]:,} {name}" for name in ("answers", "truths", "pictures"))
        _say("gone", f"{counts} for age or for want of room, since {gone['first'][:10]}")
    if truths["images"]:
        _say("truths", f"about {truths['images']:,} images; the model's answer to {truths['agree']:,} of "
                       f"{truths['compared']:,} is the same. Who says something is no sample")  # fmt: skip
        beside = f"; of {truths['without_picture']:,} the picture is not kept" if truths["without_picture"] else ""
        _say("waiting", f"{truths['waiting']:,} that nobody confirmed, so that nothing trains on them{beside}")
    for one in truths["said"][:_SHOWN]:
        answered = f", the model {one['answered']['label']}" if one["answered"] else ""
        _say("", f"{one['sha256'][:16]}... {one['by'] or 'somebody'} says {one['label']}{answered}")
    if len(truths["said"]) > _SHOWN:
        _say("", f"and {len(truths['said']) - _SHOWN:,} more: --json has all")
    counts = ", ".join(f"{count:,} {name}" for name, count in confirmed["classes"].items())
    a_source = "one of the recipe's sources" if confirmed["is_a_source"] else "none of the recipe's sources yet"
    left_out = f"; {confirmed['left_out']:,} left out" if confirmed["left_out"] else ""
    _say("confirmed", f"{counts} in {confirmed['folder']}, {a_source}{left_out}" if counts else f"nothing{left_out}")


def _say(name: str, text: str) -> None:
    typer.echo(f"{name:<10} {visible(text)}")


def _forget(log: Any, root: Path, digests: list[str], as_json: bool) -> None:
    """Delete what is kept of pictures, and say what went and what stays."""
    from dataclasses import asdict

    from runs.serving.feedback.forgetting import forget

    found = [forget(log, opened(root), digest) for digest in digests]
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False))
        return
    for one in found:
        _say("forgotten", f"{one.sha256[:16]}...: {'; '.join(one.deleted) or 'nothing of it was kept here'}")
        for stays in one.stays:
            _say("stays", stays)

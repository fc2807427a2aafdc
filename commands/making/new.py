"""The command that makes a recipe for somebody's own photos."""

import json
import re
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.classes import show_classes
from commands.options import (
    DONE,
    FAILED,
    MAKE,
    JsonOption,
    SetOption,
    StoreOption,
    VerboseOption,
    errors,
    example,
    is_quiet,
)
from commands.quiet import only_ours
from commands.running import run_flow
from commands.stopping import STOPPED
from commands.terminal import show_notes
from evergreen.addresses import redacted
from evergreen.errors import BadDataset, BadRecipe
from evergreen.paths import is_file
from evergreen.recipe import load_recipe
from evergreen.recipe_files import folders, is_name, name_like, numbered, own_folder
from evergreen.sections.meant import sources_meant
from evergreen.sections.refusing.told import TRY
from evergreen.sources.archives.names import visible_lines
from runs.own.choosing import Chosen, chosen
from runs.place import store_root
from runs.shared.opening import opened
from storage.champions import Champions
from storage.runs import run_folder
from storage.store import Store

if TYPE_CHECKING:
    from rich.console import Console

    from evergreen.choosing.rules import Rule
    from evergreen.vision.estimate import Estimate

app = typer.Typer()

# How a split that lacks images of classes says that they may be left out.
_LEFT_OUT = re.compile(r"\(repair\.leave_out: (\[[^\]]*\])\)")
_ONE = {"images": "image", "groups": "group", "duplicates": "duplicate", "near-duplicates": "near-duplicate"}


@app.command(rich_help_panel=MAKE, epilog=example("evergreen new chess --source ~/photos/chess"))
def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What the recipe will be called: small letters, digits and hyphens.")
    ],
    source: Annotated[
        list[str],
        typer.Option(
            "--source",
            metavar="PATH_OR_URL",
            help="The photos: a folder, zip or tar, https://, kaggle:OWNER/DATASET. Repeat it to join several.",
        ),
    ],
    fast: Annotated[bool, typer.Option("--fast", help="A frozen network and a head: minutes, and less good.")] = False,
    best: Annotated[
        bool, typer.Option("--best", help="With teachers and five folds: hours, better, and better known.")
    ] = False,
    overrides: SetOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Make a recipe for your own photos: look at them, choose by rules, write recipes/NAME.yaml, estimate the time."""
    from rich.console import Console

    root, given = store_root(store), list(overrides or [])
    with errors(verbose):
        sources = [word for one in source for word in ("--source", one)]
        again = [*sources, *(["--fast"] if fast else ["--best"] if best else [])]
        again += [word for one in given for word in ("--set", one)]
        if fast and best:
            raise BadRecipe(_with_line("expected --fast or --best or neither, received both", [name, *again]))
        preset = "fast" if fast else "best" if best else "default"
        folder = _free(name, Store(root), again)
        section = sources_meant(source)
    with tempfile.TemporaryDirectory() as scratch:
        provisional = Path(scratch) / f"{name}.yaml"
        provisional.write_text(json.dumps({"name": name, "source": section, "train": {}}), encoding="utf-8")
        with errors(verbose):
            load_recipe(provisional, given)
        summary, code = run_flow("inspect", (str(provisional), given, None), {}, root, verbose, _load_tensorflow)
    if code != DONE:
        raise _nothing_written(code, str(summary.get("error", "")), [name, *again])
    with errors(verbose):
        day = datetime.now().astimezone().date()
        try:
            found = chosen(opened(root), summary, name, section, given, preset, day)
        except BadDataset as error:
            if verbose:
                raise
            if str(error) != summary["refused"]:  # else it was told when the images were divided
                typer.secho(visible_lines(str(error)), err=True, fg="red")
            raise _nothing_written(FAILED, str(error), [name, *again]) from None
        written = _written(folder, found)
        recipe = load_recipe(written[-1])
        with only_ours(None if verbose else root / "logs" / "new.txt"):
            from evergreen.vision.estimate import estimate

            minutes = estimate(recipe, found.counts, len(found.facts.classes))
    if as_json:
        typer.echo(json.dumps(_as_json(summary, found, minutes, written), indent=2, ensure_ascii=False))
    elif is_quiet():
        typer.echo(f"{written[-1]}: next, evergreen retrain {name}")
    else:
        _show(Console(), summary, found, minutes, written, run_folder(Store(root), summary["id"]))


def _nothing_written(code: int, why: str, words: Sequence[str]) -> typer.Exit:
    """Say that no recipe was written, and what to type if it is known; return what ends the command.

    Args:
        code: the command's exit code.
        why: what was said already.
        words: what was typed behind ``new``.
    """
    told = "No recipe was written: mend what is said above, or answer with --set, and run this again."
    if code not in STOPPED:
        out = _LEFT_OUT.search(why)
        line = [*words, "--set", f"repair.leave_out={out[1]}"] if out else []
        typer.secho(_with_line(told, line) if line else told, err=True, fg="yellow")
    return typer.Exit(code)


def _load_tensorflow() -> None:
    """Import what the estimate measures with, which takes as long as Prefect's server takes to start."""
    from evergreen.vision.networks.runtime import load

    load()


def _free(name: str, store: Store, again: Sequence[str]) -> Path:
    """Return the folder that the recipe goes to.

    Args:
        name: of the recipe.
        store: whose champions have names, too.
        again: what was typed behind the name.

    Raises:
        BadRecipe: the name cannot be one, or is taken; with another one to type.
    """
    if wrong := _no_name(name, store):
        free = next(other for other in numbered(name_like(name, 60)) if not _no_name(other, store))
        raise BadRecipe(_with_line(wrong, [free, *again]))
    return own_folder()


def _with_line(wrong: str, words: Sequence[str]) -> str:
    """Return what is wrong with what was typed, and what to type; no line that would hold a secret."""
    line = f"evergreen new {shlex.join(words)}"
    return f"{wrong}\n{TRY}{line}" if redacted(line) == line else wrong


def _no_name(name: str, store: Store) -> str:
    """Return why a new recipe cannot have a name; empty if it can."""
    if not is_name(name):
        return f"expected a name of small letters, digits and hyphens, received {name!r}"
    for folder in folders():
        if is_file(there := folder / f"{name}.yaml"):
            return f"{there} is there already: choose another name, or change that file yourself"
    if Champions(store.root).state(name).current:
        return f"this store has a champion called {name} already, of another recipe: choose another name"
    return ""


def _written(folder: Path, found: Chosen) -> list[Path]:
    """Write the recipes, each only if there is none of its name, and return where."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in found.files.items():
        path = folder / f"{name}.yaml"
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            raise BadRecipe(f"{path} is there already: choose another name") from None
        except OSError as error:
            raise BadRecipe(f"{path} cannot be written: {error.strerror}; run this in a folder of yours") from None
        paths.append(path)
    return paths


def _show(
    console: "Console",
    summary: Mapping[str, Any],
    found: Chosen,
    minutes: "Estimate",
    written: list[Path],
    folder: Path,
) -> None:
    facts, (low, high) = found.facts, found.facts.aspects
    show_classes(console, {**summary, "classes": found.divided})
    show_notes(console, summary)
    findings = "; ".join(_counted(what, count) for what, count in summary["findings"].items() if count)
    shape = f"median {facts.width:g}x{facts.height:g} pixels, width by height {low:g} to {high:g}"
    grey = f", {facts.grey:.0%} without colour" if facts.grey else ""
    sides = ", ".join(f"{side} {found.counts.get(side, 0):,}" for side in ("train", "validation", "test"))
    lines = [("found", findings), ("images", shape + grey), ("look", str(folder / "inspection.html")), ("", "")]
    lines += [(rule.topic, _decided(rule)) for rule in found.choice.rules if rule.values(facts) or rule.comment(facts)]
    lines += [("", ""), ("divided", sides), *(("note", said) for said in found.remarks)]
    lines += [("written", str(path)) for path in written]
    lines += [("time", in_minutes(minutes)), ("next", f"evergreen retrain {found.recipe.name}")]
    for what, text in lines:
        console.print(f"{what:<10} {text}".rstrip(), highlight=False, markup=False, soft_wrap=True)


def _counted(what: str, number: int) -> str:
    """Return a finding with its number: ``1 group of folders``."""
    first, *rest = what.split()
    return f"{number:,} {' '.join([_ONE.get(first, first) if number == 1 else first, *rest])}"


def _decided(rule: "Rule") -> str:
    """Return what a rule chose and when it holds, in one line."""
    when = "" if rule.when.endswith("otherwise") else f" ({rule.when})"
    return f"{rule.then}{when}".replace("`", "")


def in_minutes(estimate: "Estimate") -> str:
    """Return an estimate in words."""
    longest = sorted(estimate.parts.items(), key=lambda part: -part[1])[:3]
    told = ", ".join(f"{name} {_minutes(seconds)}" for name, seconds in longest)
    folds = f", folds {_minutes(estimate.folds)}" if estimate.folds else ""
    return f"about {_minutes(estimate.seconds)} on this machine, by a few measured steps ({told}{folds})"


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def _as_json(summary: Mapping[str, Any], found: Chosen, minutes: "Estimate", written: list[Path]) -> dict[str, Any]:
    facts = found.facts
    return {
        "recipe": found.recipe.name,
        "files": [str(path) for path in written],
        "run": summary["id"],
        "facts": {
            "counts": dict(facts.counts),
            "width": facts.width,
            "height": facts.height,
            "aspects": list(facts.aspects),
            "grey": facts.grey,
            "subsets": sorted(facts.subsets),
            "grouped": facts.grouped,
            "processors": facts.processors,
        },
        "chosen": [{"topic": rule.topic, "when": rule.when, "then": rule.then} for rule in found.choice.rules],
        "counts": dict(found.counts),
        "seconds": {name: round(seconds) for name, seconds in {**minutes.parts, "folds": minutes.folds}.items()},
        "remarks": list(found.remarks),
    }

"""The command ``evergreen compare``."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from commands import completion
from commands.lines import say
from commands.options import LOOK, JsonOption, StoreOption, VerboseOption, errors, example, is_quiet
from evergreen.errors import BadInput
from evergreen.sources.archives.names import visible
from runs.place import store_root
from runs.shared.opening import held
from storage.disk import replace
from storage.errors import StoreError
from storage.store import Store

if TYPE_CHECKING:
    from rich.console import Console

    from runs.looking.compared import ClassRow, Compared, Picture

app = typer.Typer()

_MOST_PICTURES, _MOST_CLASSES, _MOST_VALUES, _MOST_MODULES = 8, 30, 40, 3

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="A run's id.", autocompletion=completion.runs)]


@app.command(rich_help_panel=LOOK, epilog=example("evergreen compare 20261128-020000-61f9aa 20261129-020000-b7c879"))
def compare(
    first: RunArgument,
    second: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="Another's, which is compared with the first.", autocompletion=completion.runs
        ),
    ],
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE.html", help="Write a page, with the pictures in it.")
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Compare two runs: recipes, metrics with intervals, classes, and which pictures one gets right alone."""
    from rich.console import Console

    from runs.looking.comparing import compare_runs

    with errors(verbose), held(store_root(store)) as stored:
        if html and (html.suffix not in (".html", ".htm") or not html.absolute().parent.is_dir()):
            raise BadInput(f"expected a file .html in a folder that is there, received {str(html)!r}")
        found = compare_runs(stored, first, second)
        if html:
            _write(html, stored, found)
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
        return
    console = Console()
    if is_quiet():
        say(console, None, found.together.words if found.together else found.not_comparable[-1])
    else:
        _show(console, found)
    if html:
        say(console, "page", str(html.absolute()))


def _write(path: Path, store: Store, found: "Compared") -> None:
    """Write the page.

    Raises:
        BadInput: the file cannot be written.
    """
    from evergreen.reports.comparison import comparison
    from runs.looking.comparing import range_of

    def read(digest: str) -> bytes | None:
        try:
            return store.read_blob(digest)
        except StoreError:
            return None

    try:
        replace(path.absolute(), comparison(found, read, range_of(store, found.second.id)))
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; name another file with --html") from error


def _show(console: "Console", found: "Compared") -> None:
    for name, run in (("first", found.first), ("second", found.second)):
        say(console, name, f"{run.id}  {run.recipe}, {run.outcome}{f', {run.mark}' if run.mark else ''}")
    for line in found.not_comparable:
        say(console, "note", line, "yellow")
    _show_differences(console, found)
    if found.metrics:
        console.print()
        console.print(_metrics(found))
    if not (together := found.together):
        return
    console.print()
    say(console, "together", together.words)
    say(console, "", f"right alone: the first on {together.only_first}, the second on {together.only_second}")
    console.print()
    console.print(_classes(together.classes))
    if len(together.classes) > _MOST_CLASSES:
        say(console, "", f"and {len(together.classes) - _MOST_CLASSES} more: see --json", "dim")
    _pictures(console, "right before, wrong now", "red", together.to_wrong)
    _pictures(console, "wrong before, right now", "green", together.to_right)


def _show_differences(console: "Console", found: "Compared") -> None:
    if not found.recipe:
        say(console, "recipe", "the same")
    for number, (path, before, after) in enumerate(found.recipe[:_MOST_VALUES]):
        say(console, "" if number else "recipe", f"{path}: {_value(before)} -> {_value(after)}")
    if (more := len(found.recipe) - _MOST_VALUES) > 0:
        say(console, "", f"and {more} more: see --json", "dim")
    say(console, "images", found.images or "not known")
    code = ", ".join(found.code[:_MOST_MODULES])
    more = len(found.code) - _MOST_MODULES
    say(console, "code", (code + (f" and {more} more" if more > 0 else "")) or "the same")
    libraries = ", ".join(f"{name} {_value(before)} -> {_value(after)}" for name, before, after in found.libraries)
    say(console, "libraries", libraries or "the same")


def _metrics(found: "Compared") -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("split", "run", "accuracy", "95 % interval", "loss", "images"):
        table.add_column(
            title, header_style="dim", no_wrap=True, justify="left" if title in ("split", "run") else "right"
        )
    for split, pair in found.metrics.items():
        for name, values in zip(("first", "second"), pair, strict=True):
            told = _numbers(values) if values else ["none", "", "", ""]
            table.add_row(split if name == "first" else "", name, *told)
    return table


def _numbers(values: dict[str, Any]) -> list[str]:
    interval = f"{values['accuracy_low']:.1%} to {values['accuracy_high']:.1%}"
    return [f"{values['accuracy']:.2%}", interval, f"{values['loss']:.4f}", f"{values['count']:,}"]


def _classes(rows: Sequence["ClassRow"]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("class", header_style="dim", overflow="fold")
    for title in ("images", "first", "second", "points", "95 % interval"):
        table.add_column(title, header_style="dim", no_wrap=True, justify="right")
    for row in rows[:_MOST_CLASSES]:
        low, high = row.gain_interval
        style = "green" if low > 0 else "red" if high < 0 else ""
        table.add_row(
            Text(visible(row.label)), f"{row.images:,}", f"{row.first:.1%}", f"{row.second:.1%}",
            Text(f"{100 * row.gain:+.1f}", style=style), f"{100 * low:+.1f} to {100 * high:+.1f}",
        )  # fmt: skip
    return table


def _pictures(console: "Console", title: str, colour: str, pictures: Sequence["Picture"]) -> None:
    console.print()
    console.print(Text(f"{title}: {len(pictures):,}", style=colour))
    for one in pictures[:_MOST_PICTURES]:
        answers = f"{one.first} {one.first_probability:.0%} -> {one.second} {one.second_probability:.0%}"
        say(console, None, f"  {one.path}: {one.label}; {answers}")
    if (more := len(pictures) - _MOST_PICTURES) > 0:
        say(console, None, f"  and {more:,} more: see --json, or --html FILE.html for the pictures", "dim")


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

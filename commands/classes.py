"""What a person sees in the terminal of a run's classes: never a wall of text, however many classes there are."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evergreen.reports.labels import columns_of, cut, heading, sentences
from evergreen.sources.archives.names import visible

_MOST_CLASSES = 30
_MOST_CHANGED = 8
_ELSEWHERE = "see run.json"


def show_classes(console: Console, summary: dict[str, Any]) -> None:
    """Print the classes with their counts, and what was renamed, merged, left out, counted once, dropped.

    Args:
        console: where to.
        summary: what ``run.json`` says; nothing is printed of a run that did not come so far.
    """
    labels, classes = summary.get("labels"), summary.get("classes", {})
    if labels is None:
        return
    console.print()
    _say(console, heading(labels, classes))
    console.print(_table(classes))
    if more := cut(classes, _MOST_CLASSES):
        _say(console, f"{more}: {_ELSEWHERE}")
    for kind, text in sentences(labels, _MOST_CHANGED):
        elsewhere = f": {_ELSEWHERE}" if text.startswith("and ") else ""
        _say(console, f"{kind:<12} {text}{elsewhere}")
    show_sources(console, summary)
    if changes := summary.get("class_changes"):
        _say(console, f"{'champion':<12} {changes['summary']}", style="yellow")


def show_sources(console: Console, summary: dict[str, Any]) -> None:
    """Print which share of the training images each of several sources has; nothing where there is one."""
    for source in summary.get("sources", ()):
        if (share := source.get("share")) is not None:
            told = f"{source['train']:,} training images, {share:.1%} of all"
            _say(console, f"{'source':<12} {source['name']}: {told}")


def _table(classes: dict[str, dict[str, int]]) -> Table:
    columns = columns_of(classes)
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("class", header_style="dim", overflow="fold")
    for title in columns:
        table.add_column(title, justify="right", header_style="dim", no_wrap=True)
    for label, counts in list(classes.items())[:_MOST_CLASSES]:
        # Text, not a string: a name may hold what Rich would read as markup.
        table.add_row(Text(visible(label)), *(f"{counts.get(title, 0):,}" for title in columns))
    return table


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(Text(visible(text), style=style), soft_wrap=True, highlight=False)

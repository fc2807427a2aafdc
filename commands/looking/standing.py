"""What ``evergreen`` alone shows: recipes, the newest run, champions, and the next step. Quick: it starts nothing."""

from pathlib import Path

from commands.lines import say
from runs.looking.known_recipes import files
from runs.looking.listing import Row, ago, marked, newest
from runs.place import store_root
from runs.summaries.sweep import SWEPT
from storage.champions import Champions
from storage.store import Store

_MOST = 12


def show() -> None:
    """Print where one stands."""
    from rich.console import Console

    console, store = Console(), Store(store_root(None))
    row = next((marked(store, summary) for summary in newest(store)), None)
    say(console, "recipes", _recipes(files()))
    say(console, "store", _short(store.root))
    say(console, "newest run", _run(row) if row else "none yet")
    if row and row.error:
        say(console, "", row.error)
    say(console, "champions", _champions(store))
    console.print()
    for number, (line, what) in enumerate(_next(row)):
        say(console, "" if number else "next step", line, more=f"  {what}")
    say(console, "", "evergreen --help", more="  every command")


def _recipes(paths: list[Path]) -> str:
    names = [path.stem for path in paths]
    return ", ".join(names[:_MOST]) + (f" and {len(names) - _MOST} more" if len(names) > _MOST else "")


def _run(row: Row) -> str:
    accuracy = f"{row.split} accuracy {row.accuracy:.1%}" if row.accuracy is not None else ""
    return ", ".join(
        filter(None, (f"{row.id}: {row.recipe} {row.outcome}", row.trials, accuracy, row.mark, ago(row.began)))
    )


def _champions(store: Store) -> str:
    champions = Champions(store.root)
    found = {name: champions.current(name) for name in champions.recipes()}
    told = [f"{name} {release[:12]}" for name, release in found.items() if release]
    return ", ".join(told[:_MOST]) + (f" and {len(told) - _MOST} more" if len(told) > _MOST else "") or "none yet"


def _next(row: Row | None) -> list[tuple[str, str]]:
    """Return what to type next, and what it does."""
    if row is None:
        return [
            ("evergreen retrain digits", "a first model in two minutes, from data that is here"),
            ("evergreen new NAME --source PHOTOS", "a recipe for photos of your own: a folder, zip or address"),
        ]
    if row.outcome == SWEPT:
        return [("evergreen open", "its page: which trial is the best, by how much, and the line that retrains it")]
    if row.command == "sweep":
        return [("evergreen sweep ...", "the same line as before goes on: trials that ended are reused")]
    if row.outcome in ("failed", "cancelled"):
        return [(f"evergreen {row.command} {row.recipe}", "goes on after the last step that ended well")]
    if row.mark == "champion":
        return [
            ("evergreen predict photo.jpg", "what the champion says of a picture"),
            ("evergreen open", "its report, in the browser"),
            (f"evergreen schedule {row.recipe} --nightly", "retrain it every night"),
        ]
    return [
        ("evergreen open", "the report of that run: how good its model is, and why it is no champion"),
        ("evergreen runs", "every run, and which is champion"),
    ]


def _short(path: Path) -> str:
    """Return a path from the working folder, if it is below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)

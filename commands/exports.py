"""What a terminal says of a run's exports: what each showed, and in which runtimes none was tried."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

from evergreen.sources.archives.names import visible
from storage.sizes import in_words

_COLOURS = {"passed": "green", "not verified": "yellow"}


def show_exports(console: Console, exports: Iterable[Mapping[str, Any]]) -> None:
    """Print a line a format, and one for each runtime that passed formats were not tried in.

    Args:
        console: where to.
        exports: as ``run.json`` has them.
    """
    absent: dict[tuple[str, str], list[str]] = {}
    for export in exports:
        colour = _COLOURS.get(export["verified"], "red")
        shown = export["verified"] if export["released"] else f"{export['verified']}, not released"
        detail = f"agreement {export['agreement']:.2%}" if export["agreement"] is not None else ""
        if export["verified"] != "passed":
            detail = f"{detail}  {escape(visible(export['reason']))}".strip()
        else:
            for run in export.get("runtimes", ()):
                if run["verified"] == "not verified":
                    absent.setdefault((run["runtime"], run["reason"]), []).append(export["format"])
        size = in_words(export["bytes"])
        console.print(f"{export['format']:<15} [{colour}]{shown}[/]  {detail}  {size}", highlight=False)
    for (runtime, reason), formats in absent.items():
        told = f"not verified in {runtime}: {', '.join(formats)}; {visible(reason)}"
        console.print(f"{'beside':<10} {told}", markup=False, highlight=False, soft_wrap=True)

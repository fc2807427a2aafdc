"""The command ``evergreen formats``."""

import json
import re
from typing import TYPE_CHECKING, Any

import typer

from commands.options import LOOK, JsonOption, VerboseOption, errors, example, is_quiet

if TYPE_CHECKING:
    from rich.console import Console

    from evergreen.vision.formats.catalogue.known import Known

app = typer.Typer()


@app.command(rich_help_panel=LOOK, epilog=example("evergreen formats"))
def formats(as_json: JsonOption = False, verbose: VerboseOption = False) -> None:
    """List the formats of exports: who reads them, what they need, and whether that is installed here."""
    from rich.console import Console

    from evergreen.vision.formats.catalogue.known import KNOWN

    with errors(verbose):
        told = [_told(known) for known in KNOWN.values()]
    if as_json:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        _show(Console(), told)


def _told(known: "Known") -> dict[str, Any]:
    """Return what is told of a format, as JSON values; a version of null is of what is not installed."""
    versions = known.versions()
    lacking = known.absent(known.writers)
    runtimes = [
        {
            "runtime": name,
            "needs": list(needs),
            "needed": name not in known.beside,
            "installed": not (absent := known.absent(needs)),
        }
        | ({"remedy": known.remedy(absent)} if absent else {})
        for name, needs in known.runtimes.items()
    ]
    return {
        "format": known.name,
        "read_by": known.readers,
        "extra": known.extra or None,
        "written_by": list(known.writers),
        "written_here": not lacking,
        "remedy": known.remedy(lacking) if lacking else None,
        "proved_by": runtimes,
        "versions": {name: None if name in known.absent([name]) else version for name, version in versions.items()},
    }


def _show(console: "Console", told: list[dict[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    if not is_quiet():
        table = Table(box=None, padding=(0, 2, 0, 0))
        for name in ("format", "read by", "written here", "proved here"):
            table.add_column(name, header_style="dim", no_wrap=name == "format")
        for one in told:
            absent = [runtime["runtime"] for runtime in one["proved_by"] if not runtime["installed"]]
            proved = all(runtime["installed"] for runtime in one["proved_by"] if runtime["needed"])
            less = f"not in {', '.join(absent)}" if absent else ""
            said = "; ".join(filter(None, ("yes" if proved else "", less)))
            table.add_row(
                one["format"],
                Text(one["read_by"]).append(f"; EXTRAS={one['extra']}" if one["extra"] else "", "dim"),
                Text("yes", "green") if one["written_here"] else Text("no", "yellow"),
                Text(said, "green" if proved else "yellow"),
            )
        console.print(table)
        versions = {name: version for one in told for name, version in one["versions"].items()}
        words = ", ".join(f"{name.removeprefix('npm:')} {_number(version)}" for name, version in versions.items())
        console.print(f"\n{words}", style="dim", highlight=False)
    lacking: dict[str, list[str]] = {}
    for one in told:
        if one["remedy"]:
            lacking.setdefault(one["remedy"], []).append(f"writing {one['format']}")
        for runtime in one["proved_by"]:
            if not runtime["installed"]:
                lacking.setdefault(runtime["remedy"], []).append(f"{one['format']} in {runtime['runtime']}")
    for remedy, what in lacking.items():
        console.print(Text(f"{remedy}: for {', '.join(what)}"), soft_wrap=True)
    if not lacking:
        console.print("every format is written and proved here")


def _number(version: str | None) -> str:
    """Return the number in what a program says of its version."""
    found = re.search(r"\d[\w.]*", version or "")
    return found[0] if found else "absent"

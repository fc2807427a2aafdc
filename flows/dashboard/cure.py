"""What the Prefect dashboard shows of a cure: before and after, as Markdown."""

from collections.abc import Mapping
from typing import Any

from evergreen.reports.markdown import markdown_table


def cure_in_markdown(cure: Mapping[str, Any] | None) -> list[str]:
    """Return the lines about a cure; none of a run that was none.

    Args:
        cure: as ``run.json`` has it.
    """
    if not cure:
        return []
    against = f"Set against what the model of run `{cure['run']}` leans on: `{cure['options']}`"
    lines = ["## Before and after", "", against]
    if cure.get("changes"):
        rows = [
            (
                row["name"],
                *(_points(row[side], name) for name in ("lost", "accuracy") for side in ("before", "after")),
                _points(row, "gained"),
            )
            for row in cure["changes"]
        ]
        columns = ["change", "points lost before", "after", "accuracy when changed, before", "after", "gained"]
        lines += ["", cure["words"], "", markdown_table(columns, rows)]
    return [*lines, ""]


def _points(row: Mapping[str, Any] | None, name: str) -> str:
    if row is None or row[name] is None:
        return "not measured"
    value, low, high = (100 * row[key] for key in (name, f"{name}_low", f"{name}_high"))
    return f"{value:.1f} ({low:.1f} to {high:.1f})"

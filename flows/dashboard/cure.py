"""What the Prefect dashboard shows of a cure: before and after, as Markdown."""

from collections.abc import Mapping
from typing import Any

from evergreen.judging.leaning import in_points
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
                *(in_points(row[side], name) for name in ("lost", "accuracy") for side in ("before", "after")),
                in_points(row, "gained"),
            )
            for row in cure["changes"]
        ]
        columns = ["change", "points lost before", "after", "accuracy when changed, before", "after", "gained"]
        lines += ["", cure["words"], "", markdown_table(columns, rows)]
    return [*lines, ""]

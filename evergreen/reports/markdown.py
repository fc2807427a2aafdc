"""Tables in Markdown, as GitHub and the Prefect dashboard read them."""

import re
from collections.abc import Iterable, Sequence


def markdown_table(columns: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """Return a table, without a newline at its end (GitHub Flavored Markdown, 4.10).

    Args:
        columns: titles, at least one.
        rows: as many cells each, shown as ``str`` does. Markdown in them counts; ``|`` and line breaks do not.
    """
    lines = [_row(columns), "|---" * len(columns) + "|", *(_row(cells) for cells in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(value: object) -> str:
    """Return a cell on one line, each ``|`` behind an odd number of backslashes: that one divides no cells."""
    return re.sub(r"(\\*)\|", r"\1\1\\|", " ".join(str(value).splitlines()))

"""Tables in Markdown, as GitHub and the Prefect dashboard read them."""

import re
from collections.abc import Iterable, Sequence

from evergreen.sources.archives.names import visible, visible_lines

# Every ASCII punctuation character may stand behind a backslash (CommonMark 0.31, 2.4). A bar is written as an entity:
# behind a backslash it reads another way in a table than outside one.
_PUNCTUATION = str.maketrans({char: f"\\{char}" for char in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{}~"} | {"|": "&#124;"})


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


def literal(text: str) -> str:
    """Return text that Markdown shows as it stands, on one line: a name of an archive may hold anything."""
    return visible(text).translate(_PUNCTUATION)


def fenced(text: str) -> str:
    """Return lines that Markdown shows as they stand, in a block of code (CommonMark 0.31, 4.5)."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}text\n{visible_lines(text)}\n{fence}"

"""Lines of a terminal that say what they are about: a word, then a text that goes on below its own beginning."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from evergreen.sources.archives.names import visible

if TYPE_CHECKING:
    from rich.console import Console

_INDENT, _NARROWEST = 11, 20


def say(console: "Console", what: str | None, text: str, style: str = "", more: str = "") -> None:
    """Print a line, or several where the terminal ends; a text without spaces, such as a path, is never cut.

    Args:
        console: where to.
        what: what it is about, 10 letters at most; empty goes on with what was said; None begins at the edge.
        text: may hold anything.
        style: of the text, as Rich names it.
        more: goes on in a dim colour.
    """
    indent = 0 if what is None else _INDENT
    line = Text.assemble((visible(text), style), (visible(more), "dim"))
    room = max(_NARROWEST, console.width - indent)
    parts = line.divide(_breaks(line.plain, room)) if console.is_terminal else [line]
    for number, part in enumerate(parts):
        head = "" if what is None or number else what
        console.print(Text.assemble((f"{head:<{indent}}", "dim"), part), soft_wrap=True, highlight=False)


def _breaks(text: str, room: int) -> Iterator[int]:
    """Yield where a text goes on in another line; Rich itself would also break a word that is too long."""
    start = 0
    for word in re.finditer(r"\S+", text):
        if start < word.start() and cell_len(text[start : word.end()]) > room:
            start = word.start()
            yield start

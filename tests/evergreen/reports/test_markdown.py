"""evergreen.reports.markdown: whatever stands in a cell, the table keeps its shape."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergreen.reports.markdown import markdown_table

CELL = st.text(st.sampled_from("ab |\\\n\r`\u2028"), max_size=8)


def test_a_table_is_its_titles_a_line_and_its_rows() -> None:
    table = markdown_table(["class", "images"], [["cats", 12], ["", 0.5]])
    assert table == "| class | images |\n|---|---|\n| cats | 12 |\n|  | 0.5 |"
    assert markdown_table(["class"], []) == "| class |\n|---|"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("a|b", r"a\|b"), ("|", r"\|"), (r"a\|b", r"a\\\|b"), ("a\\", "a\\"), ("one\ntwo\r\nthree", "one two three")],
)
def test_what_would_divide_a_cell_is_escaped(cell: str, shown: str) -> None:
    assert markdown_table([cell], [[cell]]) == f"| {shown} |\n|---|\n| {shown} |"


@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1)))
def test_a_reader_finds_as_many_cells_as_were_written(rows: list[list[str]]) -> None:
    lines = markdown_table(rows[0], rows).split("\n")
    assert len(lines) == len(rows) + 2
    for line, cells in zip([lines[0], *lines[2:]], [rows[0], *rows], strict=True):
        # As marked and GitHub do: a bar behind an even number of backslashes divides.
        found = [text.replace("\\|", "|") for text in re.split(r"(?<!\\)(?:\\\\)*\|", line)[1:-1]]
        assert len(found) == len(cells)
        assert len(line.splitlines()) == 1

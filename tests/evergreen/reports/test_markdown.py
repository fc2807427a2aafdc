"""evergreen.reports.markdown: whatever stands in a cell, the table keeps its shape."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from evergreen.reports.markdown import fenced, literal, markdown_table
from evergreen.sources.archives.names import visible, visible_lines

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


def _shown(markdown: str) -> str:
    """Return the text that a reader of CommonMark with tables sees."""
    html = MarkdownIt("commonmark").enable("table").render(markdown)
    seen: list[str] = []
    parser = HTMLParser(convert_charrefs=True)
    parser.handle_data = seen.append  # type: ignore[method-assign]
    parser.feed(html)
    parser.close()
    return "".join(seen)


HOSTILE = st.text(st.sampled_from("a1 *_`[]()<>&;#|\\!~-+.:\"'\n\x1b{}$=@/é"), min_size=1, max_size=12)


@given(HOSTILE)
def test_a_name_shows_as_it_stands_in_a_line_and_in_a_cell(name: str) -> None:
    seen = " ".join(visible(name).split())
    assert " ".join(_shown(f"- **renamed** {literal(name)}").split()) == f"renamed {seen}".strip()
    html = MarkdownIt("commonmark").enable("table").render(markdown_table(["class"], [[literal(name)]]))
    assert html.count("<td>") == 1
    assert " ".join(_shown(markdown_table(["class"], [[literal(name)]])).split()) == f"class {seen}".strip()


@given(st.text(st.sampled_from("a `~\n<|[]*#\x1b"), max_size=30))
@example("a\n```\n# b\n````")
def test_lines_in_a_block_of_code_show_as_they_stand(text: str) -> None:
    assert _shown(fenced(text)).rstrip("\n") == visible_lines(text).rstrip("\n")
    assert _shown(fenced(text) + "\n\nafter").endswith("after\n")

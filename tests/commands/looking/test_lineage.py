"""commands.looking.lineage: a graph as a tree, whole on a pipe, a line a node on a terminal."""

import io

from rich.console import Console

from commands.looking.lineage import show
from storage.steps.lineage import Node


def test_a_deep_lineage_is_not_cut() -> None:
    node = Node("ab" * 32, "archive", {"address": "embedded:digits"})
    for depth in range(20):
        node = Node(f"{depth:064}", "model", {}, step="train", inputs={"above": node})
    out = io.StringIO()
    show(Console(file=out, width=40), node)
    assert "address: embedded:digits" in out.getvalue()
    assert max(len(line) for line in out.getvalue().splitlines()) < 200  # nothing is padded


def test_on_a_terminal_a_line_of_lineage_ends_at_its_edge_and_versions_come_last() -> None:
    parts = {"libraries": {"numpy": "2.1"}, "code": {"f": "x"}}
    node = Node("ab" * 32, "model", {"judged": "test " * 20}, step="train", parts=parts)
    node = Node("cd" * 32, "exports", {}, step="export", parts=parts, inputs={"above": node})
    out = io.StringIO()
    show(Console(file=out, width=70, force_terminal=True, color_system=None), node)
    first, second = out.getvalue().splitlines()
    assert first.index("code: ") < first.index("numpy: 2.1")
    assert len(second) == 70
    assert second.endswith("…")

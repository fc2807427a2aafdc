"""commands.lines: a long text goes on below its own beginning; a path is never cut, and names move no cursor."""

import io

from rich.console import Console

from commands.lines import say


def _said(*arguments: str | None, terminal: bool = True, **more: str) -> list[str]:
    out = io.StringIO()
    say(Console(file=out, width=40, force_terminal=terminal, color_system=None), *arguments, **more)  # type: ignore[arg-type]
    return out.getvalue().splitlines()


def test_a_long_text_is_folded_below_its_beginning() -> None:
    assert _said("store", "words that do not fit into one line at all", more="  dim") == [
        "store      words that do not fit into ",
        "           one line at all  dim",
    ]
    assert _said("", "x") == ["           x"]
    assert _said(None, "x") == ["x"]


def test_a_path_and_what_goes_to_a_pipe_stay_in_one_line() -> None:
    path = "/a/path/that/is/much/longer/than/the/terminal/is/wide"
    assert _said("page", path) == [f"page       {path}"]
    assert _said("page", f"in {path}")[1:] == [f"           {path}"]
    assert _said("note", "words that do not fit into one line at all", terminal=False) == [
        "note       words that do not fit into one line at all"
    ]
    assert _said(None, "a\x1b[2Jb [red]c") == [r"a\x1b[2Jb [red]c"]

"""commands.quiet: what libraries print, also past sys.stderr, goes to a file; our own lines to the terminal."""

import os
from pathlib import Path

import pytest

from commands.quiet import only_ours


def test_what_others_print_goes_to_the_log_and_both_come_back(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "logs" / "a.txt"
    with only_ours(log) as (out, err):
        os.write(2, b"of a library, in C\n")
        os.write(1, b"and more of it\n")
        out.print("an answer")
        err.print("a remark")
    os.write(1, b"again\n")
    said = capfd.readouterr()
    assert (said.out, said.err) == ("an answer\nagain\n", "a remark\n")
    assert log.read_text() == "of a library, in C\nand more of it\n"


def test_without_a_log_everything_stays_and_an_error_brings_the_terminal_back(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with only_ours(None):
        os.write(2, b"shown\n")
    with pytest.raises(ZeroDivisionError), only_ours(tmp_path / "a.txt"):
        raise ZeroDivisionError
    os.write(2, b"shown again\n")
    assert capfd.readouterr().err == "shown\nshown again\n"

"""commands.stopping: a command that a signal ends has the exit code that shells know."""

import os
import signal

import pytest
import typer

from commands.stopping import ends_when_told, exit_code


def test_a_signal_ends_the_command_with_the_code_that_shells_know(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(typer.Exit) as ended, ends_when_told():
        os.kill(os.getpid(), signal.SIGTERM)
    assert ended.value.exit_code == 128 + 15
    assert capsys.readouterr().err == "stopped by SIGTERM\n"
    assert signal.getsignal(signal.SIGTERM) is before
    assert exit_code(KeyboardInterrupt()) == 130

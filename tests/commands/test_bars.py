"""commands.bars: what a terminal shows while a file arrives and a network learns, and what is left when that ends."""

import io
import itertools
import os
import pty
import re
import signal
import subprocess
import sys
from typing import Any

import ctrl_c
import pytest
from rich.console import Console

from commands import bars, terminal
from evergreen.vision.training.fit import EpochReport
from runs.run import Entry

HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"
METRICS = {"loss": 0.5, "accuracy": 0.8, "val_loss": 0.6, "val_accuracy": 0.7, "learning_rate": 0.001}
MIB = 2**20


def _terminal(width: int = 100) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=True, width=width, legacy_windows=False, _environ={"TERM": "xterm"}
    )


def _left(written: str) -> list[str]:
    """Return the lines that a terminal shows in the end."""
    lines, row = [""], 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", written):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part.endswith("A") and part.startswith("\x1b"):
            row -= int(part[2:-1] or 1)
        elif part.endswith("K") and part.startswith("\x1b"):
            lines[row] = ""
        elif part[0] not in "\x1b\r":
            lines[row] += part
    return [line.rstrip() for line in lines]


def _said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A second goes by at every look at the clock of a bar."""
    ticks = itertools.count()
    real = bars.Progress

    def patient(*columns: Any, **options: Any) -> Any:
        return real(*columns, **options, auto_refresh=False, get_time=lambda: float(next(ticks)))

    monkeypatch.setattr(bars, "Progress", patient)


@pytest.mark.usefixtures("clock")
def test_a_download_has_a_bar_its_speed_and_how_long_it_took() -> None:
    console = _terminal()
    shown = terminal.Progress(console)
    for done in range(5):
        shown.download("photos [1].zip", done * MIB, 4 * MIB)
    lines = _left(_said(console))
    assert re.fullmatch(
        r"  photos \[1\]\.zip  ━{29,30}  4\.00 MiB of 4\.00 MiB  [\d.]+ (KiB|MiB)/s  in 0:00:\d\d", lines[0]
    )
    assert lines[1:] == [""]


def test_how_long_it_will_take_is_told_meanwhile() -> None:
    console = _terminal()
    task = bars.Progress(console=console, auto_refresh=False, get_time=iter(range(1000)).__next__)  # type: ignore[arg-type]
    number = task.add_task("a", total=100 * MIB)
    for done in (10, 20, 30):
        task.update(number, completed=done * MIB)
    words = bars._Pace().render(task.tasks[0]).plain
    assert re.fullmatch(r" [\d.]+ MiB/s  0:0\d:\d\d left", words)


def test_a_file_of_unknown_size_has_a_bar_until_the_step_ends() -> None:
    console = _terminal()
    progress = terminal.Progress(console)
    progress.download("a.zip", MIB, None)
    progress.download("a.zip", 3 * MIB, None)
    assert SHOWN not in _said(console)
    progress.ended(Entry("acquire", "ran", "first run", 1.0, None, None, {}))
    assert "  3.00 MiB" in _left(_said(console))[0]
    assert _said(console).endswith(SHOWN)


def test_lines_that_come_meanwhile_stand_above_the_bar_and_whole() -> None:
    console = _terminal()
    progress = terminal.Progress(console)
    progress.began("acquire", "first run")
    for done in range(4):
        progress.download("a.zip", done * MIB, 4 * MIB)
        progress.note(f"note {done} " + "·" * done)
    progress.download("a.zip", 4 * MIB, 4 * MIB)
    progress.began("unpack", "first run")
    lines = _left(_said(console))
    assert lines[:5] == ["acquire first run", "  note 0", "  note 1 ·", "  note 2 ··", "  note 3 ···"]
    assert lines[5].startswith("  a.zip  ━━━━━")
    assert lines[6:] == ["unpack first run", ""]


@pytest.mark.parametrize("width", [60, 80, 81, 90, 120])
def test_epochs_take_one_line_a_phase_however_narrow_it_is(width: int) -> None:
    console = _terminal(width)
    progress = terminal.Progress(console)
    for phase, last in ((1, 14), (2, 20)):  # the first ends early
        for epoch in range(1, last + 1):
            progress.epoch(EpochReport(phase, 2, epoch, 20, METRICS, 20.0 - epoch))
    progress.close()
    lines = _left(_said(console))
    assert len(lines) == 3
    assert all(len(line) <= width for line in lines)
    assert re.match(r"  phase 1/2  ?epoch +14/20 ", lines[0])
    assert re.match(r"  phase 2/2  ?epoch +20/20 ", lines[1])
    assert ("━" in lines[1]) == (width >= 100)
    if width >= 80:
        assert lines[0].endswith("6 s left")


def test_trainings_that_go_on_at_once_have_a_row_each_below_what_is_said_and_leave_none() -> None:
    console = _terminal(120)
    progress = terminal.Progress(console)
    for epoch in (1, 2):
        for fold in (1, 2):
            report = EpochReport(1, 1, epoch, 3, METRICS, 2.0, who=f"fold {fold} of 2", beside=True)
            progress.epoch(report)
    both = _left(_said(console))
    assert [line.split("  loss")[0] for line in both if line] == [f"  fold {fold} of 2  epoch   2/3" for fold in (1, 2)]
    progress.note("fold 1: 75.0% of 20 images")
    lines = [line for line in _left(_said(console)) if line]
    assert lines[0] == "  fold 1: 75.0% of 20 images"
    assert len(lines) == 3
    progress.ended(Entry("fold 1", "ran", "first run", 1.0, None, None, {}))
    assert _said(console).endswith(SHOWN) or SHOWN in _said(console)
    assert [line for line in _left(_said(console)) if line] == ["  fold 1: 75.0% of 20 images"]


@pytest.mark.parametrize("state", ["failed", "stopped", "ran"])
def test_whatever_ends_a_step_gives_the_cursor_back(state: Any) -> None:
    console = _terminal()
    progress = terminal.Progress(console)
    progress.download("a.zip", MIB, 4 * MIB)
    assert HIDDEN in _said(console)
    progress.ended(Entry("acquire", state, "why", 0.0, None, None, {}))
    console.print("the end")
    lines = _left(_said(console))
    assert "1.00 MiB of 4.00 MiB" in lines[0]
    assert lines[1:] == [*(["stopped by SIGINT"] if state == "stopped" else []), "the end", ""]
    assert _said(console).count(HIDDEN) == _said(console).count(SHOWN) == 1


def test_a_pipe_gets_the_lines_alone() -> None:
    out = io.StringIO()
    progress = terminal.Progress(Console(file=out, width=40))
    progress.began("acquire", "first run")
    for done in range(5):
        progress.download("a.zip", done * MIB, 4 * MIB)
        progress.download("unknown.zip", done * MIB, None)
    progress.began("train", "first run")
    for epoch in range(1, 4):
        progress.epoch(EpochReport(1, 1, epoch, 3, METRICS, 3.0 - epoch))
    progress.close()
    assert out.getvalue() == (
        "acquire first run\n"
        "  a.zip  4.00 MiB of 4.00 MiB\n"
        "train first run\n"
        "  epoch   1/3  loss 0.5000  accuracy 0.8000  validation 0.7000     2 s left\n"
        "  epoch   3/3  loss 0.5000  accuracy 0.8000  validation 0.7000     0 s left\n"
    )


_DOWNLOADS = """
import sys, time
from rich.console import Console
from commands.terminal import Progress
progress = Progress(Console(file=sys.stderr))
try:
    for done in range(10_000):
        progress.download("a.zip", done * 1000, 10_000_000)
        time.sleep(0.05)
except KeyboardInterrupt:
    progress.close()
    print("stopped", file=sys.stderr)
"""


def test_ctrl_c_in_a_true_terminal_leaves_it_usable() -> None:
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    options: dict[str, Any] = {"stderr": theirs, "stdin": theirs, "env": environment, "preexec_fn": ctrl_c.heard}
    with subprocess.Popen([sys.executable, "-c", _DOWNLOADS], **options) as process:
        os.close(theirs)
        written = b""
        while b"/s" not in written:  # the speed: it has come some way
            written += os.read(ours, 1000)
        process.send_signal(signal.SIGINT)
        while b"stopped" not in written:
            written += os.read(ours, 1000)
    os.close(ours)
    lines = _left(written.decode())
    assert process.returncode == 0
    assert re.match(r"  a\.zip  .* of 9\.54 MiB  .*left$", lines[0])
    assert lines[1] == "stopped"
    assert written.decode().index(HIDDEN) < written.decode().rindex(SHOWN)

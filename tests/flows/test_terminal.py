"""flows.terminal: what a pipe or a log file is told of a training, without a line for every quick epoch."""

import io

import pytest
from rich.console import Console

from evergreen.vision.fit import EpochReport
from flows import terminal


def test_a_log_has_slow_epochs_all_and_quick_ones_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 100.0
    monkeypatch.setattr(terminal.time, "monotonic", lambda: clock)
    out = io.StringIO()
    progress = terminal.Progress(Console(file=out, width=40))
    metrics = {"loss": 0.5, "accuracy": 0.8, "val_loss": 0.6, "val_accuracy": 0.7, "learning_rate": 0.001}
    for epoch in range(1, 31):
        clock += 1 if epoch <= 20 else 60  # seconds
        progress.epoch(EpochReport(2, 2, epoch, 30, metrics, 12.0))
    lines = out.getvalue().splitlines()
    shown = [int(line.split("epoch")[1].split("/")[0]) for line in lines]
    assert shown == [1, 11, *range(21, 31)]
    assert lines[0] == "  phase 2/2  epoch   1/30  loss 0.5000  accuracy 0.8000  validation 0.7000    12 s left"

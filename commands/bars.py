"""Bars in a terminal: how a file arrives, how a network learns. Rich draws them, below what is printed meanwhile."""

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from storage.sizes import in_words

if TYPE_CHECKING:
    from evergreen.vision.training.fit import EpochReport

_NARROWEST_BAR, _WIDEST_BAR = 5, 30
_PACE = len("   1023 KiB/s  0:00:00 left")


class Bars:
    """One bar at a time, the terminal's last line; when it ends, its last state stays. Of several trainings a row each.

    Only while one is shown is the cursor hidden, and does a thread draw.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: Progress | None = None
        self._what = ""
        self._rows: dict[str, TaskID] = {}
        self._lock = threading.RLock()  # several trainings tell of themselves, each in a thread

    def download(self, name: str, done: int, total: int | None, told: str) -> None:
        """Show how much of a file is here, how fast it comes, and how long that will take.

        Args:
            name: the file's.
            done: bytes.
            total: bytes, if that is known.
            told: how much that is, in words.
        """
        bar = self._bar(f"file {name}", name, done, total, told, _Pace())
        bar.update(bar.task_ids[0], completed=done, total=total, told=told)
        if total is not None and done >= total:
            self.end()

    def epoch(self, report: "EpochReport", name: str, told: str) -> None:
        """Show one epoch in place of the last one of its phase.

        Args:
            report: of the epoch.
            name: which epoch it is, in words.
            told: its numbers, in words.
        """
        if cell_len(f"  {name}  {told}") > self._console.width:
            name, told = (" ".join(text.split()) for text in (name, told))
        if report.beside:
            self._row(report, name, told)
            return
        bar = self._bar(f"{report.who} phase {report.phase}", name, report.epoch, report.epochs, told)
        bar.update(bar.task_ids[0], description=name, completed=report.epoch, told=told, refresh=True)
        if report.epoch == report.epochs:
            self.end()

    def end(self) -> None:
        """Let the bar, if there is one, stay as it is, and give the cursor back; rows of several go."""
        with self._lock:
            self._rows.clear()
            if self._shown:
                self._shown.stop()
                self._shown = None

    def _row(self, report: "EpochReport", name: str, told: str) -> None:
        """Show an epoch of one of several trainings that go on at once, each in a row of its own."""
        with self._lock:
            if not self._rows or self._shown is None:
                self.end()
                self._what = ""
                words = _words("  {task.description}  {task.fields[told]}")
                self._shown = Progress(
                    words, console=self._console, redirect_stdout=False, redirect_stderr=False, transient=True
                )
                self._shown.start()
            if report.who not in self._rows:
                self._rows[report.who] = self._shown.add_task(name, told=told)
            self._shown.update(self._rows[report.who], description=name, told=told, refresh=True)

    def _bar(self, what: str, name: str, done: int, total: int | None, told: str, *more: ProgressColumn) -> Progress:
        """Return the bar of ``what``, begun where ``done`` is if another one, or none, was shown."""
        if self._shown and self._what == what:
            return self._shown
        self.end()
        room = self._console.width - cell_len(f"  {name}  {told}  ") - (_PACE if more else 0)
        columns: list[ProgressColumn] = [_words("  {task.description}  {task.fields[told]}")]
        if room >= _NARROWEST_BAR:
            bar = BarColumn(min(room, _WIDEST_BAR))
            columns = [_words("  {task.description} "), bar, _words(" {task.fields[told]}")]
        # What libraries print goes to a file (commands.quiet): Rich would take it from there to the terminal.
        shown = Progress(*columns, *more, console=self._console, redirect_stdout=False, redirect_stderr=False)
        shown.add_task(name, completed=done, total=total, told=told)
        shown.start()
        self._shown, self._what = shown, what
        return shown


def _words(form: str) -> TextColumn:
    """Return a column of one line, which is cut where the terminal ends."""
    return TextColumn(form, markup=False, table_column=Column(no_wrap=True))


class _Pace(ProgressColumn):
    """How fast a file comes and how long that will take; at its end, how long it took."""

    def get_table_column(self) -> Column:
        """Return a column that stays on one line."""
        return Column(no_wrap=True)

    def render(self, task: Task) -> Text:
        """Return nothing until there is something to reckon with."""
        speed = task.finished_speed or task.speed
        seconds = task.finished_time if task.finished else task.time_remaining
        fast = f" {in_words(int(speed))}/s" if speed else ""
        if seconds is None:
            return Text(fast)
        time = timedelta(seconds=int(seconds))
        return Text(f"{fast}  in {time}" if task.finished else f"{fast}  {time} left")

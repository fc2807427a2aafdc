"""The trials of a sweep in a terminal: a table that lives while they run, and the one that stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from evergreen.sources.archives.names import visible
from evergreen.sweeping.naming import short_names, shown
from evergreen.sweeping.states import FAILED, PRUNED, REUSED, RUNNING, TRAINED, WAITING

_COLOURS = {TRAINED: "green", REUSED: "cyan", PRUNED: "yellow", FAILED: "red", RUNNING: "bold", WAITING: "dim"}
_BESIDE_THE_ROWS = 5  # lines of a terminal
_MINUTE = 60.0


class Trials:
    """Tells how trials stand: in place where the terminal can, else a line for each that has ended."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._told: set[int] = set()

    def show(self, found: Mapping[str, Any]) -> None:
        """Show how they stand.

        Args:
            found: values of ``sweep.json``.
        """
        if not self._console.is_terminal:
            self._lines(found)
            return
        if self._live is None:
            # What libraries print goes to a file (commands.quiet): Rich would take it from there to the terminal.
            self._live = Live(
                console=self._console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False, transient=True
            )
            self._live.start()
        most = max(3, self._console.height - _BESIDE_THE_ROWS)
        rows = _newest(found["trials"], most)
        self._live.update(Group(table_of(found, rows), Text(_state(found), style="dim")), refresh=True)

    def end(self) -> None:
        """Let nothing move any more."""
        if self._live:
            self._live.stop()
            self._live = None

    def _lines(self, found: Mapping[str, Any]) -> None:
        for trial in found["trials"]:
            if trial["number"] not in self._told and trial["state"] not in (RUNNING, WAITING):
                self._told.add(trial["number"])
                names = short_names(found["over"])
                values = "  ".join(f"{names[path]} {shown(value)}" for path, value in trial["values"].items())
                done = f"{len(self._told)} of {found['planned']}"
                line = f"  {done}  trial {trial['number']}  {values}  {_outcome(trial)}"
                self._console.print(visible(line), highlight=False, markup=False, soft_wrap=True)


def table_of(found: Mapping[str, Any], trials: Sequence[Mapping[str, Any]]) -> Table:
    """Return a table of trials, a row each.

    Args:
        found: values of ``sweep.json``.
        trials: those of them that are shown, in order.
    """
    names = short_names(found["over"])
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("trial", *names.values(), "state", "epochs", "validation", ""):
        right = title in ("trial", "epochs", "validation")
        table.add_column(visible(title), justify="right" if right else "left", header_style="dim", overflow="fold")
    for trial in trials:
        history = trial["history"]
        accuracy = trial["val_accuracy"]
        if accuracy is None and history:
            accuracy = history[-1]["val_accuracy"]
        best = trial["number"] == found["best"]
        table.add_row(
            str(trial["number"]),
            *(visible(shown(trial["values"].get(path))) for path in names),
            Text(trial["state"], style=_COLOURS[trial["state"]]),
            str(len(history)) if history else "",
            "" if accuracy is None else f"{accuracy:.1%}",
            Text("best" if best else "", style="green"),
        )
    return table


def show_sweep(console: Console, found: Mapping[str, Any]) -> None:
    """Print what a sweep found: every trial, the best, its lead, and what to type next."""
    from evergreen.sweeping.found import ranking  # late: NumPy

    ended = ranking(found["trials"])
    others = [trial for trial in found["trials"] if trial not in ended]
    console.print(table_of(found, [*ended, *others]))
    console.print()
    for trial in others:
        if trial["why"]:
            console.print(
                f"trial {trial['number']} {trial['state']}: {visible(trial['why'])}",
                style=_COLOURS[trial["state"]], markup=False, highlight=False, soft_wrap=True,
            )  # fmt: skip
    if lead := found["lead"]:
        console.print(f"{'lead':<10} {visible(lead['words'])}", markup=False, highlight=False, soft_wrap=True)
    if found["optimism"]:
        console.print(f"{'caution':<10} {visible(found['optimism'])}", markup=False, highlight=False, soft_wrap=True)
    if found["importance"]:
        shares = sorted(found["importance"].items(), key=lambda item: -item[1])
        words = ", ".join(f"{visible(path)} {share:.0%}" for path, share in shares)
        console.print(f"{'matters':<10} {words}", markup=False, highlight=False, soft_wrap=True)
    if found["outcome"] != "completed":
        console.print(f"{'ended':<10} {found['outcome']}", style="yellow", highlight=False)
    if found["next"]:
        console.print(f"{'next':<10} {visible(found['next'])}", markup=False, highlight=False, soft_wrap=True)


def _outcome(trial: Mapping[str, Any]) -> str:
    if trial["val_accuracy"] is None:
        return f"{trial['state']} {trial['why']}".strip()
    return f"{trial['state']}  validation accuracy {trial['val_accuracy']:.1%}"


def _state(found: Mapping[str, Any]) -> str:
    """Return in one line how far a sweep is, and about how long it will take at the pace so far."""
    over = [trial for trial in found["trials"] if trial["state"] not in (RUNNING, WAITING)]
    words = f"{len(over)} of {found['planned']} trials have ended"
    took = [trial["seconds"] for trial in over if trial["seconds"]]
    if not took or len(over) == found["planned"]:
        return words
    left = (found["planned"] - len(over)) * sum(took) / len(took) / found["parallel"] / _MINUTE
    return f"{words}, about {left:.1f} minutes left"


def _newest(trials: Sequence[Mapping[str, Any]], most: int) -> list[Mapping[str, Any]]:
    """Return the trials that run, with as many before them, and of those that wait, as a screen holds."""
    begun = [trial for trial in trials if trial["state"] != WAITING]
    waiting = [trial for trial in trials if trial["state"] == WAITING]
    shown_now = begun[-most:]
    return [*shown_now, *waiting[: most - len(shown_now)]]

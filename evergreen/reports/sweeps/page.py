"""The page of a sweep: who won and by how much, every trial, pictures, and the command to go on with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evergreen.reports.page import render
from evergreen.reports.sweeps import curves, parallel
from evergreen.reports.sweeps.axes import METRICS
from evergreen.reports.sweeps.drawing import MOST_LINES, name_of, state_of
from evergreen.sweeping.found import OPTIMISM_METHOD, ORDER, is_finite, ranking, winner_in_words
from evergreen.sweeping.naming import short_names, shown
from evergreen.sweeping.states import ENDED, FAILED, PRUNED

MOST_ROWS = 2_000
_COLOURS = {"trained": "passed", "reused": "soft", PRUNED: "warn", FAILED: "failed"}
_METRICS = ("val_accuracy", "val_loss", "accuracy", "loss")


@dataclass(frozen=True)
class Cell:
    """What stands in a table.

    Attributes:
        text: as it is read.
        key: what a column is sorted by: a number, or text; empty comes last.
    """

    text: str
    key: float | str


def page(sweep: Mapping[str, Any]) -> bytes:
    """Return ``sweep.html``: one file that stands alone, and reads without JavaScript; equal sweeps give equal bytes.

    Args:
        sweep: values of ``sweep.json``; any text in it may be a stranger's.
    """
    from markupsafe import Markup

    trials, best = sweep["trials"], sweep["best"]
    by_number = {trial["number"]: trial for trial in trials}
    counts = Counter(trial["state"] for trial in trials)
    width = parallel.width_of(sweep)
    return render(
        "sweeps/sweep.html.j2",
        sweep=sweep,
        best=by_number.get(best),
        names=short_names(sweep["over"]),
        spaces={path: space_in_words(of) for path, of in sweep["over"].items()},
        words=sentences(sweep),
        sure=bool(sweep["lead"] and (sweep["lead"]["low"] or 0) > 0),
        counts=counts,
        ended=sum(counts[state] for state in ENDED),
        minutes=duration(sweep["seconds"]),
        columns=columns_of(sweep),
        rows=[(trial, _cells(trial, sweep), name_of(trial, best)) for trial in in_order(trials)[:MOST_ROWS]],
        colours=_COLOURS,
        cut=len(trials) > MOST_ROWS,
        most_rows=MOST_ROWS,
        most_lines=MOST_LINES,
        lines_cut=len(trials) > MOST_LINES,
        # Every stranger's text in the pictures was escaped where they were drawn.
        parallel=Markup(parallel.parallel(sweep)),  # noqa: S704
        curves=Markup(curves.curves(sweep)),  # noqa: S704
        narrow_parallel=max(width, 100) + 34,
        narrow_curves=curves.WIDTH + 34,
        pruned=[trial for trial in trials if trial["state"] == PRUNED],
        failed=[trial for trial in trials if trial["state"] == FAILED],
        pruned_in_words=pruned_in_words,
        order=ORDER,
        optimism_method=OPTIMISM_METHOD,
        name=by_number and name_of(by_number[best], best) if best is not None else "",
    )


def sentences(sweep: Mapping[str, Any]) -> list[str]:
    """Return the verdict, a line each: who won, by how much it leads, and by how much the best flatters."""
    lead = sweep["lead"]
    said = [winner_in_words(sweep["trials"]), lead["words"] if lead else "", sweep["optimism"]]
    return [f"{line[:1].upper()}{line[1:]}" for line in said if line]


def in_order(trials: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return all trials as a table shows them: those that ended by accuracy, then pruned, then the others."""
    ranked = ranking(trials)
    ended = {trial["number"] for trial in ranked}
    rest = [trial for trial in trials if trial["number"] not in ended]
    return [*ranked, *sorted(rest, key=lambda trial: (trial["state"] != PRUNED, -(trial["val_accuracy"] or 0.0)))]


def columns_of(sweep: Mapping[str, Any]) -> list[str]:
    """Return the titles of the table of trials, state first and values behind the validation accuracy."""
    spread = ["single seeds"] if len(sweep["seeds"]) > 1 else []
    names = short_names(sweep["over"]).values()
    return ["trial", "state", *names, *_METRICS, *spread, "epoch", "seconds"]


def row_of(trial: Mapping[str, Any], sweep: Mapping[str, Any]) -> list[str]:
    """Return what stands in the table of a trial, under ``columns_of``."""
    return [cell.text for cell in _cells(trial, sweep)]


def _cells(trial: Mapping[str, Any], sweep: Mapping[str, Any]) -> list[Cell]:
    state = f"best, {trial['state']}" if trial["number"] == sweep["best"] else state_of(trial)
    values = [_value(trial["values"].get(path)) for path in sweep["over"]]
    seeds = [seed["val_accuracy"] for seed in trial["seeds"] if is_finite(seed["val_accuracy"])]
    spread = [Cell(f"{min(seeds):.1%} to {max(seeds):.1%}", max(seeds) - min(seeds)) if seeds else Cell("", "")]
    kept = trial["epoch"]
    return [
        Cell(str(trial["number"]), trial["number"]),
        Cell(state, state),
        *values,
        *(_metric(name, trial[name]) for name in _METRICS),
        *(spread if len(sweep["seeds"]) > 1 else []),
        Cell(f"{kept} of {trial['epochs']}", kept) if kept is not None else Cell("", ""),
        Cell(f"{trial['seconds']:.1f}", trial["seconds"]) if trial["seconds"] is not None else Cell("", ""),
    ]


def _value(value: Any) -> Cell:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Cell(shown(value), value if is_number else shown(value))


def _metric(name: str, value: float | None) -> Cell:
    if value is None or not is_finite(value):
        return Cell("", "")
    return Cell(f"{100 * value:.2f} %" if name in METRICS[:2] else f"{value:.4f}", value)


def space_in_words(of: Mapping[str, Any]) -> str:
    """Return what was tried of a value: its choices, or its range.

    Args:
        of: ``choices``, or ``low``, ``high``, ``log`` and ``step``.
    """
    if "choices" in of:
        return ", ".join(shown(choice) for choice in of["choices"])
    more = ", by logarithm" if of.get("log") else f", in steps of {shown(of['step'])}" if of.get("step") else ""
    return f"{shown(of['low'])} to {shown(of['high'])}{more}"


def pruned_in_words(trial: Mapping[str, Any]) -> str:
    """Return when a trial was pruned and why."""
    seconds, began = trial["seconds"], trial["began_at"]
    when = ""
    if seconds is not None:
        into = "" if began is None else f", {duration(began + seconds)} into the sweep"
        when = f", after {duration(seconds)}{into}"
    name = name_of(trial, None)
    why = f": {trial['why']}" if trial["why"] else ""
    return f"{name[:1].upper()}{name[1:]}{when}{why}"


def duration(seconds: float) -> str:
    """Return a time as people say it, to the second below ten minutes."""
    if round(seconds) < 60:
        return f"{seconds:.0f} s"
    if round(seconds) < 600:
        return "{} min {} s".format(*divmod(round(seconds), 60))
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"

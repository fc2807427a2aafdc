"""What a person sees in the terminal: progress, the step table, where to look, lineage."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.syntax import Syntax
from rich.table import Table

from commands.bars import Bars
from commands.classes import show_classes
from commands.exports import show_exports
from commands.trials import Trials
from evergreen.judging.advice import lines
from evergreen.judging.ended import is_cut
from evergreen.sources.archives.names import visible, visible_lines
from runs.looking.listing import row_of
from runs.run import Entry, Run
from runs.stopped import how_it_stopped
from storage.sizes import in_words

if TYPE_CHECKING:
    from evergreen.vision.training.fit import EpochReport
    from runs.why import Why

_EPOCHS_EVERY_SECONDS = 10.0
_GOOD_FIT = "good fit"
# Why a step failed is told whole where it fails (`running.run_flow`), and once.
_SAID = "as said above"
_COLOURS = {
    "ran": "green",
    "reused": "cyan",
    "failed": "red",
    "stopped": "yellow",
    "would run": "green",
    "champion": "green",
    "rejected": "red",
    "cannot compare": "yellow",
    "blocked": "yellow",
    "pinned": "yellow",
}


class Progress:
    """Tells a terminal what a run does, with bars; on a pipe, a line a step, and an epoch if ten seconds went by."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._bars = Bars(console)
        self._trials = Trials(console)
        self._last_epoch = 0.0
        self.run: Run | None = None
        self.failed: Entry | None = None
        self.told_of_the_stop = False

    def started(self, run: Run) -> None:
        """Remember the run, for its id."""
        self.run = run

    def began(self, step: str, reason: str) -> None:
        """Say that a step's body starts."""
        self.close()
        self.console.print(f"[bold]{step}[/bold] [dim]{escape(visible(reason))}[/dim]")

    def ended(self, entry: Entry) -> None:
        """End the step's bar, and remember a failed step; of a stopped one, say what is kept before Prefect is told."""
        self.close()
        if entry.state == "failed":
            self.failed = entry
        if entry.state == "stopped":
            self.stopped(KeyboardInterrupt())

    def stopped(self, error: BaseException) -> None:
        """Say in one line what stopped the run, what is kept and how to go on; once."""
        told = visible_lines(how_it_stopped(self.run, error))
        if not self.told_of_the_stop:
            self.console.print(told, style="yellow", markup=False, highlight=False, soft_wrap=True)
        self.told_of_the_stop = True

    def close(self) -> None:
        """End the bar, or the table of trials, if there is one: nothing moves any more."""
        self._bars.end()
        self._trials.end()

    def download(self, name: str, done: int, total: int | None) -> None:
        """Show how much of a file is here: a bar where the terminal can, else a line at its end."""
        size = f"{in_words(done)} of {in_words(total)}" if total else in_words(done)
        if self.console.is_terminal:
            self._bars.download(name, done, total, size)
        elif total is not None and done >= total:
            self.console.print(f"  {escape(name)}  {size}", highlight=False)

    def note(self, text: str) -> None:
        """Show what a step has to say."""
        for line in visible_lines(text).split("\n"):
            self.console.print(f"  {line}", style="dim", markup=False, highlight=False, soft_wrap=True)

    def epoch(self, report: "EpochReport") -> None:
        """Show one epoch, in place of the last one where the terminal can."""
        metrics = report.metrics
        phase = f"phase {report.phase}/{report.phases}  " if report.phases > 1 else ""
        phase = f"{report.who}  {phase}" if report.who else phase
        name = f"{phase}epoch {report.epoch:3d}/{report.epochs}"
        numbers = (
            f"loss {metrics['loss']:.4f}  accuracy {metrics['accuracy']:.4f}  "
            f"validation {metrics['val_accuracy']:.4f}  {report.seconds_left:4.0f} s left"
        )
        if self.console.is_terminal:
            self._bars.epoch(report, name, numbers)
        elif report.epoch == report.epochs or time.monotonic() - self._last_epoch >= _EPOCHS_EVERY_SECONDS:
            self._last_epoch = time.monotonic()
            self.console.print(f"  {name}  {numbers}", highlight=False, soft_wrap=True)

    def sweep(self, found: Mapping[str, Any]) -> None:
        """Show how the trials of a sweep stand."""
        self._bars.end()
        self._trials.show(found)


def show_steps(console: Console, steps: list[dict[str, Any]]) -> None:
    """Print the table of a run's, or a plan's, steps."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("step", "state", "why", "seconds", "digest"):
        table.add_column(title, justify="right" if title == "seconds" else "left", header_style="dim")
    before = ""
    for step in steps:
        colour = _COLOURS.get(step["state"], "white")
        seconds = f"{step['seconds']:.1f}" if step["state"] == "ran" else ""
        if step.get("estimate") and step["state"] != "reused":
            seconds = f"about {step['estimate']:.1f}"
        state = f"[{colour}]{step['state']}[/]"
        reason = _SAID if step["state"] == "failed" else _first_line(step["reason"])
        if step["state"] == "unknown":  # why the step before it runs is said once, and not with all that follow
            before, reason = reason, reason.partition(" (")[0] if reason == before else reason
        table.add_row(step["name"], state, escape(reason), seconds, (step["output"] or "")[:12])
    console.print(table)


def _first_line(text: str) -> str:
    """Return the first line of a reason."""
    first, *more = text.split("\n")
    return f"{visible(first)} ..." if more else visible(first)


def show_answer(console: Console, answer: "Why") -> None:
    """Print why a step ran."""
    console.print(f"{answer.step} in run {answer.run}: {answer.state}, {answer.reason}", markup=False, highlight=False)
    if not answer.differences:
        console.print("There is no earlier record of this step for this recipe to compare with.")
        return
    console.print("Compared with the nearest earlier record:")
    for line in answer.differences:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    if answer.diff:
        console.print(Syntax(answer.diff, "diff", background_color="default", word_wrap=True))


def show_run(console: Console, summary: dict[str, Any], folder: Path) -> None:
    """Print the step table of a run, its numbers, and where to look."""
    show_steps(console, summary["steps"])
    show_classes(console, summary)
    console.print()
    if training := summary.get("training"):
        console.print(f"{'training':<10} {training['words']}", highlight=False, markup=False, soft_wrap=True)
        if is_cut(training):
            console.print(f"{'':<10} raise train.time_limit_minutes to train on", highlight=False, soft_wrap=True)
        if training["why"] != "stopped" and (taught := training.get("teacher")):
            console.print(f"{'taught by':<10} {taught['words']}", highlight=False, markup=False, soft_wrap=True)
        if behind := training.get("backgrounds"):
            console.print(f"{'behind':<10} {behind['words']}", highlight=False, markup=False, soft_wrap=True)
    for split, values in summary["metrics"].items():
        numbers = _numbers(values)
        told = f"{numbers}: {values['words']}" if "words" in values else numbers
        console.print(f"{split:<10} {told}", highlight=False, markup=False, soft_wrap=True)
    _show_baseline(console, summary.get("baseline"))
    _show_new(console, summary.get("drift"))
    _show_labels(console, summary)
    if verdict := summary.get("verdict"):
        reasons = visible(" ".join(verdict["reasons"]))
        colour = "yellow" if verdict["verdict"] != _GOOD_FIT else None
        console.print(f"{verdict['verdict']}: {reasons}", style=colour, highlight=False, markup=False)
    if calibration := summary.get("calibration"):
        for words in calibration["words"].values():
            console.print(words, highlight=False, markup=False)
    if shortcuts := summary.get("shortcuts"):
        console.print(shortcuts["summary"], highlight=False, markup=False)
    _show_folds(console, summary)
    if grouping := summary.get("grouping"):
        console.print(grouping["words"], highlight=False, markup=False, soft_wrap=True)
    show_notes(console, summary)
    show_exports(console, summary["exports"])
    if comparison := summary["comparison"]:
        show_comparison(console, comparison, (summary.get("verdict") or {}).get("verdict", _GOOD_FIT))
    for line in lines((summary.get("verdict") or {}).get("to_try", ())):
        console.print(f"{'try':<10} {line}", markup=False, highlight=False, soft_wrap=True)
    console.print()
    decision = summary["decision"]
    if decision and not decision["retrain"]:
        console.print(f"Not retrained: {decision['reason']}.", markup=False, highlight=False, soft_wrap=True)
    if edited := summary.get("edited_exports"):
        told = f"somebody changed these exports: they lie in {edited} now, and the proven ones in their place"
        console.print(f"{'edited':<8} {told}", style="yellow", markup=False, soft_wrap=True, highlight=False)
    if remote := summary.get("remote"):
        amiss = remote["problem"] or remote["refused"] or remote["elsewhere"]
        told = f"{'remote':<8} {visible_lines(remote['words'])}"
        console.print(told, style="yellow" if amiss else None, markup=False, soft_wrap=True, highlight=False)
    for name, path in (("report", "report.html"), ("exports", "exports"), ("run", "run.json")):
        if (folder / path).exists():  # a run that failed wrote what it came to
            console.print(f"{name:<8} {folder / path}", soft_wrap=True, highlight=False)


def show_last(console: Console, summary: dict[str, Any], folder: Path) -> None:
    """Print how a run ended, and where it lies, in one line."""
    row = row_of(summary)
    accuracy = f"{row.split} accuracy {row.accuracy:.1%}" if row.accuracy is not None else ""
    standing = (summary.get("comparison") or {}).get("standing", "")
    words = ", ".join(filter(None, (row.outcome, standing, accuracy)))
    console.print(f"{row.recipe}: {words}: {folder}", markup=False, soft_wrap=True, highlight=False)


def _show_new(console: Console, found: dict[str, Any] | None) -> None:
    """Print how new images stand beside those that the earlier model was judged by, if any were compared."""
    if found and found["p"] is not None:
        words = f"{'new images':<10} {visible(found['words'])}"
        style = "yellow" if found["verdict"] == "drift" else None
        console.print(words, style=style, highlight=False, markup=False, soft_wrap=True)


def _show_baseline(console: Console, baseline: dict[str, Any] | None) -> None:
    """Print how the model stands beside a linear probe, where there was something to probe."""
    if baseline and "why" not in baseline:
        caution = baseline["standing"] == "worse"
        words = f"{'baseline':<10} {baseline['words']}"
        console.print(words, style="yellow" if caution else None, highlight=False, markup=False, soft_wrap=True)


def _show_labels(console: Console, summary: dict[str, Any]) -> None:
    """Print how many labels are wrong, and how good the model is on images whose label is not doubted."""
    found = summary.get("diagnosis")
    if found and "why" not in found:
        words = f"{'labels':<10} {found['words']} Which: evergreen doctor {summary['recipe']}"
        console.print(words, highlight=False, markup=False, soft_wrap=True)
        if found["not_suspect"]:
            console.print(f"{'':<10} {found['not_suspect']['words']}", highlight=False, markup=False, soft_wrap=True)


def _numbers(values: dict[str, Any]) -> str:
    """Return how a network did on some images."""
    interval = f"({values['accuracy_low']:.1%} to {values['accuracy_high']:.1%})"
    return f"accuracy {values['accuracy']:.2%} {interval}  loss {values['loss']:.4f}  {values['count']} images"


def _show_folds(console: Console, summary: dict[str, Any]) -> None:
    """Print what the folds found, a row a fold, if there were any."""
    if not (folds := summary.get("folds")):
        return
    for row in folds["by_fold"]:
        seconds = "" if row["seconds"] is None else f"  {row['seconds']:.1f} s of training"
        console.print(f"{'fold ' + str(row['fold']):<10} {_numbers(row)}{seconds}", highlight=False, soft_wrap=True)
    console.print(f"{'folds':<10} {folds['words']}", highlight=False, markup=False, soft_wrap=True)


def show_comparison(console: Console, comparison: dict[str, Any], fit: str) -> None:
    """Print what became of a run's model, and why; a champion that is no ``good fit`` for its data is not green."""
    standing = comparison["standing"]
    won = standing == "champion"
    colour = _COLOURS.get(standing, "yellow") if not won or fit == _GOOD_FIT else "yellow"
    told = f"champion, {fit}" if won and fit != _GOOD_FIT else standing if won else f"not promoted ({standing})"
    console.print(
        f"{'release':<10} [{colour}]{told}[/]  {escape(visible(comparison['summary']))}",
        soft_wrap=True,
        highlight=False,
    )
    if won:
        return
    champion = comparison["champion"]
    stays = f"{champion[:12]} stays" if champion else "none: predict and web answer with the newest model, and say so"
    console.print(f"{'champion':<10} {stays}", soft_wrap=True, highlight=False)


def show_inspection(console: Console, summary: dict[str, Any], folder: Path) -> None:
    """Print the classes and what folders became; then, unless it was a dry run, findings, and where the page is."""
    show_classes(console, summary)
    show_notes(console, summary)
    if findings := summary.get("findings"):
        console.print("\n" + "\n".join(f"{count:>9,}  {name}" for name, count in findings.items()), highlight=False)
    if refused := summary.get("refused"):
        told = visible_lines(f"\nthe split will refuse this: {refused}")
        console.print(told, style="yellow", markup=False, highlight=False, soft_wrap=True)
    console.print()
    for name, path in (("page", "inspection.html"), ("run", "run.json")):
        if (folder / path).exists():
            console.print(f"{name:<8} {folder / path}", markup=False, soft_wrap=True, highlight=False)


def show_notes(console: Console, summary: Mapping[str, Any]) -> None:
    """Print what people should know of the data."""
    for note in summary.get("notes", ()):
        console.print(f"{'note':<10} {note}", style="yellow", highlight=False, markup=False, soft_wrap=True)

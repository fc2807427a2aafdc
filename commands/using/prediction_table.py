"""The answers of a prediction, as a person sees them in the terminal."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.markup import escape
from rich.table import Table

from evergreen.reports.predictions import ContactSheet, Prediction
from evergreen.sources.archives.names import visible
from evergreen.sources.given import is_url
from runs.answering.explained import Explained
from runs.answering.prediction import Job
from runs.answering.prediction_files import counts
from runs.answering.sorted_folders import score

_MOST_ROWS_BESIDE_A_FILE = 50
_WIDTH_OF_A_PIPE = 1000


def show_pages(console: Console, sheet: ContactSheet, path: Path) -> None:
    """Say how many pages a contact sheet has, if there are several, and what is not on it."""
    if sheet.pages > 1:
        last = f"{path.stem}-{sheet.pages}{path.suffix}"
        console.print(f"the contact sheet has {sheet.pages} pages, to {_plain(last)}", highlight=False)
    if sheet.left_out:
        console.print(f"{sheet.left_out:,} images are not on it: it would have too many pages", highlight=False)


def show_explained(console: Console, explained: Explained) -> None:
    """Say how many heat maps were written, where and how."""
    console.print(f"{'explained':<9} {_plain(explained.in_words())}", soft_wrap=True, highlight=False)


def show_caution(console: Console, caution: str | None) -> None:
    """Say why the answers are to be taken with care, if there is a reason."""
    if caution:
        console.print(f"caution  {_plain(caution)}", style="yellow", soft_wrap=True, highlight=False)


def show(console: Console, job: Job, predictions: Sequence[Prediction], files: Sequence[Path]) -> None:
    """Print the answers, then all that could not be used, and the sums.

    Args:
        console: of standard output.
        job: which model answered.
        predictions: its answers.
        files: what was written; with one, only the first answers are printed.
    """
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_PIPE  # whoever reads lines wants none of them folded
    good, bad = [one for one in predictions if not one.error], [one for one in predictions if one.error]
    shown = good[:_MOST_ROWS_BESIDE_A_FILE] if files else good
    show_caution(console, job.meant.caution)
    if shown:
        if common := _placed([one.image for one in shown])[0]:
            console.print(f"[dim]in {_plain(common)}[/]", soft_wrap=True, highlight=False)
        console.print(_table(shown, console.width))
    if len(shown) < len(good):
        console.print(f"and {len(good) - len(shown):,} more", style="dim")
    if bad:
        console.print(f"not used: {len(bad):,}", style="red")
    for one in bad:
        console.print(f"  {_plain(one.image)}: [red]{_plain(one.error)}[/]", soft_wrap=True, highlight=False)
    for line in _sums(job, predictions):
        console.print(line, highlight=False)
    for path in files:
        console.print(f"{path.suffix[1:]:<8} {_plain(str(path))}", soft_wrap=True, highlight=False)


def show_last(console: Console, job: Job, predictions: Sequence[Prediction]) -> None:
    """Print one line: the answer of one image, or how many each class got.

    Args:
        console: of standard output.
        job: which model answered.
        predictions: its answers.
    """
    if len(predictions) == 1:
        (one,) = predictions
        answer = one.error or f"{'unsure ' if one.unsure else ''}{one.top[0][0]} {one.top[0][1]:.1%}"
        line = f"{one.image}: {answer}"
    else:
        line = _tally(job, predictions)
    console.print(_plain(line), soft_wrap=True, highlight=False)


def _table(predictions: Sequence[Prediction], width: int) -> Table:
    """Return the rows, the file's name first; what lies in several folders has a column for them."""
    truth = any(one.truth is not None for one in predictions)
    _, placed = _placed([one.image for one in predictions])
    several = any(
        folder and folder != one.truth for one, (_, folder) in zip(predictions, placed, strict=True)
    )  # a folder that is the label stands beside it already
    longest = max(cell_len(_plain(name)) for name, _ in placed)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("image", "answer", "", "then", *(["truth"] if truth else []), *(["in"] if several else [])):
        whole = title in ("image", "") and longest <= width // 2  # then the other columns are folded first
        align: JustifyMethod = "left" if title else "right"
        table.add_column(title, header_style="dim", overflow="fold", justify=align, no_wrap=whole)
    for one, (name, folder) in zip(predictions, placed, strict=True):
        (label, probability), *others = one.top
        mark = "[yellow]unsure[/] " if one.unsure else ""
        then = "  ".join(f"{_plain(other)} {share:.1%}" for other, share in others)
        colour = "green" if one.truth == label else "red"
        known = [f"[{colour}]{_plain(one.truth or '')}[/]"] if truth else []
        where = [f"[dim]{_plain(folder)}[/]"] if several else []
        table.add_row(_plain(name), f"{mark}[bold]{_plain(label)}[/]", f"{probability:.1%}", then, *known, *where)
    return table


def _placed(names: Sequence[str]) -> tuple[str, list[tuple[str, str]]]:
    """Return the folder that images have in common, and of each its file's name and the folder below that.

    Addresses, and what came from standard input, are names as they stand.
    """
    if any(is_url(name) for name in names) or len({PurePath(name).is_absolute() for name in names}) > 1:
        return "", [(name, "") for name in names]
    folders = [str(PurePath(name).parent) for name in names]
    common = os.path.commonpath(folders)
    below = [str(PurePath(folder).relative_to(common)) if common else folder for folder in folders]
    placed = [(PurePath(name).name or name, "" if at == "." else at) for name, at in zip(names, below, strict=True)]
    return "" if common in ("", ".") else common, placed


def _sums(job: Job, predictions: Sequence[Prediction]) -> Iterator[str]:
    """Yield how many images each class got, how many are right, what was passed over, and who answered."""
    meant = job.meant
    if len(predictions) > 1:
        yield "\n" + _plain(_tally(job, predictions))
    if scored := score(predictions, job.classes):
        yield _scored(scored)
        if (new := scored.get("new")) is not None:
            learned = (
                f"the model learned from {scored['count'] - new['count']:,} of these very files, or was chosen by them"
            )
            others = (
                f"of the {new['count']:,} others {_scored(new)}" if new["count"] else "which says nothing of new ones"
            )
            yield f"[yellow]{learned}; {others}[/]"
        if job.scored:
            yield _plain(job.scored)
            yield "right by class: " + ", ".join(
                f"{_plain(row['label'])} {row['right']:,} of {row['count']:,}" for row in scored["classes"]
            )
    if job.skipped:
        yield f"passed over in folders, no images by their names: {job.skipped:,}"
    named = f"run {meant.run}" if meant.run else f"model {meant.model[:12]}"
    yield f"[dim]{_plain(meant.recipe or 'model')}, {named}, {meant.format}[/]"


def _scored(found: Mapping[str, Any]) -> str:
    interval = f"({found['accuracy_low']:.1%} to {found['accuracy_high']:.1%})"
    return f"{found['right']:,} of {found['count']:,} right: accuracy {found['accuracy']:.1%} {interval}"


def _tally(job: Job, predictions: Sequence[Prediction]) -> str:
    """Return how many images each class got, how many are unsure, and how many could not be used."""
    found = counts(predictions)
    labels = Counter(one.top[0][0] for one in predictions if one.top and not one.unsure)
    parts = [f"{labels[label]:,} {label}" for label in job.classes if labels[label]]
    return ", ".join(parts + [f"{found[name]:,} {name}" for name in ("unsure", "bad") if found.get(name)])


def _plain(text: str) -> str:
    return escape(visible(text))

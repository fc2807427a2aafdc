"""Where predictions go: a CSV, JSON and a contact sheet as files, a table in the terminal."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evergreen.errors import BadInput
from evergreen.paths import can_be_named, is_folder, path_of
from evergreen.reports.predictions import ContactSheet, Prediction, write_csv
from evergreen.sources.names import visible
from flows.prediction import Job

_MOST_ROWS_BESIDE_A_FILE = 50
_WIDTH_OF_A_PIPE = 1000


def checked_target(path: Path, suffix: str = "") -> Path:
    """Return the path of a file that can be written, before hours are spent on what it shall hold.

    Raises:
        BadInput: its folder is not there or may not be written, it is a folder, or its name ends in something else.
    """
    target = path_of(path).absolute()
    if suffix and target.suffix.lower() != suffix:
        raise BadInput(f"expected a file name that ends in {suffix}, received {path}")
    writable = can_be_named(_part_of(target)) and is_folder(target.parent) and os.access(target.parent, os.W_OK)
    if not writable or is_folder(target):
        raise BadInput(f"expected the name of a file in a folder that may be written, received {path}")
    return target


@contextmanager
def written(path: Path) -> Iterator[IO[str]]:
    """Yield a text file that takes the place of ``path`` once it is whole.

    Raises:
        BadInput: it cannot be written.
    """
    part = _part_of(path)
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def sheet_at(path: Path) -> ContactSheet:
    """Return a contact sheet whose pages are written to ``NAME.png``, ``NAME-2.png`` and so on."""

    def write(page: int, data: bytes) -> None:
        target = path if page == 1 else path.with_stem(f"{path.stem}-{page}")
        try:
            target.write_bytes(data)
        except OSError as error:
            raise BadInput(f"{target} cannot be written: {error.strerror or error}") from error

    return ContactSheet(write)


def show_pages(console: Console, sheet: ContactSheet, path: Path) -> None:
    """Say how many pages a contact sheet has, if there are several, and what is not on it."""
    if sheet.pages > 1:
        last = f"{path.stem}-{sheet.pages}{path.suffix}"
        console.print(f"the contact sheet has {sheet.pages} pages, to {_plain(last)}", highlight=False)
    if sheet.left_out:
        console.print(f"{sheet.left_out:,} images are not on it: it would have too many pages", highlight=False)


def as_json(job: Job, predictions: Sequence[Prediction]) -> str:
    """Return the model, one entry an image, and how many files were passed over, as JSON."""
    value = job.as_json() | {"predictions": [one.as_json() for one in predictions], "skipped": job.skipped}
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def print_csv(file: IO[str], job: Job, predictions: Sequence[Prediction]) -> None:
    """Write the rows to standard output, or to a file that was opened with ``newline=""``."""
    write_csv(predictions, file, min(job.top, len(job.classes)))


def counts(predictions: Sequence[Prediction]) -> dict[str, int]:
    """Return how many images were classified, cannot be used, are unsure, and are right where the truth is known."""
    found = {"images": len(predictions), "bad": sum(bool(one.error) for one in predictions)}
    if any(one.unsure is not None for one in predictions):
        found["unsure"] = sum(one.unsure is True for one in predictions)
    known = [one for one in predictions if one.truth is not None and not one.error]
    if known:
        found["right"] = sum(one.top[0][0] == one.truth for one in known)
    return found


def in_words(found: Mapping[str, int]) -> str:
    """Return what ``counts`` returned, in words: ``21 images, 2 bad``."""
    return ", ".join(f"{count:,} {name}" for name, count in found.items() if count or name == "images")


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
    if shown:
        console.print(_table(shown))
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


def _table(predictions: Sequence[Prediction]) -> Table:
    truth = any(one.truth is not None for one in predictions)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("image", "answer", "", "then", *(["truth"] if truth else [])):
        table.add_column(title, header_style="dim", overflow="fold", justify="left" if title else "right")
    for one in predictions:
        (label, probability), *others = one.top
        mark = "[yellow]unsure[/] " if one.unsure else ""
        then = "  ".join(f"{_plain(other)} {share:.1%}" for other, share in others)
        colour = "green" if one.truth == label else "red"
        known = [f"[{colour}]{_plain(one.truth or '')}[/]"] if truth else []
        table.add_row(_plain(one.image), f"{mark}[bold]{_plain(label)}[/]", f"{probability:.1%}", then, *known)
    return table


def _sums(job: Job, predictions: Sequence[Prediction]) -> Iterator[str]:
    """Yield how many images each class got, how many are right, what was passed over, and who answered."""
    meant, found = job.meant, counts(predictions)
    labels = Counter(one.top[0][0] for one in predictions if one.top and not one.unsure)
    if len(predictions) > 1:
        parts = [f"{labels[label]:,} {_plain(label)}" for label in job.classes if labels[label]]
        parts += [f"{found[name]:,} {name}" for name in ("unsure", "bad") if found.get(name)]
        yield "\n" + ", ".join(parts)
    if "right" in found:
        yield f"{found['right']} of {found['images'] - found['bad']} right"
    if job.skipped:
        yield f"passed over in folders, no images by their names: {job.skipped:,}"
    named = f"run {meant.run}" if meant.run else f"model {meant.model[:12]}"
    yield f"[dim]{_plain(meant.recipe or 'model')}, {named}, {meant.format}[/]"


def _plain(text: str) -> str:
    return escape(visible(text))

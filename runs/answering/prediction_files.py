"""Where predictions go: a CSV, JSON and a contact sheet, as files."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from evergreen.errors import BadInput
from evergreen.paths import can_be_named, is_folder, path_of
from evergreen.reports.predictions import ContactSheet, Prediction, write_csv
from runs.answering.explained import Explained
from runs.answering.prediction import Job
from runs.answering.sorted_folders import score


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


def as_json(job: Job, predictions: Sequence[Prediction], explained: Explained | None = None) -> str:
    """Return as JSON the model, one entry an image, how many files were passed over, and what else there is.

    That is the score, and where heat maps lie.
    """
    value = job.as_json() | {"predictions": [one.as_json() for one in predictions], "skipped": job.skipped}
    if found := score(predictions, job.classes):
        value["score"] = found | {"words": job.scored}
    if explained:
        value["explained"] = explained.as_json()
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

"""Answers that a service kept, held against the reference of the model that gave them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from evergreen.drifting.logs import answered_log, as_coarse
from evergreen.drifting.reference import Reference
from evergreen.errors import BadInput
from evergreen.paths import is_file, path_of
from evergreen.recipe import Recipe
from runs.drifting.comparing import Model, of_log
from runs.drifting.kept import known_images
from runs.serving.feedback.files import lines_of
from runs.serving.feedback.log import LOG_SUFFIX, log_at
from storage.store import Store

_UNSURE = "were kept since they are unsure, and not drawn: they are no sample, and were left out"
_OTHER = "are of another model or recipe, and were left out"
_LEARNED = "are about images of the model's own run, and were left out"
_AGAIN = "are about an image that was asked before, which was counted once"
_KERAS = "keras"


def lines_at(paths: Sequence[str], recipe: str) -> Iterator[dict[str, Any]] | None:
    """Return the answers that files and folders of logs hold; None if they are none.

    Args:
        paths: files that end in ``.jsonl``, or folders in which a service keeps answers.
        recipe: name of the one whose answers are wanted, where a folder has those of several.

    Raises:
        BadInput: some are logs, and others are not.
    """
    found: list[Iterator[dict[str, Any]]] = []
    for words in paths:
        path = Path(path_of(words))
        log = log_at(path, recipe)
        if log is not None:
            found.append(log.lines("answers"))
        elif path.suffix.lower() == LOG_SUFFIX and is_file(path):
            found.append(lines_of(path))
    if found and len(found) < len(paths):
        raise BadInput("expected images, or logs of answers, received both: ask about each by itself")
    return chain.from_iterable(found) if found else None


def of_answers(
    store: Store, recipe: Recipe, model: Model, reference: Reference, lines: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """Hold kept answers against the reference of a model: those that it gave itself, and that were drawn.

    Args:
        store: where the model's run is.
        recipe: its threshold and seed are read.
        model: whose answers are looked at.
        reference: of the model.
        lines: of logs, the oldest first.

    Raises:
        BadInput: none is left.
    """
    learned = known_images(store, model.dataset) or ()
    out: Counter[str] = Counter()
    rows: dict[str, Any] = {}
    formats: set[str] = set()
    for line in lines:
        digest = line["sha256"]
        if line.get("model") != model.model or line.get("recipe") != recipe.name:
            out[_OTHER] += 1
        elif not line.get("drawn"):
            out[_UNSURE] += 1
        elif digest in learned:
            out[_LEARNED] += 1
        elif digest in rows:
            out[_AGAIN] += 1
        else:
            rows[digest] = line.get("top")
            formats.add(str(line.get("format")))
    notes = [f"{count:,} answers {why}" for why, count in out.items()]
    if not rows:
        raise BadInput(
            f"expected answers of {recipe.name}'s model {model.model[:12]} that were drawn, found none"
            f"{': ' if notes else ''}{'; '.join(notes)}"
        )
    log = answered_log(list(rows.items()), reference.classes)
    reference, is_coarse = as_coarse(reference, log)
    if exported := sorted(formats - {_KERAS}):
        coarse = ", its probabilities rounded to 1/256 as these are" if is_coarse else ""
        notes.append(
            f"answers are of {', '.join(exported)}, the reference is the network's own{coarse}: what else an export "
            "changes is in it"
        )
    return of_log(recipe, model, reference, log, notes)

"""Doubt: what was found, and how it can be read. Whoever can try a reading turns it into a question for a person."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evergreen.datasets.labelling.names import literal
from evergreen.datasets.labelling.words import some
from evergreen.errors import BadDataset

if TYPE_CHECKING:
    from evergreen.sections.labels import Repair

_MOST_CLASSES = 12


@dataclass(frozen=True)
class Reading:
    """One way to read what was found.

    Attributes:
        words: what it means, for a person.
        changes: what the recipe's section has to say for it: field -> value.
        section: which section that is.
    """

    words: str
    changes: Mapping[str, Any]
    section: str = "repair"


@dataclass
class Doubt(Exception):
    """Something can be read in several ways.

    Attributes:
        found: one sentence about what was found.
        readings: the ways; those that lead nowhere are left out by who tries them.
        advice: what else can be done.
    """

    found: str
    readings: Sequence[Reading]
    advice: str = ""


def leaving_out(words: str, settings: Repair, folders: Iterable[str]) -> Reading:
    """Return the reading in which some folders, by name or path, are left out beside those that are already."""
    return Reading(words, {"leave_out": [*settings.leave_out, *map(literal, folders)]})


def question(doubt: Doubt, tree: str, tried: Callable[[Reading], Mapping[str, int] | str | None]) -> BadDataset:
    """Return the error that asks a person: the tree, the readings with their counts, and the line for each.

    Args:
        doubt: what is in doubt.
        tree: the folders, drawn.
        tried: gives class -> images of a reading, or in words what comes of it; None if it cannot be read so.
    """
    lines = [doubt.found, "", "Found (folder, images):", *(f"  {line}" for line in tree.splitlines())]
    seen: set[str] = set()
    number = 0
    for reading in doubt.readings:
        line = _lines(reading)[-1]
        if line in seen:
            continue
        seen.add(line)
        if (found := tried(reading)) is None:
            continue
        outcome = found if isinstance(found, str) else _counted(found)
        number += 1
        if number == 1:
            lines += ["", "It can be read as follows; nothing was decided. Paste the line of the right one:"]
        lines += ["", f"  {number}. {reading.words}: {outcome}", *(f"       {text}" for text in _lines(reading))]
    return BadDataset("\n".join([*lines, *(["", doubt.advice] if doubt.advice else [])]))


def value_text(value: Any) -> str:
    """Return a value as YAML that fits into one line."""
    if value in ("first", "leaf", "quarantine"):
        return str(value)
    text = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in text)


def _lines(reading: Reading) -> list[str]:
    texts = {name: value_text(value) for name, value in reading.changes.items()}
    options = " ".join(f"--set {shlex.quote(f'{reading.section}.{name}={text}')}" for name, text in texts.items())
    recipe = [f"in the recipe:  {reading.section}.{name}: {text}" for name, text in texts.items()]
    return [*recipe, f"or on the command line:  {options}"]


def _counted(counts: Mapping[str, int]) -> str:
    if not any(counts.values()):
        return "no labelled image"
    return some((f"{name} {count:,}" for name, count in counts.items()), _MOST_CLASSES)

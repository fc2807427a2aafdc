"""What a sweep is answered with whose values are no valid recipes: which values, in a recipe's words."""

import re
from collections.abc import Sequence
from typing import Any

from evergreen.addresses import redacted
from evergreen.sections.refusing.told import TRY
from evergreen.sections.sweep import Sweep
from evergreen.sweeping.values import Values, value_text

_SHOWN = 60  # letters of a value
_PLACE = re.compile(r"^  (?=\S)")  # before each place that is wrong in a recipe


def told(sweep: Sweep, lines: Sequence[str]) -> str:
    """Return the whole of what is said.

    Args:
        sweep: that is refused.
        lines: one for each thing that is wrong, and those to type.
    """
    where = sweep.file.name if sweep.file else "--over"
    last = "See docs/recipe.md for every field, docs/sweeps.md for what a sweep may try."
    return "\n".join([f"{where}: expected what {sweep.recipe} can be trained with:", *lines, last])


def about_trial(values: Values, message: str) -> list[str]:
    """Return what is wrong of values together, a line for each place.

    Args:
        values: dotted path -> value.
        message: what the recipe with them is refused with.
    """
    trial = " ".join(f"{path}={shown(value)}" for path, value in values.items())
    return [f"  {trial}: {_without_path(place, values)}" for place in _places(message)]


def about_field(path: str, message: str) -> list[str]:
    """Return what is wrong of a field, whatever its value; for ``message`` see ``about_trial``."""
    words = (re.sub(r"; received (?!').*", "", place) for place in _places(message))
    return [f"  {path}: {_without_path(place, {path: None})}" for place in words]


def is_about_the_path(message: str) -> bool:
    """Whether a recipe was refused before it was read: there is no place for a value."""
    return not any(map(_PLACE.match, message.split("\n")))


def shown(value: Any) -> str:
    """Return a value in a line of words: no secret, not too long."""
    text = redacted(value_text(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _places(message: str) -> list[str]:
    lines = message.split("\n")
    if is_about_the_path(message):
        return [re.sub(r"^--set [^:]*: ", "", lines[0])]
    return [line.removeprefix("  ") for line in lines if _PLACE.match(line) and not line.startswith(TRY)]


def _without_path(place: str, values: Values) -> str:
    path, _, words = place.partition(": ")
    return words if path in values else place

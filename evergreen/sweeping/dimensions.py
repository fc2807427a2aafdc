"""The fields that a sweep tries, each with what it may be: one of some values, or a number between two ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from evergreen.recipe import Recipe
from evergreen.sections.refusing.expected import Place, place_of
from evergreen.sections.refusing.synonyms import location_of
from evergreen.sections.sweep import ValueRange


@dataclass(frozen=True)
class Choices:
    """One of some values, of any JSON kind."""

    values: tuple[Any, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values, as ``sweep.json`` has them."""
        return {"choices": list(self.values)}


@dataclass(frozen=True)
class Span:
    """A number from ``low`` to ``high``, both among them.

    Attributes:
        low, high: the ends.
        whole: whether it is a whole number.
        log: whether its logarithm is drawn evenly.
        step: only ``low`` and what lies so many steps above; None any.
    """

    low: float
    high: float
    whole: bool = False
    log: bool = False
    step: float | None = None

    @cached_property
    def values(self) -> tuple[float, ...]:
        """Every number in it, rising; none where there is no step, for those are without end.

        Steps are counted in decimals, as they are written: from 0.1 by 0.1 the third is 0.3.
        """
        if self.step is None:
            return ()
        low, step = Decimal(repr(self.low)), Decimal(repr(self.step))
        number = int((Decimal(repr(self.high)) - low) // step)
        return tuple(self._number(low + step * at) for at in range(number + 1))

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values, as ``sweep.json`` has them."""
        return {"low": self.low, "high": self.high, "log": self.log, "step": self.step}

    def _number(self, exact: Decimal) -> float:
        return int(exact) if self.whole else float(exact)


Dimension = Choices | Span
Dimensions = Mapping[str, Dimension]


def place_in_recipe(path: str) -> Place | None:
    """Return the place of a recipe that a dotted path names; None if no recipe has one."""
    place = place_of(Recipe, location_of(path))
    return place if place.path and place.dotted == path else None


def number_at(place: Place) -> type | None:
    """Return int where a place takes whole numbers alone, float where it takes any, None where it takes none."""
    kinds = {kind for kind, _ in place.kinds}
    return float if float in kinds else int if int in kinds else None


def value_at(values: Any, path: str) -> Any:
    """Return what nested JSON values hold at a dotted path; None where they end before."""
    for part in location_of(path):
        in_list = isinstance(values, list) and isinstance(part, int) and part < len(values)
        if not in_list and not (isinstance(values, Mapping) and part in values):
            return None
        values = values[part]
    return values


def span_of(values: ValueRange, place: Place) -> Span | str:
    """Return a range as the field's kind has it, its upper end on a step; or why it cannot be, in words."""
    kind = number_at(place)
    if kind is None:
        return "expected a list of values: a range is for numbers"
    if kind is float:
        return _on_a_step(Span(values.low, values.high, False, values.log, values.step))
    numbers = (values.low, values.high, *([values.step] if values.step is not None else []))
    if not all(number.is_integer() for number in numbers):
        return "expected whole numbers, and so a range of them"
    step = None if values.step is None else int(values.step)
    return _on_a_step(Span(int(values.low), int(values.high), True, values.log, step))


def _on_a_step(span: Span) -> Span:
    """Return a span that ends at the last number that its steps reach."""
    last = span.values[-1] if span.values else span.high
    return Span(span.low, last, span.whole, span.log, span.step)

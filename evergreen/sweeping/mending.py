"""What may be tried in place of what a sweep cannot try, after the lines that a recipe is answered with."""

import shlex
from collections.abc import Iterator
from typing import Any, get_args

import yaml

from evergreen.recipe_files import yaml_value
from evergreen.sections.refusing.expected import Place
from evergreen.sections.refusing.told import TRY
from evergreen.sections.sweep import ValueRange
from evergreen.sweeping.dimensions import number_at
from evergreen.sweeping.values import is_same


def mended(path: str, values: Any, value: Any, message: str) -> Iterator[tuple[str, Any]]:
    """Yield paths with values in place of one with a wrong value, the likeliest first; none of them is tried yet.

    Args:
        path: dotted.
        values: all of that path, as a sweep has them.
        value: which is wrong; of a range an end.
        message: what a recipe with it is refused with.
    """
    line = next((line.removeprefix(TRY) for line in message.split("\n") if line.startswith(TRY)), "")
    words = shlex.split(line)
    if len(words) == 2 and words[0] == "--set":
        other, _, text = words[1].partition("=")
        try:
            right = yaml_value(text)
        except yaml.YAMLError:
            return
        if other != path:
            yield from ((other, values), (other, [right]))
        elif isinstance(values, ValueRange):
            yield path, values.model_dump() | {"low" if value == values.low else "high": right}
        else:
            yield path, _once([right if is_same(one, value) else one for one in values])
    if not isinstance(values, ValueRange) and len(values) > 1:
        yield path, [one for one in values if not is_same(one, value)]


def as_the_field_has_it(place: Place, values: ValueRange) -> Iterator[Any]:
    """Yield what may be tried in place of a range that a field cannot have.

    Args:
        place: of the field.
        values: the range.
    """
    if number_at(place) is int:
        whole = {"low": round(values.low), "high": round(values.high), "log": values.log}
        yield whole | ({} if values.step is None else {"step": max(1, round(values.step))})
    elif bool in (kind for kind, _ in place.kinds):
        yield [False, True]
    else:
        words = [word for kind, _ in place.kinds for word in get_args(kind) if isinstance(word, str)]
        yield words[:2]


def _once(values: list[Any]) -> list[Any]:
    return [one for at, one in enumerate(values) if not any(is_same(one, before) for before in values[:at])]

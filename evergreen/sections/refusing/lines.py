"""The lines to type in place of what a recipe cannot have. None is shown that was not tried and found to work."""

import difflib
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from evergreen.addresses import redacted
from evergreen.errors import BadRecipe
from evergreen.sections.base import hyphenated
from evergreen.sections.meant import source_meant
from evergreen.sections.refusing.expected import Place, example, flow, limits, list_item, place_of
from evergreen.sections.refusing.synonyms import SOURCE, VALUE_OF, Meant, as_number, location_of

Location = tuple[int | str, ...]
Given = list[tuple[str, Any]]
# Returns what is wrong of a recipe with some key taken out and some overrides put in; None if they cannot be.
Attempt = Callable[[Location | None, Sequence[str]], set[Location] | None]

_NEAR = 0.6
_YES, _NO = ("yes", "on", "true", "y", "1", "1.0"), ("no", "off", "false", "n", "0", "0.0", "none")


@dataclass(frozen=True)
class Tried:
    """A recipe that was refused, and what tries other values in it.

    Attributes:
        model: the recipe's.
        attempt: tries.
        wrong: every location that is wrong as it is.
    """

    model: type[BaseModel]
    attempt: Attempt
    wrong: frozenset[Location]

    def line(self, place: Location, candidates: Iterable[Given], without: Location | None = None) -> str:
        """Return the first of some overrides with which a place is no longer wrong, and nothing else is; or nothing.

        Args:
            place: what is wrong.
            candidates: each some dotted paths with their values.
            without: a key that the line stands in place of.
        """
        for given in candidates:
            overrides = [f"{path}={flow(value)}" for path, value in given]
            if not overrides or any(redacted(text) != text for text in overrides):
                continue
            wrong = self.attempt(without, overrides)
            if wrong is not None and place not in wrong and wrong <= self.wrong:
                return " ".join(f"--set {shlex.quote(override)}" for override in overrides)
        return ""

    def in_place_of_a_value(self, place: Place, location: Location, value: Any) -> str:
        """Return the line for a value that is of another kind, or out of bounds."""
        if place.path == ("source",):
            return source_line(value)
        candidates = (found for found in _instead(place, value) if found is not _NOTHING)
        return self.line(location, ([(place.dotted, found)] for found in candidates))

    def in_place_of_a_key(self, key: Location, meant: Meant, value: Any) -> str:
        """Return the line for a key that is called otherwise: with its value if that fits, else with an example."""
        if meant is SOURCE:
            return source_line(value)
        paths = [_in_the_same_item(path, key) for path in meant.paths]
        if isinstance(value, Mapping) and len(paths) == 1 and self.place(paths[0]).section:
            return self.line(key, [[(f"{paths[0]}.{name}", inside) for name, inside in value.items()]], key)
        given = meant.given(value)
        candidates: list[Given] = []
        if given is not None:
            candidates.append([(path, own) for path, (_, own) in zip(paths, given, strict=True)])
        places = [self.place(path) for path in paths]
        if given is not None and len(places) == 1:
            candidates += [[(paths[0], found)] for found in _instead(places[0], given[0][1]) if found is not _NOTHING]
        candidates.append([(path, example(place)) for path, place in zip(paths, places, strict=True)])
        return self.line(key, [*candidates, *(filter(None, map(self._as_a_list, candidates)))], key)

    def without_what_is_named(self, location: Location, message: str) -> str:
        """Return the line that leaves out one of the fields that a refused section's message names."""
        section = place_of(self.model, location)
        model = section.section
        if model is None:
            return ""
        names = [name for name in model.model_fields if re.search(rf"\b{name}\b", message)]
        names.sort(key=lambda name: re.search(rf"\b{name}\b", message).start())  # type: ignore[union-attr]
        fields = {name: model.model_fields[name] for name in names}
        paths = {name: ".".join(str(part) for part in (*section.path, name)) for name in names}
        resets: list[Given] = [
            [(paths[name], _plain(field.default))] for name, field in fields.items() if not field.is_required()
        ]
        return self.line(location, resets)

    def place(self, dotted: str) -> Place:
        """Return the place of a dotted path."""
        return place_of(self.model, location_of(dotted))

    def _as_a_list(self, given: Given) -> Given | None:
        """Return values of a list's first item as the whole list, for a recipe that has none."""
        found = {re.match(r"(.+?)\.0\.(\w+)$", path) for path, _ in given}
        if len(found) != 1 or (only := found.pop()) is None:
            return None
        return [(only[1], [{only[2]: given[0][1]}])]


def source_line(value: Any) -> str:
    """Return the line that names a source in place of whatever stood for one, if there is something at it."""
    if not isinstance(value, str) or redacted(value) != value or "?" in value:
        return ""
    try:
        source_meant(value)
    except BadRecipe:
        return ""
    return f"--source {shlex.quote(value)}"


def nearest_word(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that somebody may have meant: the same but for capitals and signs, or nearly so."""
    plain = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in known}
    bare = re.sub(r"[^a-z0-9]", "", word.lower())
    begin = [name for name in plain if bare and name.startswith(bare)]
    near = begin[:1] or difflib.get_close_matches(bare, plain, n=1, cutoff=_NEAR)
    if not near and len(bare) > 2:  # "v2b0" of EfficientNetV2B0
        near = [name for name in plain if bare in name or (name in bare and len(name) > 2)][:1]
    return plain[near[0]] if near else None


class _Nothing:
    """That a rule has no value to offer."""


_NOTHING = _Nothing()


def _instead(place: Place, value: Any) -> Iterator[Any]:
    """Yield values that somebody may have meant, the likeliest first; then the default; then an example."""
    for kind, bounds in place.kinds:
        yield from _of_kind(kind, limits(bounds), place, value)
    default = _NOTHING if place.field is None or place.field.is_required() else _plain(place.field.default)
    says_something = not isinstance(default, dict | list) and default is not None
    yield from (default, example(place)) if says_something else (example(place), default)


def _of_kind(kind: Any, within: Mapping[str, Any], place: Place, value: Any) -> Iterator[Any]:
    if get_origin(kind) is Literal:
        words = [word for word in get_args(kind) if isinstance(word, str)]
        if isinstance(value, bool):  # on: the first that is more than nothing
            yield from [word for word in words if (word in _NO) != value]
        yield (isinstance(value, str) and nearest_word(value, words)) or _NOTHING
    elif kind is bool:
        said = str(value).strip().lower()
        yield True if said in _YES else False if said in _NO else _NOTHING
    elif kind in (int, float):
        yield from _numbers(kind is int, within, value)
    elif kind is str and isinstance(value, int | float | str):
        yield from _texts(within, str(value))
    elif list_item(kind) is str and isinstance(value, list):  # of words that YAML takes for something else
        yield ["yes" if item is True else "no" if item is False else str(item) for item in value]
    elif list_item(kind) is not None and value is not None and not isinstance(value, list | Mapping | bool):
        texts = [word.strip() for word in value.split(",")] if isinstance(value, str) else [value]
        item = Place((*place.path, 0), list_item(kind))
        words = [next((found for found in _instead(item, text) if found is not _NOTHING), text) for text in texts]
        yield from (texts, words)
    elif get_origin(kind) is tuple and (number := as_number(value)) is not None:  # how far from 1, of factors
        yield [round(1 - number, 4), round(1 + number, 4)]
    elif value is not None and not isinstance(value, Mapping):
        for meant in _value_of(place):
            given = meant.given(value)
            yield dict(given) if given else _NOTHING


def _numbers(whole: bool, within: Mapping[str, Any], value: Any) -> Iterator[Any]:
    number = as_number(value)
    if number is None or number != number:  # NaN
        return
    most, least = within.get("le", within.get("lt")), within.get("ge")
    if most == 1 and 2 <= number <= 100:  # a percentage
        yield number / 100
    if abs(number) == float("inf"):
        return
    yield round(number) if whole else number
    if least is not None and number < least:
        yield least
    if "le" in within and number > within["le"]:
        yield within["le"]


def _texts(within: Mapping[str, Any], text: str) -> Iterator[Any]:
    yield text
    if found := re.search(r"kaggle\.com/(?:datasets/)?([\w-]+/[\w-]+)|^kaggle:/*([\w-]+/[\w-]+)", text):
        yield found[1] or found[2]
    if "pattern" in within:
        yield hyphenated(text)[:63]
        yield text.strip().lower()
    if "max_length" in within:
        yield text[: within["max_length"]].rstrip()


def _value_of(place: Place) -> Sequence[Meant]:
    found = VALUE_OF.get(".".join("0" if isinstance(part, int) else part for part in place.path), ())
    return found if isinstance(found, tuple) else (found,)


def _in_the_same_item(path: str, key: Location) -> str:
    """Return a path with the number of the item that a key stands in, in place of the first."""
    parts = path.split(".")
    for at, part in enumerate(key):
        if at >= len(parts) or (str(part) != parts[at] and not (isinstance(part, int) and parts[at] == "0")):
            break
        parts[at] = str(part)
    return ".".join(parts)


def _plain(value: Any) -> Any:
    """Return a default as plain YAML values."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    return [_plain(item) for item in value] if isinstance(value, tuple) else value

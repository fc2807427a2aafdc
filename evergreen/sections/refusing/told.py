"""Why a recipe is refused: pydantic's findings in our own words, a line for each place, and under it what to type."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from evergreen.sections.data import FORMS
from evergreen.sections.refusing.expected import Place, example, expected, place_of, received
from evergreen.sections.refusing.lines import Attempt, Location, Tried, nearest_word
from evergreen.sections.refusing.synonyms import SOURCE, Meant, meant_by

Entry = Mapping[str, Any]

# What a message begins with where somebody may type it: the test of every message looks for these.
TRY = "    try: "
_NAME_IMAGES = ". Or name the images: --source with their path or address"
_CLOSE, _MOST_KEYS, _MOST_PLACES = 0.85, 30, 4
_UNKNOWN = "extra_forbidden"
_OURS = ("value_error", "assertion_error")


def refused(entries: Iterable[Entry], model: type[BaseModel], attempt: Attempt | None) -> str:
    """Return what is wrong with a recipe: a line for each place, each maybe with a line to type.

    Args:
        entries: as ``ValidationError.errors()`` has them.
        model: the recipe's.
        attempt: tries other values; None where nothing that is typed would reach the recipe (a teacher's).
    """
    by_place: dict[Location, list[Entry]] = {}
    for entry in entries:
        by_place.setdefault(_where(entry, model), []).append(entry)
    tried = Tried(model, attempt, frozenset(by_place)) if attempt else None
    lines = []
    for where, found in by_place.items():
        if not _follows(where, found, by_place):
            words, line = _told(where, found, model, tried)
            lines += [f"  {'.'.join(str(part) for part in where) or 'recipe'}: {words}", *([TRY + line] * bool(line))]
    return "\n".join(lines)


def places(entries: Iterable[Entry], model: type[BaseModel]) -> set[Location]:
    """Return every place that is wrong."""
    return {_where(entry, model) for entry in entries}


def _where(entry: Entry, model: type[BaseModel]) -> Location:
    """Return the place that an entry is about, as a person names it."""
    location: Location = tuple(part for part in entry["loc"] if part not in FORMS)
    if entry["type"] in (_UNKNOWN, "invalid_key", "missing"):
        return location
    if location and location[-1] == "[key]":
        return location[:-1]
    return place_of(model, location).path


def _told(where: Location, found: list[Entry], model: type[BaseModel], tried: Tried | None) -> tuple[str, str]:
    """Return what is wrong at a place, and the line to type."""
    entry, place = found[0], place_of(model, where)
    kind, value = entry["type"], entry.get("input")
    if kind == _UNKNOWN:
        return _unknown(where, value, model, tried)
    if kind == "invalid_key" or entry["loc"][-1:] == ("[key]",):
        return f'expected text as a name, received {received(where[-1])}: quote it, as in "{where[-1]}"', ""
    if kind == "missing":
        return _missing(place, tried, where)
    ours = next((entry for entry in found if entry["type"] in _OURS), None)
    secret = "http" in where  # it may have been pasted there
    if ours is not None:
        message = ours["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        value = ours.get("input")
        is_whole = isinstance(value, dict | list | BaseModel) or "; received" in message or ", received" in message
        told = message if is_whole or secret else f"{message}; received {received(value)}"
        if tried is None or secret:
            return told, ""
        return told, tried.without_what_is_named(where, message) or tried.in_place_of_a_value(place, where, value)
    unreadable = ", in UTF-8" if kind == "string_unicode" else ""
    told = f"expected {expected(place)}{unreadable}" + ("" if secret else f"; received {received(value)}")
    line = "" if tried is None or secret else tried.in_place_of_a_value(place, where, value)
    if where == ("source",) and not line:
        told += _NAME_IMAGES
    return told, line


def _missing(place: Place, tried: Tried | None, where: Location) -> tuple[str, str]:
    what = (place.field.description or "").split(". ")[0].rstrip(".") if place.field else ""
    told = f"expected {expected(place)}; there is none ({what})"
    if where == ("source",):
        return f"{told}{_NAME_IMAGES}", ""
    return told, tried.line(where, [[(place.dotted, example(place))]]) if tried else ""


def _unknown(where: Location, value: Any, model: type[BaseModel], tried: Tried | None) -> tuple[str, str]:
    """Say what an unknown key may mean: one that is spelled nearly so, a synonym, one of another section."""
    above, key = place_of(model, where[:-1]), str(where[-1])
    known = list((above.section or model).model_fields)
    section = ".".join("0" if isinstance(part, int) else part for part in where[:-1])
    meant = meant_by(section, key)
    close = difflib.get_close_matches(key, known, n=1, cutoff=_CLOSE)
    if close and (section or meant is None):
        return _near(where, close[0], value, tried)
    others = (place for place in every_place(model) if place.path[0] != "source")
    elsewhere = [place.dotted for place in others if place.path[-1] == key]
    if meant is None and len(elsewhere) == 1:
        meant = Meant((elsewhere[0],))
    if meant is not None:
        line = tried.in_place_of_a_key(where, meant, value) if tried else ""
        if meant is SOURCE:
            return "unknown key; where the images are is said by --source, or by source", line
        return f"unknown key; it is {' and '.join(meant.paths)}", line
    if near := nearest_word(key, known):
        return _near(where, near, value, tried)
    if elsewhere:
        lines = (tried.in_place_of_a_key(where, Meant((path,)), value) for path in elsewhere) if tried else iter(())
        return f"unknown key; there is one in {', '.join(elsewhere[:_MOST_PLACES])}", next(filter(None, lines), "")
    return f"unknown key; known keys: {', '.join(known[:_MOST_KEYS])}", ""


def _near(where: Location, name: str, value: Any, tried: Tried | None) -> tuple[str, str]:
    path = ".".join(str(part) for part in (*where[:-1], name))
    return f"unknown key; did you mean {name}?", tried.in_place_of_a_key(where, Meant((path,)), value) if tried else ""


@lru_cache
def every_place(model: type[BaseModel]) -> tuple[Place, ...]:
    """Return every place of a recipe at any depth; of each list the first item, if that is a section."""
    return tuple(_places_below(model, ()))


def _places_below(model: type[BaseModel], above: Location) -> Iterator[Place]:
    section = place_of(model, above).section
    for name in section.model_fields if section else ():
        place = place_of(model, (*above, name))
        yield place
        yield from _places_below(model, place_of(model, (*place.path, 0)).path)


def _follows(where: Location, found: list[Entry], by_place: Mapping[Location, list[Entry]]) -> bool:
    """Whether a finding comes of another: a list is too short without its wrong items, a field is misspelled."""
    kinds = {entry["type"] for entry in found}
    if kinds == {"missing"}:
        beside = [other for other in by_place if other[:-1] == where[:-1] and by_place[other][0]["type"] == _UNKNOWN]
        return any(nearest_word(str(other[-1]), [str(where[-1])]) for other in beside)
    return kinds == {"too_short"} and any(
        len(other) > len(where) and other[: len(where)] == where for other in by_place
    )

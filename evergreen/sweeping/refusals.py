"""Why a sweep is refused: in our own words, a line for each place, and under it the option that does instead."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import yaml
from pydantic import ValidationError

from evergreen.addresses import redacted
from evergreen.recipe_files import yaml_value
from evergreen.sections.refusing.expected import flow
from evergreen.sections.refusing.lines import Location, nearest_word
from evergreen.sections.refusing.synonyms import meant_by
from evergreen.sections.refusing.told import TRY, places, refused
from evergreen.sections.sweep import FORMS, Sweep, ValueRange
from evergreen.sweeping.dimensions import place_in_recipe
from evergreen.sweeping.over import over_line

Entry = Mapping[str, Any]

OPTIONS: Mapping[str, str] = {
    "method": "--method",
    "trials": "--trials",
    "prune": "--prune",
    "budget_minutes": "--budget-minutes",
    "parallel": "--parallel",
    "seeds": "--seeds",
    "seed": "--search-seed",
}
# What people call the fields of a sweep who know other tools.
_SYNONYMS: Mapping[str, str] = {
    **dict.fromkeys(("n_trials", "num_trials", "max_trials", "num_samples", "n_iter", "count", "run_cap"), "trials"),
    **dict.fromkeys(("minutes", "time_limit", "timeout", "max_minutes", "time_budget", "budget"), "budget_minutes"),
    **dict.fromkeys(("workers", "jobs", "n_jobs", "num_workers", "processes", "concurrency"), "parallel"),
    **dict.fromkeys(("sampler", "search", "strategy", "algorithm", "tuner"), "method"),
    **dict.fromkeys(("pruner", "scheduler", "early_terminate", "early_stopping"), "prune"),
    **dict.fromkeys(("overrides", "fixed", "constants"), "set"),
    **dict.fromkeys(("params", "parameters", "param_grid", "space", "search_space", "grid", "sweep"), "over"),
    **dict.fromkeys(("search_seed", "random_state", "random_seed", "rng"), "seed"),
    **dict.fromkeys(("config", "base", "program", "model"), "recipe"),
    **dict.fromkeys(("description", "name"), "title"),
}
_ELSE: Mapping[Location, Mapping[str, Any]] = {
    ("trials",): {"trials": 20},
    ("budget_minutes",): {"budget_minutes": 30},
    ("prune",): {"prune": "successive-halving"},
}
_UNKNOWN, _MISSING = "extra_forbidden", "missing"


def refused_sweep(error: ValidationError, values: Mapping[str, Any], origin: str) -> str:
    """Return what is wrong with a sweep.

    Args:
        error: pydantic's.
        values: as they were given.
        origin: where they stand, for the first line.
    """
    by_place: dict[Location, list[Entry]] = {}
    for entry in _entries(error):
        by_place.setdefault(next(iter(places([entry], Sweep))), []).append(entry)
    wrong = set(by_place)
    unknown = [where for where, found in by_place.items() if found[0]["type"] == _UNKNOWN]
    lines = []
    for where, found in by_place.items():
        beside = [str(other[-1]) for other in unknown if other[:-1] == where[:-1]]
        if found[0]["type"] == _MISSING and any(nearest_word(key, [str(where[-1])]) for key in beside):
            continue  # the misspelled key is told, and stands for it
        if where in unknown and len(where) == 1:
            words, line = _unknown(values, str(where[0]), wrong)
        else:
            words, line = _wrong(values, where, found, wrong)
        lines += [f"  {'.'.join(map(str, where)) or 'sweep'}: {words}", *([TRY + line] * bool(line))]
    return "\n".join([f"{origin} is not a valid sweep:", *lines, "See docs/sweeps.md for every field."])


def _entries(error: ValidationError) -> list[Entry]:
    """Return what pydantic found, without the names that it has for the forms of values."""
    found = error.errors(include_url=False)
    return [{**entry, "loc": tuple(part for part in entry["loc"] if part not in FORMS)} for entry in found]


def _wrong(values: Mapping[str, Any], where: Location, found: list[Entry], wrong: set[Location]) -> tuple[str, str]:
    """Return what is wrong of a field's value, and the option in its place."""

    def attempt(without: Location | None, overrides: Sequence[str]) -> set[Location] | None:
        left = _still_wrong(_with(_less(values, without), overrides))
        return None if left is None else left - (wrong - {where})  # the other places have lines of their own

    told = refused(found, Sweep, attempt).split("\n")
    words = re.sub(r"^  [^:]*: ", "", told[0])
    if where == ("over",) and found[0]["type"] == _MISSING:
        words = "expected what is tried, as PATH: [0.1, 0.2] or PATH: {low: 0.1, high: 0.5}; there is none"
    lines = (_option(values, changed, where, wrong) for changed in _better(values, where))
    if line := next(filter(None, lines), ""):
        return words, line
    is_missing = found[0]["type"] == _MISSING
    made_up = where[0] == "over" and (is_missing or not isinstance(found[0].get("input"), Mapping | int | float))
    lines = (_as_options(values, line.removeprefix(TRY)) for line in told[1:] if line.startswith(TRY) and not made_up)
    return words, next(lines, "")


def _better(values: Mapping[str, Any], where: Location) -> Iterator[Mapping[str, Any]]:
    """Yield what is tried first in place of a value that is missing, or does not suit the others."""
    if where in _ELSE:
        yield _ELSE[where]
    elif where == ("method",):
        yield from ({"method": "tpe"}, {"method": "tpe", "trials": 20})
    elif where[0] == "seeds":
        given = values["seeds"] if isinstance(values["seeds"], list) else []
        yield from ({"seeds": seeds} for seeds in (_once(given), [1, 2, 3]) if seeds)
    elif where == ("over",) and not values.get("over"):
        yield {"over.train.head.dropout": [0.1, 0.3]}
    elif where[0] == "over" and len(where) > 1:
        given = values["over"].get(where[1])
        if isinstance(given, list):
            yield {f"over.{where[1]}": _once(given)}
        elif isinstance(given, Mapping) and {"low", "high"} <= set(given):
            yield {f"over.{where[1]}": {**given, "low": given["high"], "high": given["low"]}}
        elif given is not None and not isinstance(given, Mapping):
            yield {f"over.{where[1]}": [given]}


def _once(values: list[Any]) -> list[Any]:
    return [value for at, value in enumerate(values) if value not in values[:at]]


def _unknown(values: Mapping[str, Any], key: str, wrong: set[Location]) -> tuple[str, str]:
    """Say what an unknown key may mean: a field of a sweep, or one of a recipe, which is tried under ``over``."""
    value = values[key]
    rest = {name: said for name, said in values.items() if name != key}
    meant = [key] if place_in_recipe(key) else meant.paths if (meant := meant_by("", key)) else []
    if (field := _field_of(key)) and not (meant and _is_tried(value)):
        line = "" if field in rest or field not in OPTIONS else _option(rest, {field: value}, (key,), wrong)
        return f"unknown key; did you mean {field}?", line
    path = next((path for path in meant if place_in_recipe(path)), "")
    if path:
        line = _option(rest, {f"over.{path}": value}, (key,), wrong) if _is_tried(value) else ""
        words = "unknown key; it is the recipe's: over has what is tried of it, set what holds for every trial"
        return words + (f" (there it is {path})" if path != key else ""), line
    return f"unknown key; known keys: {', '.join(Sweep.model_fields)}", ""


def _field_of(key: str) -> str:
    """Return the field of a sweep that a key may mean; empty if none is near."""
    word = re.sub(r"[^a-z0-9]+", "_", key.lower()).strip("_")
    return _SYNONYMS.get(word) or nearest_word(key, Sweep.model_fields) or ""


def _is_tried(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, Mapping) and {"low", "high"} <= set(value))


def _option(values: Mapping[str, Any], changed: Mapping[str, Any], where: Location, wrong: set[Location]) -> str:
    """Return the options that say some values, if with them a place is no longer wrong, and nothing else is."""
    overrides = [f"{path}={flow(value)}" for path, value in changed.items()]
    left = _still_wrong(_with(values, overrides))
    if left is None or where in left or not left <= wrong or any(redacted(text) != text for text in overrides):
        return ""
    return _as_options(values, " ".join(f"--set {shlex.quote(override)}" for override in overrides))


def _still_wrong(values: Mapping[str, Any] | None) -> set[Location] | None:
    """Return every place of a sweep that is wrong; None where there are no values."""
    if values is None:
        return None
    try:
        Sweep.model_validate(values)
    except ValidationError as error:
        return places(_entries(error), Sweep)
    return set()


def _with(values: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any] | None:
    """Return a sweep's values with others in their place; None where they cannot be."""
    changed = deepcopy(dict(values))
    for override in overrides:
        path, _, text = override.partition("=")
        try:
            value = yaml_value(text)
        except yaml.YAMLError:
            return None
        field, _, tried = path.partition(".")
        if changed.get("over") is None and tried:
            changed["over"] = {}
        if not tried:
            changed[field] = value
        elif field != "over" or not isinstance(changed["over"], dict):
            return None
        else:
            name, part = _divided(changed["over"], tried)
            if part:
                changed["over"][name] = {**changed["over"][name], part: value}
            else:
                changed["over"][name] = value
    return changed


def _less(values: Mapping[str, Any], without: Location | None) -> dict[str, Any]:
    """Return a copy of a sweep's values without what lies at a location."""
    copy = deepcopy(dict(values))
    above: Any = copy
    for part in (without or ())[:-1]:
        above = above[part]
    if without:
        del above[without[-1]]
    return copy


def _divided(over: Mapping[str, Any], tried: str) -> tuple[str, str]:
    """Return the path of a recipe, and the end of its range that is meant; empty if none is."""
    name, _, part = tried.rpartition(".")
    return (name, part) if part in ("low", "high", "log", "step") and isinstance(over.get(name), dict) else (tried, "")


def _as_options(values: Mapping[str, Any], line: str) -> str:
    """Return what a line sets in a sweep as the options of ``evergreen sweep``; empty where there is none for it."""
    found: list[str] = []
    for override in shlex.split(line)[1::2]:
        path, _, text = override.partition("=")
        changed = _with(values, [override])
        if path.startswith("over.") and changed:
            name, _ = _divided(changed["over"], path.removeprefix("over."))
            tried = changed["over"][name]
            if isinstance(tried, dict) and not _is_range(tried):
                return ""  # another place of it is wrong, too
            found.append(over_line(name, tried))
        elif path in OPTIONS:
            found.append(f"{OPTIONS[path]} {shlex.quote(_word(yaml_value(text)))}")
        else:
            return ""
    return " ".join(found)


def _is_range(tried: Mapping[str, Any]) -> bool:
    """Whether a range can be read, whatever other keys stand in it."""
    try:
        ValueRange.model_validate({name: value for name, value in tried.items() if name in ValueRange.model_fields})
    except ValidationError:
        return False
    return True


def _word(value: Any) -> str:
    return ",".join(map(flow, value)) if isinstance(value, list) else flow(value)

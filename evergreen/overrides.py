"""What ``--set`` replaces in a recipe's values, and what tries other values before somebody is told to type them."""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from pydantic import BaseModel, ValidationError

from evergreen.addresses import redacted
from evergreen.errors import BadRecipe
from evergreen.recipe_files import NoPlace, apply
from evergreen.sections.refusing.expected import example, flow, place_of
from evergreen.sections.refusing.lines import Attempt, Location, nearest_word
from evergreen.sections.refusing.synonyms import location_of
from evergreen.sections.refusing.told import TRY, places
from evergreen.sections.trainings import completed, without_the_other

Check = Callable[[Any], object]

_OF_PHASES = "train.phases."


def overridden(
    values: Mapping[str, Any], overrides: Iterable[str], model: type[BaseModel], check: Check = id
) -> tuple[dict[str, Any], list[str]]:
    """Return a copy of a recipe's values with overrides in it, and what its author should know of that.

    A network of the other kind takes the recipe's training with it. One phase of several is one of those that the
    network brings, where the recipe has none.

    Args:
        values: nested; nothing is validated.
        overrides: ``dotted.path=value`` pairs.
        model: of a recipe, for examples in what is raised.
        check: raises BadRecipe of a recipe that is valid by itself, and not with those that it names.

    Raises:
        BadRecipe: an override is no such pair, its value is no YAML, or there is no place for it; with the line to
            type where one works.
    """
    given = list(overrides)
    for override in given:
        _refuse_what_sets_nothing(override, model)
    try:
        return _put_in(values, given)
    except NoPlace as error:
        raise BadRecipe(f"{error}{_instead(given, error, attempts_on(values, model, check), model)}") from None


def attempts_on(values: Mapping[str, Any], model: type[BaseModel], check: Check = id) -> Attempt:
    """Return what tries overrides on a recipe's values, maybe without one of their keys."""

    def attempt(without: Location | None, overrides: Sequence[str]) -> set[Location] | None:
        try:
            tried, _ = _put_in(_less(values, without or ()), overrides)
            check(model.model_validate(completed(tried)[0]))
        except BadRecipe:
            return None
        except ValidationError as error:
            return places(error.errors(include_url=False), model)
        return set()

    return attempt


def _put_in(values: Mapping[str, Any], overrides: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    changed = deepcopy(dict(values))
    said = [without_the_other(changed, overrides)]
    for override in overrides:
        if not override.startswith(_OF_PHASES):
            apply(changed, override)
    if any(override.startswith(_OF_PHASES) for override in overrides):
        changed, filled = completed(changed)
        said.append(filled)
    for override in overrides:
        if override.startswith(_OF_PHASES):
            apply(changed, override)
    return changed, [sentence for sentence in said if sentence]


def _less(values: Mapping[str, Any], without: Location) -> dict[str, Any]:
    """Return a copy of a recipe's values without what lies at a location."""
    copy = deepcopy(dict(values))
    above: Any = copy
    for part in without[:-1]:
        above = above[part]
    if without:
        del above[without[-1]]
    return copy


def _refuse_what_sets_nothing(override: str, model: type[BaseModel]) -> None:
    """Refuse what is no path with a value; nothing of a source is shown, which may be a secret."""
    path, equals, _ = override.partition("=")
    if equals and path:
        return
    if override.strip().startswith("source"):  # nothing of it is shown: it may be a secret
        raise BadRecipe("--set: expected PATH=VALUE; where the images are is said by --source")
    pair = re.fullmatch(r"\s*([\w.]+)\s*[:\s]\s*(\S.*)", override)
    if pair:
        line = f"{pair[1]}={pair[2]}"
    else:
        parts = location_of(override.strip(" ="))
        place = place_of(model, parts)
        if place.path != parts or not parts[0]:
            near = nearest_word(str(parts[0]), model.model_fields) if parts[0] else None
            place = place_of(model, (near if near and near != "source" else "seed",))
        line = f"{place.dotted}={flow(example(place))}"
    raise BadRecipe(f"--set: expected PATH=VALUE, received {redacted(repr(override))}\n{TRY}--set {shlex.quote(line)}")


def _instead(overrides: Sequence[str], error: NoPlace, attempt: Attempt, model: type[BaseModel]) -> str:
    """Return the line in place of an override that has no place or no value, if one works."""
    path = error.override.partition("=")[0]
    place = place_of(model, location_of(path))
    an_example = f"{path}={flow(example(place))}" if place.dotted == path else ""
    others = [override for override in overrides if override != error.override]
    before = attempt(None, others)
    for line in filter(None, (error.instead, an_example)):
        after = attempt(None, [*others, line])
        shown = redacted(line) == line and not line.startswith("source")
        if shown and before is not None and after is not None and after <= before:
            return f"\n{TRY}--set {shlex.quote(line)}"
    return ""

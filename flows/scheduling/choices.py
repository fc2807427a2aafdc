"""What the form of a deployment shows beside its fields: what the recipe has now, and which recipes there are.

Prefect shows a field that is optional as None, whatever the recipe says; so the value stands in the description. The
server knows no recipe: ``make deploy`` and every run of a deployment tell it, and the form says of when its values are.
"""

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evergreen.errors import BadRecipe
from evergreen.paths import is_file
from evergreen.recipe import Recipe, load_recipe
from evergreen.recipe_files import recipe_names
from evergreen.sections.base import Section
from flows.form import settings_name
from tasks.telling import shortened

_LONGEST = 160
_AS_OF = " as of "
_SETTINGS, _RECIPE = "settings", "recipe"


def shown(schema: Mapping[str, Any], recipe: str, folder: Path) -> dict[str, Any]:
    """Return the parameter schema of a deployment as the form shall show it.

    Where it has settings it is of one recipe, whose values it shows; one that cannot be read is left to its runs, which
    say why. The recipes to choose from are shown, unless the deployment's own is none of those, but a file elsewhere.

    Args:
        schema: JSON schema, as Prefect made it of the flow.
        recipe: the deployment's, a name or a path.
        folder: where relative paths begin.
    """
    names = recipe_names()
    formed = with_recipes(schema, names) if recipe in names else deepcopy(dict(schema))
    for definition in formed.get("definitions", {}).values():
        for name, field in definition.get("properties", {}).items():
            field["title"] = name  # as a recipe, its documentation and messages call it
    if _SETTINGS not in schema.get("properties", {}):
        return formed
    file = folder / recipe
    try:
        return with_present(formed, load_recipe(file if is_file(file) else recipe))
    except BadRecipe:
        return formed


def is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two schemas differ in nothing but the moment of which they are."""
    return _timeless(one) == _timeless(other)


def with_present(schema: Mapping[str, Any], recipe: Recipe) -> dict[str, Any]:
    """Return the parameter schema of a deployment of one recipe, each field's description with the recipe's value.

    Args:
        schema: JSON schema, as Prefect made it of the flow.
        recipe: that the deployment runs.
    """
    described = deepcopy(dict(schema))
    _describe(described.get("definitions", {}), recipe, recipe.name)
    field = described["properties"][_SETTINGS]
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    field["description"] = (
        f"{field.get('description', '')} What {recipe.name} has is told with each field,{_AS_OF}{moment}: a change "
        "of its file shows here after the next run, or make deploy."
    ).strip()
    return described


def with_recipes(schema: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the parameter schema of a deployment for any recipe, with the names to choose from; a path stays possible.

    Args:
        schema: JSON schema, as Prefect made it of the flow.
        names: of recipes.
    """
    chosen = deepcopy(dict(schema))
    field = chosen["properties"][_RECIPE]
    kept = {name: value for name, value in field.items() if name not in ("type", "anyOf", "enum")}
    by_name = {"type": "string", "enum": sorted(names), "title": "By name"}
    by_path = {"type": "string", "title": "By path"}
    none = [option for option in field.get("anyOf", ()) if option.get("type") == "null"]
    chosen["properties"][_RECIPE] = kept | {"anyOf": [by_name, by_path, *none]}
    return chosen


def _timeless(schema: Mapping[str, Any]) -> dict[str, Any]:
    found = deepcopy(dict(schema))
    field = found.get("properties", {}).get(_SETTINGS, {})
    if "description" in field:
        field["description"] = field["description"].partition(_AS_OF)[0]
    return found


def _describe(definitions: Mapping[str, Any], section: Section, recipe: str) -> None:
    """Add to the fields of a section's form, and of those in it, what a recipe has there."""
    fields = definitions.get(settings_name(type(section)), {}).get("properties", {})
    for name, field in fields.items():
        value = getattr(section, name)
        if isinstance(value, Section) and settings_name(type(value)) in definitions:
            _describe(definitions, value, recipe)
            continue
        said = shortened(json.dumps(_plain(section, name), ensure_ascii=False), _LONGEST)
        field["description"] = f"{field.get('description', '')} {recipe} has: {said}".strip()


def _plain(section: Section, name: str) -> Any:
    """Return a field as JSON values; items of a list, such as phases, without what they leave to its default."""
    value = getattr(section, name)
    if isinstance(value, tuple | list) and value and all(isinstance(item, Section) for item in value):
        return [item.model_dump(mode="json", exclude_defaults=True) for item in value]
    return section.model_dump(mode="json", include={name})[name]

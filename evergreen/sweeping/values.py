"""A trial's values as a recipe: written as ``--set`` takes them, and read as ``retrain`` would."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from evergreen.recipe import Recipe, load_recipe
from evergreen.recipe_files import yaml_value
from evergreen.sections.refusing.expected import flow
from evergreen.sections.sweep import Sweep

Values = Mapping[str, Any]


def overrides_of(values: Values) -> list[str]:
    """Return a trial's values as ``--set`` takes them: ``dotted.path=value``, the value in one line of YAML."""
    return [f"{path}={value_text(value)}" for path, value in values.items()]


def value_text(value: Any) -> str:
    """Return a JSON value as YAML in one line that is read back as the very same."""
    short = flow(value)
    return short if _reads_back(short, value) else _in_quotes(value)


def recipe_of(sweep: Sweep, values: Values, seed: int | None = None, also: Iterable[str] = ()) -> Recipe:
    """Return the recipe of one training of a trial, as ``retrain`` with ``--set`` would have it.

    Args:
        sweep: whose trial it is.
        values: dotted path -> value.
        seed: of the training; None takes the recipe's.
        also: further pairs, such as ``train.threads=2``.

    Raises:
        BadRecipe: it is no valid recipe.
    """
    seeds = [] if seed is None else [f"seed={seed}"]
    return load_recipe(sweep.recipe, [*sweep.set, *overrides_of(values), *seeds, *also], sweep.sources)


def is_same(value: Any, other: Any) -> bool:
    """Whether two JSON values are one, also in kind: 1 is not 1.0, nor true."""
    return json.dumps(value, sort_keys=True) == json.dumps(other, sort_keys=True)


def _reads_back(text: str, value: Any) -> bool:
    try:
        return is_same(yaml_value(text), value)
    except (yaml.YAMLError, TypeError):  # also what JSON does not have: a date
        return False


def _in_quotes(value: Any) -> str:
    """Return a value with every text in it between quotes, and escapes for what YAML does not print."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_in_quotes(name)}: {_in_quotes(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_in_quotes, value)) + "]"
    if isinstance(value, str):
        return yaml.safe_dump(value, default_style='"', width=float("inf")).removesuffix("\n")
    return flow(value)

"""What the author of a valid recipe should know of it all the same, a sentence each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from evergreen.sections.base import Section
from evergreen.sections.defaults import sections_in
from evergreen.sections.trainings import CNN, side_of

if TYPE_CHECKING:
    from evergreen.recipe import Recipe

# Pixels below which a pretrained network sees too little to be worth its weights.
_LEAST_SIDE = 96


def too_small(recipe: Recipe) -> Iterator[str]:
    """Yield a sentence if a pretrained network would see images that are far smaller than those it learned from."""
    backbone, side = recipe.train.backbone, min(recipe.image.height, recipe.image.width)
    if backbone != CNN and side < _LEAST_SIDE:
        yield (
            f"image: {recipe.image.height}x{recipe.image.width} pixels are few for {backbone}, which learned from "
            f"{side_of(backbone)}x{side_of(backbone)}: --set image.height={side_of(backbone)} --set "
            f"image.width={side_of(backbone)}"
        )


def earlier_spellings(values: Mapping[str, Any], model: type[Section]) -> Iterator[str]:
    """Yield a sentence for every field of a section that was read by the name it had in an earlier version.

    Args:
        values: of a recipe, as they were given.
        model: the recipe's.
    """
    for name, given in values.items():
        section = next(sections_in(model.model_fields[name].annotation), None)
        if section and issubclass(section, Section) and isinstance(given, Mapping):
            now = section.at_present(given)
            old = ", ".join(f"{name}.{field}: {_flow(given[field])}" for field in given if field not in now)
            new = ", ".join(f"{name}.{field}: {_flow(now[field])}" for field in now if field not in given)
            if old:
                yield f"{old} is an earlier spelling, and read as {new}: write that instead"


def _flow(value: Any) -> str:
    """Return a value as YAML in one line."""
    return json.dumps(value).replace('"', "")

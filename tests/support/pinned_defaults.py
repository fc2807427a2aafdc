"""The defaults of every step's part of a recipe, pinned beside the step's format.

Values equal to their default are in no key, so a default that changes must raise the format of every step that reads
it, or the step would go on with what it made under the old one. ``defaults.json`` says, step by step and format by
format, which defaults came into force with it: an entry that is there is never edited, a later format adds to it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from evergreen.recipe import Recipe
from evergreen.sections.defaults import defaults_of, sections_in
from evergreen.steps import Step

PINS = Path(__file__).with_name("defaults.json")


def pinned() -> dict[str, dict[str, dict[str, Any]]]:
    """Return {step: {format: {dotted path of a value: its default as JSON}}}."""
    pins: dict[str, dict[str, dict[str, Any]]] = json.loads(PINS.read_text(encoding="utf-8"))
    return pins


def present(step: Step) -> dict[str, Any]:
    """Return {dotted path: present default} of what a step reads; items of a list have the path ``[]``."""
    return {path: default for path, default in _defaults(Recipe) if path.partition(".")[0] in step.recipe}


def to_do(steps: tuple[Step, ...], pins: dict[str, dict[str, dict[str, Any]]]) -> list[str]:
    """Return what somebody who changed a recipe's fields has still to do, one sentence each."""
    return [sentence for step in steps for sentence in _to_do(step, pins.get(step.name, {}))]


def _to_do(step: Step, pins: dict[str, dict[str, Any]]) -> Iterator[str]:
    if late := [number for number in pins if int(number) > step.format]:
        yield f"{step.name}: its format is {step.format}, but defaults are pinned for {max(late, key=int)}"
    in_force: dict[str, Any] = {}
    for number in sorted(pins, key=int):
        in_force |= pins[number]
    now = present(step)
    for path, default in now.items():
        if path not in in_force:
            yield f"{step.name}: add {path} ({default!r}) to its format {step.format} in {PINS.name}"
        elif in_force[path] != default or type(in_force[path]) is not type(default):
            yield (
                f"{step.name}: the default of {path} was {in_force[path]!r} and is {default!r}: raise the step's "
                f"format in evergreen/steps.py to {step.format + 1} and add the new default under it in {PINS.name}"
            )


def _defaults(section: type[BaseModel], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted path, default) of a section and of those inside it.

    A default that is a section itself counts by what it says beyond its own fields' defaults, which are listed anyway.
    """
    for name, field in section.model_fields.items():
        here = f"{path}.{name}" if path else name
        if not field.is_required():
            default = field.default
            said = default.model_dump(mode="json", exclude_defaults=True) if isinstance(default, BaseModel) else None
            yield here, defaults_of(section)[name] if said is None else said
        for inner in sections_in(field.annotation):
            yield from _defaults(inner, here + ("[]" if get_origin(field.annotation) is tuple else ""))


def unfit_fields(section: type[BaseModel] = Recipe, path: str = "recipe") -> list[str]:
    """Return fields whose values could not be left out of a key and still be told apart, and why."""
    unfit = []
    for name, field in section.model_fields.items():
        here, inner = f"{path}.{name}", list(sections_in(field.annotation))
        if field.default_factory is not None:
            unfit.append(f"{here}: its default is made by a function, so nobody can pin it: give the value itself")
        if len(inner) > 1:
            unfit.append(f"{here}: two kinds of section, both written as {{}} if they keep to their defaults")
        if inner and _maps(field.annotation):
            unfit.append(f"{here}: names of a mapping look like fields of a section")
        for one in inner:
            unfit += unfit_fields(one, here)
    return unfit


def _maps(annotation: Any) -> bool:
    return get_origin(annotation) is dict or any(_maps(inner) for inner in get_args(annotation))

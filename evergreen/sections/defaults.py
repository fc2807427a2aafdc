"""Defaults of sections: what a recipe leaves unsaid, as JSON values."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter

from evergreen.sections.base import Section


@lru_cache
def defaults_of(section: type[BaseModel]) -> dict[str, Any]:
    """Return {field: its default as JSON values}, without the fields that must be given."""
    defaults = {}
    for name, field in section.model_fields.items():
        if not field.is_required():
            kind: TypeAdapter[Any] = TypeAdapter(cast(Any, field.annotation))
            defaults[name] = kind.dump_python(kind.validate_python(field.default), mode="json")
    return defaults


def with_defaults(section: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a section's JSON values with the present defaults of whatever they leave out, at any depth.

    Values of an earlier version are taken as they are, but for names that are spelled otherwise now: fields that exist
    no more stay, nothing is validated.

    Args:
        section: the model.
        values: some of its fields.
    """
    if issubclass(section, Section):
        values = section.at_present(values)
    known = {name: field for name, field in section.model_fields.items() if name in values}
    filled = {name: _filled(field.annotation, values[name]) for name, field in known.items()}
    return defaults_of(section) | dict(values) | filled


def sections_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the sections that a field's type names, at any depth of unions and lists."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from sections_in(inner)


def _filled(annotation: Any, value: Any) -> Any:
    section = next(sections_in(annotation), None)
    if section and isinstance(value, Mapping):
        return with_defaults(section, value)
    if section and isinstance(value, list):
        return [_filled(annotation, item) for item in value]
    return value

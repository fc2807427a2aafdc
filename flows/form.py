"""The recipe as a form in which everything is optional; the dashboard shows it with the recipe's own descriptions."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

from evergreen.recipe import Recipe
from evergreen.sections.base import Section
from flows.dashboard.in_the_form import LEFT_OUT


def form_of(section: type[BaseModel], left_out: tuple[str, ...] = ()) -> type[BaseModel]:
    """Return a model with the fields, bounds and descriptions of a section, each optional and not set.

    Args:
        section: of the recipe; sections inside it become forms too, lists stay whole.
        left_out: names of fields that the form does not offer.
    """
    fields: dict[str, Any] = {
        name: (_optional(field), Field(None, description=field.description))
        for name, field in section.model_fields.items()
        if name not in left_out
    }
    return create_model(
        settings_name(section), __doc__=section.__doc__, __config__=ConfigDict(extra="forbid"), **fields
    )


def settings_name(section: type[BaseModel]) -> str:
    """Return what the form of a section is called among a schema's definitions."""
    return f"{section.__name__}Settings"


def as_overrides(form: BaseModel | None) -> list[str]:
    """Return what a form sets as ``dotted.path=value`` pairs, as ``--set`` takes them."""
    return [f"{path}={json.dumps(value)}" for path, value in _leaves(form)] if form else []


def _at_present(section: type[Section]) -> BeforeValidator:
    """Return what reads a form that was saved before a field had its present name, as the recipe does."""
    return BeforeValidator(lambda values: section.at_present(values) if isinstance(values, Mapping) else values)


def _optional(field: FieldInfo) -> Any:
    inner: Any = field.annotation
    if isinstance(inner, type) and issubclass(inner, Section):
        return Annotated[form_of(inner), _at_present(inner)] | None
    return Annotated[inner, *field.metadata] | None if field.metadata else inner | None


def _leaves(form: BaseModel, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what is set, section by section; a mapping of the user's, whose names may hold dots, is one value."""
    for name, plain in form.model_dump(mode="json", exclude_unset=True, exclude_none=True).items():
        value = getattr(form, name)
        if isinstance(value, BaseModel):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", plain


if TYPE_CHECKING:
    Settings = BaseModel
else:
    Settings = form_of(Recipe, LEFT_OUT)

"""evergreen.sections.base: every field of every section says what it is for."""

import pytest

from evergreen.sections.base import Section


def _sections(model: type[Section]) -> list[type[Section]]:
    return [section for child in model.__subclasses__() for section in [child, *_sections(child)]]


@pytest.mark.parametrize("section", _sections(Section), ids=lambda section: section.__name__)
def test_every_field_has_a_description(section: type[Section]) -> None:
    assert all(field.description for field in section.model_fields.values())

"""Sections about labels: repair, how folders become classes; labels, where file names or a table hold them."""

import json
import re
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from evergreen.sections.base import Section

Subset = Literal["", "train", "validation", "test", "unlabelled"]
NamedSubset = Literal["train", "validation", "test", "unlabelled"]


class Repair(Section):
    """How folders become class names."""

    classes: tuple[str, ...] = Field(
        (), description="Declared classes, in order; empty takes the folders found, sorted."
    )
    level: Literal["first", "leaf"] | Annotated[int, Field(ge=1, le=20)] | None = Field(
        None,
        description="Which folder is the class: the first below the root or subset, the N-th, or the one with the "
        "images; null: the first, and asks where it could be another.",
    )
    rename: dict[str, str] = Field(
        {}, description="Folder's name or path -> class name, applied before anything else; a path makes it a class."
    )
    leave_out: tuple[str, ...] = Field(
        (), description="Names or paths of folders that are left out, with * ? [] as wildcards."
    )
    subsets: dict[str, NamedSubset] = Field(
        {}, description="Folder's name or path -> subset, for folders whose names do not say it."
    )
    not_images: Literal["ask", "quarantine"] = Field(
        "ask", description="What happens where over half of a class folder's files are no images."
    )

    @field_validator("classes", mode="before")
    @classmethod
    def _classes_are_text(cls, value: object) -> object:
        """YAML reads ``no`` as false and ``001`` as 1: whoever wrote that meant a name."""
        if isinstance(value, list | tuple):
            for name in value:
                if name is None or isinstance(name, bool | int | float):
                    raise ValueError(
                        f"expected names, received {json.dumps(name)}, which YAML made of an unquoted word or number ("
                        'yes, no, on, off, null, 001, 1.0): quote it, as in ["no", "001"]'
                    )
        return value

    @model_validator(mode="after")
    def _classes_are_distinct(self) -> Self:
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("expected every class once")
        if self.classes and (strange := set(self.rename.values()) - set(self.classes)):
            raise ValueError(f"rename leads to {sorted(strange)}, which classes does not name")
        return self


class Labels(Section):
    """Labels that stand in file names or in a table of the source, instead of in folders; and those people decided."""

    pattern: str | None = Field(
        None, description="Regular expression that a file's name begins with, with a group (?P<label>...)."
    )
    table: str | None = Field(None, description="Name or path of a CSV or TSV file in the source.")
    file: str | None = Field(None, description="Column with the file's name or path.")
    label: str | None = Field(None, description="Column with the label.")
    suffix: str = Field("", description="What the column lacks of the file's name, such as .jpg.")
    subset: str | None = Field(None, description="Column that says train, validation or test.")
    decisions: str | None = Field(
        None,
        min_length=1,
        description="File with what people decided about single images, from the recipe's folder on; null: "
        "NAME.labels.yaml beside NAME.yaml, if it is there: docs/labels-file.md.",
    )

    @field_validator("pattern")
    @classmethod
    def _has_a_label(cls, pattern: str | None) -> str | None:
        if pattern is None:
            return None
        try:
            groups = re.compile(pattern).groupindex
        except re.error as error:
            raise ValueError(f"expected a regular expression; {error}") from None
        if "label" not in groups:
            raise ValueError(r"expected a group (?P<label>...), as in (?P<label>[A-Za-z_]+)[._]\d+")
        return pattern

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.pattern and self.table:
            raise ValueError("expected pattern or table, received both")
        if self.table and not (self.file and self.label):
            raise ValueError("expected file and label beside table: the names of its columns")
        if not self.table and (self.file or self.label or self.subset or self.suffix):
            raise ValueError("expected table beside file, label, suffix and subset, which name parts of it")
        return self

    @property
    def given(self) -> bool:
        """Whether labels come from names or a table."""
        return bool(self.pattern or self.table)

"""How images are divided into train, validation and test."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from evergreen.sections.base import Fraction, Section

FOLDER: Literal["folder"] = "folder"
NEAR: Literal["near-duplicates"] = "near-duplicates"

_KINDS = (FOLDER, NEAR)
# The earlier spelling of ``group`` and what its values were.
_EARLIER = "group_near_duplicates"
_MEANT: dict[bool | None, list[str] | None] = {True: [NEAR], False: [], None: None}


class Split(Section):
    """How images are divided into train, validation and test."""

    method: Literal["exact", "keras", "stable", "predefined"] = Field(
        "stable",
        description="exact: stratified, seeded; keras: per class, rounded down; stable: by digest; predefined: folder.",
    )
    validation: Fraction = Field(0.15, description="Share of images for validation.")
    test: Fraction = Field(0.15, description="Share of images for test.")
    group: tuple[Literal["folder", "near-duplicates"], ...] | None = Field(
        None,
        description="What stays on one side: folder (the folders inside a class: a session, a camera, a person), "
        "near-duplicates (with exact; else those of judged images are set aside); null: near-duplicates if stable.",
    )

    @classmethod
    def at_present(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values with ``group`` in place of its earlier spelling, where they say that alone."""
        said = values.get(_EARLIER)
        if _EARLIER not in values or "group" in values or not (said is None or isinstance(said, bool)):
            return dict(values)
        return {name: value for name, value in values.items() if name != _EARLIER} | {"group": _MEANT[said]}

    @model_validator(mode="before")
    @classmethod
    def _reads_the_earlier_spelling(cls, values: Any) -> Any:
        if not isinstance(values, Mapping) or _EARLIER not in values:
            return values
        if "group" in values:
            raise ValueError(f"expected group alone, received {_EARLIER} too, its earlier spelling: take that out")
        if not (values[_EARLIER] is None or isinstance(values[_EARLIER], bool)):
            raise ValueError(
                f"{_EARLIER}, the earlier spelling of group: expected true, false or null; write group: "
                f"[{NEAR}] instead; received {values[_EARLIER]!r}"
            )
        return cls.at_present(values)

    @field_validator("group", mode="before")
    @classmethod
    def _is_a_list(cls, group: Any) -> Any:
        if isinstance(group, str):
            raise ValueError(f"expected a list such as [{FOLDER}], of: {', '.join(_KINDS)}")
        return group

    @field_validator("group")
    @classmethod
    def _in_one_order(cls, group: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """Order makes no difference, so it makes none to a key."""
        if group is not None and len(set(group)) < len(group):
            raise ValueError(f"expected every kind once; received {list(group)}")
        return None if group is None else tuple(kind for kind in _KINDS if kind in group)

    @model_validator(mode="after")
    def _leaves_training_images(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError(f"expected validation + test below 1; received {self.validation} + {self.test}")
        return self

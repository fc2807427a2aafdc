"""The section about who teaches a network."""

from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from evergreen.errors import BadRecipe
from evergreen.sections.base import Section

Name = Annotated[str, Field(min_length=1)]


class Teacher(Section):
    """Learn from what other networks answer, beside the labels; several are one teacher, their answers averaged."""

    recipe: tuple[Name, ...] = Field(
        (),
        max_length=16,
        description="Recipes (names or paths) of networks that are trained first, on the training images of this "
        "recipe alone, a tenth of which tells their epochs apart. Their train, image, augment and balance count, as "
        "their files say; the seed and the threads are this recipe's. Each has its own time_limit_minutes; this "
        "recipe's is of its own network's training.",
    )
    model: tuple[Name, ...] = Field(
        (),
        max_length=16,
        description="Models that are in the store: a run's id, or a digest or its beginning. Refused if one learned "
        "from an image that this recipe judges or validates by, or from a near-duplicate of one, or if no record tells "
        "from which it learned.",
    )
    temperature: float = Field(
        2,
        ge=1,
        le=100,
        description="Both networks' answers are softened by it: 1 as they are; above, what is unlikely counts more.",
    )
    weight: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of the loss that is about the teacher's answers; the rest is about the labels. Every phase "
        "sees train.views views of each image in turn, and the teacher answers once for each.",
    )

    @field_validator("recipe", "model", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _exactly_one_kind(self) -> Self:
        if bool(self.recipe) == bool(self.model):
            raise ValueError(
                "expected either recipe (networks that are trained first) or model (models that are in the store); "
                f"received {'both' if self.recipe else 'neither'}"
            )
        if len(set(self.recipe + self.model)) < len(self.recipe + self.model):
            raise ValueError("expected each teacher once: a second look at the same network says nothing new")
        return self


def refuse_other_classes(teacher: str, its: Iterable[str], classes: Iterable[str]) -> None:
    """Refuse a teacher whose classes are others than its student's; their order does not matter.

    Raises:
        BadRecipe: a class is missing, or is one too many.
    """
    lacks, more = sorted({*classes} - {*its}), sorted({*its} - {*classes})
    if lacks or more:
        differ = [*([f"lacks {', '.join(lacks)}"] * bool(lacks)), *([f"has {', '.join(more)} too"] * bool(more))]
        raise BadRecipe(
            f"train.teacher: expected a teacher of the same classes; {teacher} {' and '.join(differ)}: choose another, "
            "or leave train.teacher out"
        )

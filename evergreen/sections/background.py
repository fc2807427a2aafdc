"""The section about what stands behind the objects of training images."""

import difflib
from typing import Any, Self

from pydantic import Field, create_model, model_validator

from evergreen.sections.base import Section

# Drawn, and other training images' surroundings; whatever else is named is a folder of photos.
IMAGES = "images"
KINDS = ("plain", "spots", "leaves", IMAGES)
MOST_PHOTOS = 500  # of a folder: the first by name

# ``with`` is a word of Python's, which no class can spell as a field.
_FIELD: dict[str, Any] = {
    "with": (
        tuple[str, ...],
        Field(
            KINDS,
            min_length=1,
            description="What is put there, each as often: plain, one colour; spots, soft ones of many colours; "
            "leaves, overlapping shapes of many sizes; images, a corner of another training image; or a folder of your "
            "own photos, whose path has a / in it: ./photos.",
        ),
    )
}
_With: Any = create_model("_With", __base__=Section, **_FIELD)


class Background(_With):
    """Other scenes behind objects whose own background is uniform, such as a green screen or a white table."""

    replace: float = Field(0.5, gt=0, le=1, description="In which share of its views an image has another background.")

    @property
    def scenes(self) -> tuple[str, ...]:
        """What is put behind the objects: kinds, and folders."""
        found: tuple[str, ...] = getattr(self, "with")
        return found

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders among them."""
        return tuple(name for name in self.scenes if name not in KINDS)

    @model_validator(mode="after")
    def _scenes_can_be_told_apart(self) -> Self:
        for name in self.folders:
            if "/" not in name:
                near = difflib.get_close_matches(name.lower(), KINDS, n=1)
                meant = f"did you mean {near[0]}? If" if near else "if"
                raise ValueError(
                    f"with: expected {', '.join(KINDS)}, or a folder's path with a / in it; received {name!r}: "
                    f"{meant} a folder is meant: ./{name}"
                )
        if twice := sorted({name for name in self.scenes if self.scenes.count(name) > 1}):
            raise ValueError(f"with: expected each once; received {', '.join(twice)} several times")
        return self

"""What a comparison of two runs holds."""

from dataclasses import asdict, dataclass, field
from typing import Any

from runs.looking.listing import Row


@dataclass(frozen=True)
class Picture:
    """An image of which the runs think differently.

    Attributes:
        path: as the second run's dataset names it.
        label: what it is.
        sha256: of its bytes.
        first, second: what each run's model said.
        first_probability, second_probability: of that answer, 0-1.
    """

    path: str
    label: str
    sha256: str
    first: str
    second: str
    first_probability: float
    second_probability: float


@dataclass(frozen=True)
class ClassRow:
    """Recall of one class in both runs.

    Attributes:
        label: the class.
        images: of that class that both judged.
        first, second: shares that each gets right, 0-1.
        gain: second minus first.
        gain_interval: (low, high) of 95 %, by a paired bootstrap.
    """

    label: str
    images: int
    first: float
    second: float
    gain: float
    gain_interval: tuple[float, float]


@dataclass(frozen=True)
class Together:
    """What both runs say of the images that both judged.

    Attributes:
        split: test or validation.
        count: images that both judged.
        first, second: shares that each gets right, 0-1.
        gain: second minus first.
        first_interval, second_interval, gain_interval: (low, high) of 95 %, by a paired bootstrap.
        only_first, only_second: images that one alone gets right.
        p_value: of McNemar's exact test.
        words: all of it in a sentence.
        classes: recall of each class of these images.
        to_wrong: images that the first gets right and the second wrong, the surest wrong answers first.
        to_right: the reverse, those that were the surest wrong answers first.
    """

    split: str
    count: int
    first: float
    second: float
    gain: float
    first_interval: tuple[float, float]
    second_interval: tuple[float, float]
    gain_interval: tuple[float, float]
    only_first: int
    only_second: int
    p_value: float
    words: str
    classes: list[ClassRow]
    to_wrong: list[Picture]
    to_right: list[Picture]


@dataclass(frozen=True)
class Compared:
    """Two runs side by side.

    Attributes:
        first, second: the runs.
        not_comparable: what cannot be compared, and why, a sentence each.
        recipe: (dotted path, before, after) of every value that differs, defaults written out.
        images: in words, how the images of both differ; empty if that is not known.
        code: modules and files whose code differs.
        libraries: (name, before, after).
        metrics: split -> what each run says of its own images of it: (first, second); None where a run has none.
        together: of the images that both judged; None if there are none to compare.
    """

    first: Row
    second: Row
    not_comparable: list[str]
    recipe: list[tuple[str, Any, Any]]
    images: str
    code: list[str]
    libraries: list[tuple[str, Any, Any]]
    metrics: dict[str, tuple[dict[str, Any] | None, dict[str, Any] | None]] = field(default_factory=dict)
    together: Together | None = None

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            **asdict(self),
            "first": self.first.as_json(),
            "second": self.second.as_json(),
            "recipe": [{"path": path, "first": old, "second": new} for path, old, new in self.recipe],
            "libraries": [{"name": name, "first": old, "second": new} for name, old, new in self.libraries],
            "metrics": {split: {"first": one, "second": two} for split, (one, two) in self.metrics.items()},
        }

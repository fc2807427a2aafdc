"""What the rules know of a dataset: numbers and names, all of them measured while its images were screened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "F")


@dataclass(frozen=True)
class Facts:
    """A dataset in numbers.

    Attributes:
        counts: class -> labelled images, in the order of the classes.
        width: median width in pixels.
        height: median height in pixels.
        aspects: width by height at the 10th and the 90th percentile.
        grey: share of images that are stored without colour, 0-1.
        subsets: train, validation and test, as far as the folders or the table give them.
        grouped: whether there are folders inside the class folders.
        processors: how many may be used.
    """

    counts: Mapping[str, int]
    width: float
    height: float
    aspects: tuple[float, float]
    grey: float
    subsets: frozenset[str]
    grouped: bool
    processors: int

    @property
    def images(self) -> int:
        """How many labelled images there are."""
        return sum(self.counts.values())

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in order."""
        return tuple(self.counts)

    @property
    def longer(self) -> float:
        """The longer side of the median image in pixels."""
        return max(self.width, self.height)

    @property
    def shorter(self) -> float:
        """The shorter side of the median image in pixels."""
        return min(self.width, self.height)

    @property
    def imbalance(self) -> float:
        """How many times the images of the smallest class the largest has."""
        return max(self.counts.values()) / max(min(self.counts.values()), 1)

    @property
    def spread(self) -> float:
        """How many times wider, for its height, an image at the 90th percentile is than one at the 10th."""
        return self.aspects[1] / self.aspects[0]


def facts_of(dataset: pd.DataFrame, classes: list[str], grouped: bool, processors: int) -> Facts:
    """Return the facts of a screened dataset.

    Args:
        dataset: label, width, height, mode, subset of the labelled images; at least one.
        classes: class names in order.
        grouped: whether there are folders inside the class folders.
        processors: how many may be used.
    """
    counts = dataset["label"].value_counts()
    low, high = (dataset["width"] / dataset["height"]).quantile([0.1, 0.9])
    return Facts(
        counts={name: int(counts.get(name, 0)) for name in classes},
        width=float(dataset["width"].median()),
        height=float(dataset["height"].median()),
        aspects=(round(float(low), 3), round(float(high), 3)),
        grey=round(float(dataset["mode"].isin(_GREY_MODES).mean()), 3),
        subsets=frozenset(set(dataset["subset"]) - {""}),
        grouped=grouped,
        processors=processors,
    )

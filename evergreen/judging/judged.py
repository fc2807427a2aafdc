"""The split that a model is judged on: test, or validation where there are no test images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def judged_split(splits: Iterable[str]) -> str:
    """Return the split that a model is judged on.

    Args:
        splits: those that have images: a table's column ``split``, or a mapping by split, such as the metrics.
    """
    return "test" if "test" in set(splits) else "validation"


def judged_images(dataset: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a dataset that a model is judged on; ``split`` is read."""
    return dataset[dataset["split"] == judged_split(dataset["split"])]

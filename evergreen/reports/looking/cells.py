"""Which pictures stand behind a cell of the confusion matrix: the hardest of each, one of each before a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

MOST_WRONG = 12  # of one cell
MOST_RIGHT = 4  # of a cell on the diagonal
MOST_IN_ALL = 480


@dataclass(frozen=True)
class Cell:
    """One true class and one answer to it.

    Attributes:
        truth, answer: positions of classes.
        count: judged images of it.
        pictures: those that are shown, hardest first: path, probability, loss.
    """

    truth: int
    answer: int
    count: int
    pictures: list[dict[str, Any]]

    @property
    def name(self) -> str:
        """What its gallery is called in an address."""
        return f"cell-{self.truth}-{self.answer}"

    @property
    def more(self) -> int:
        """How many of its images are not shown."""
        return self.count - len(self.pictures)


def cells(judged: pd.DataFrame, classes: Sequence[str], pairs: Sequence[tuple[str, str]] | None = None) -> list[Cell]:
    """Return the cells that open, in the matrix's order, row by row.

    Where they would hold over ``MOST_IN_ALL`` pictures together, every cell gets its hardest before any gets a second
    one; wrong cells before right ones, large ones before small ones.

    Args:
        judged: path, label, predicted, probability, loss.
        classes: names in order.
        pairs: true class and answer of cells that open; None for all that have an image.
    """
    index = {name: position for position, name in enumerate(classes)}
    rows = judged.astype({"loss": float, "probability": float})
    rows = rows.sort_values(["loss", "path"], ascending=[False, True])
    groups = {
        (index[str(label)], index[str(answer)]): group
        for (label, answer), group in rows.groupby(["label", "predicted"], sort=False)
        if pairs is None or (label, answer) in pairs
    }
    wanted = [
        (rank, truth == answer, -len(group), truth, answer)
        for (truth, answer), group in groups.items()
        for rank in range(min(len(group), MOST_RIGHT if truth == answer else MOST_WRONG))
    ]
    shown = dict.fromkeys(groups, 0)
    for _, _, _, truth, answer in sorted(wanted)[:MOST_IN_ALL]:
        shown[truth, answer] += 1
    columns = ["path", "probability", "loss"]
    return [
        Cell(*place, len(groups[place]), groups[place][columns].head(shown[place]).to_dict("records"))
        for place in sorted(groups)
    ]

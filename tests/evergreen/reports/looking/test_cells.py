"""evergreen.reports.looking.cells: the hardest of each cell, capped, counted, and one of every cell before a second."""

import numpy as np
import pandas as pd

from evergreen.reports.looking import cells as module
from evergreen.reports.looking.cells import MOST_IN_ALL, MOST_RIGHT, MOST_WRONG, cells


def judged(truth: np.ndarray, answers: np.ndarray, classes: list[str]) -> pd.DataFrame:
    """Answers whose loss grows with their number."""
    numbers = np.arange(len(truth))
    return pd.DataFrame({
        "path": [f"{number:05}.png" for number in numbers], "label": [classes[at] for at in truth],
        "predicted": [classes[at] for at in answers], "probability": 0.5, "loss": 0.001 * numbers,
    })  # fmt: skip


def test_a_cell_shows_its_hardest_and_counts_the_others() -> None:
    truth = np.repeat([0, 0, 1], [20, 31, 3])
    answers = np.repeat([0, 1, 1], [20, 31, 3])
    found = cells(judged(truth, answers, ["a", "b", "never"]), ["a", "b", "never"])
    assert [(one.truth, one.answer, one.count, one.more) for one in found] == [
        (0, 0, 20, 20 - MOST_RIGHT), (0, 1, 31, 31 - MOST_WRONG), (1, 1, 3, 0),
    ]  # fmt: skip
    assert [row["path"] for row in found[1].pictures][:2] == ["00050.png", "00049.png"]
    assert found[1].name == "cell-0-1"
    assert found[0].pictures[0] == {"path": "00019.png", "probability": 0.5, "loss": 0.019}


def test_of_equal_loss_the_first_path_comes_first_and_numbers_may_be_text() -> None:
    table = judged(np.zeros(5, int), np.ones(5, int), ["a", "b"]).assign(loss="10.0", probability="0.25")
    table.loc[2, "loss"] = "9.0"
    (found,) = cells(table.sample(frac=1, random_state=1), ["a", "b"])
    assert [row["path"] for row in found.pictures] == [f"0000{number}.png" for number in (0, 1, 3, 4, 2)]


def test_in_all_there_are_not_too_many_and_no_cell_goes_without() -> None:
    count = 30
    classes = [f"class {number}" for number in range(count)]
    pairs = np.array([(truth, answer) for truth in range(20) for answer in range(20)]).repeat(9, axis=0)
    found = cells(judged(pairs[:, 0], pairs[:, 1], classes), classes)
    assert len(found) == 400
    assert sum(len(one.pictures) for one in found) == MOST_IN_ALL
    assert {len(one.pictures) for one in found} == {1, 2}
    assert all(one.count == len(one.pictures) + one.more == 9 for one in found)
    # Wrong cells before right ones.
    assert all(len(one.pictures) == 1 for one in found if one.truth == one.answer)


def test_only_named_pairs_open() -> None:
    truth, answers = np.array([0, 0, 1, 2]), np.array([0, 1, 0, 1])
    found = cells(judged(truth, answers, ["a", "b", "c"]), ["a", "b", "c"], [("a", "b"), ("c", "b"), ("b", "c")])
    assert [(one.truth, one.answer) for one in found] == [(0, 1), (2, 1)]
    assert cells(judged(truth, answers, ["a", "b", "c"]), ["a", "b", "c"], []) == []
    assert module.cells(judged(truth[:0], answers[:0], ["a"]), ["a"]) == []

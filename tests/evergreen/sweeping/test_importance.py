"""evergreen.sweeping.importance: what decides gets the share, and where nothing can be said nothing is."""

from typing import Any

import made_sweeps
import pytest

from evergreen.sweeping.found import ranking
from evergreen.sweeping.importance import importance


def test_what_decides_comes_first_and_shares_are_of_one() -> None:
    made = made_sweeps.tpe()
    ended, shares = ranking(made["trials"]), made["importance"]
    assert next(iter(shares)) == made_sweeps.RATE
    assert shares[made_sweeps.RATE] > 0.6
    assert sum(shares.values()) == pytest.approx(1, abs=0.001)
    grid = made_sweeps.grid()
    assert importance(ranking(grid["trials"]), grid["over"]) == grid["importance"]  # seeded
    assert list(grid["importance"]) == [made_sweeps.BACKBONE, made_sweeps.MAGNITUDE]
    assert grid["importance"][made_sweeps.BACKBONE] > 0.6
    # A value that never changed has no share; one of several kinds is a choice.
    odd = [one | {"values": one["values"] | {"image.fixed": 1, made_sweeps.UNITS: [1]}} for one in ended]
    odd[0]["values"][made_sweeps.UNITS] = "none"
    fixed = importance(odd, made["over"] | {"image.fixed": {"choices": [1]}})
    assert fixed
    assert fixed["image.fixed"] == 0
    assert next(iter(fixed)) == made_sweeps.RATE


@pytest.mark.parametrize(
    ("accuracies", "other"),
    [([0.5, 0.6, 0.7], 1), ([0.5, 0.5, 0.5, 0.5], 1), ([0.5, 0.6, 0.7, 0.8], 0)],
    ids=["three trials", "all alike", "one value varies"],
)
def test_where_nothing_can_be_said_nothing_is(accuracies: list[float], other: int) -> None:
    trials: list[dict[str, Any]] = [
        {"values": {"a": number, "b": number * other}, "val_accuracy": accuracy}
        for number, accuracy in enumerate(accuracies)
    ]
    assert importance(trials, {"a": {"choices": [0, 1, 2, 3]}, "b": {"choices": [0, 1, 2, 3]}}) is None

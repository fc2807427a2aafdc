"""evergreen.reports.sweeps.axes: choices at even distances, ranges by number or logarithm, metrics of what ended."""

from itertools import pairwise
from typing import Any

import made_sweeps
import pytest

from evergreen.reports.sweeps.axes import metric_axis, value_axis


def _places(of: dict[str, Any], *values: Any) -> list[float | None]:
    axis = value_axis("a", "a", of, [])
    return [axis.place({"values": {"a": value}}) for value in values]


def test_choices_stand_at_even_distances() -> None:
    of = {"choices": [0.5, 0.05, 0.15]}
    assert _places(of, 0.05, 0.15, 0.5, 0.3) == [0, 0.5, 1, None]
    assert [text for _, text in value_axis("a", "a", of, []).ticks] == ["0.05", "0.15", "0.5"]
    assert _places({"choices": ["b", "a", None]}, "b", "a", None) == [0, 0.5, 1]
    assert _places({"choices": [[1], {"a": 2}]}, [1], {"a": 2}) == [0, 1]
    assert _places({"choices": ["only"]}, "only", "none") == [0.5, None]
    assert len(value_axis("a", "a", {"choices": list(range(30))}, []).ticks) == 10


def test_a_range_is_by_number_or_by_logarithm() -> None:
    assert _places({"low": 0, "high": 4, "log": False}, 0, 1, 4, None) == [0, 0.25, 1, None]
    log = {"low": 1e-4, "high": 1e-2, "log": True}
    assert _places(log, 1e-4, 1e-3, 1e-2) == [0, pytest.approx(0.5), 1]
    assert [text for _, text in value_axis("a", "a", log, []).ticks] == ["0.0001", "0.001", "0.01"]
    # A trial of an earlier range stands on the axis, too.
    wider = value_axis("a", "a", {"low": 1, "high": 2, "log": False}, [{"values": {"a": 5}}])
    assert wider.place({"values": {"a": 5}}) == 1
    for axis in (wider, value_axis("a", "a", {"low": 0.003, "high": 0.07, "log": True}, [])):
        places = [place for place, _ in axis.ticks]
        assert (places[0], places[-1]) == (0, 1)
        assert all(later - before > 0.05 for before, later in pairwise(places))


def test_metrics_are_of_trials_that_ended_well() -> None:
    trials = made_sweeps.grid()["trials"]
    axis = metric_axis("val_accuracy", trials)
    assert (axis.place(trials[7]), axis.place(trials[0]), axis.place(trials[9])) == (1, 0, None)
    assert axis.ticks[-1][1] == "78.85 %"
    assert next(text for _, text in metric_axis("val_loss", trials).ticks) == "0.4588"
    assert metric_axis("loss", made_sweeps.all_failed()["trials"]).ticks == []
    assert metric_axis("loss", made_sweeps.single()["trials"]).ticks == [(0.5, "0.3007")]

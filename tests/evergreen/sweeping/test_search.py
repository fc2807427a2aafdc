"""evergreen.sweeping.search: what is asked follows from the seed and the answers, whatever was killed in between."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import optuna
import pytest

from evergreen.sections.sweep import Method
from evergreen.sweeping.dimensions import Choices, Dimension, Span
from evergreen.sweeping.search import Asked, Study
from evergreen.sweeping.values import is_same

RATE, UNITS, KIND = "train.phases.0.learning_rate", "train.head.units", "train.head.dense"
KINDS = ([], [{"units": 64}], None, True, 1, 1.0, "1", "ünïcode \x1b", {"a": [1, {"b": None}]})
DIMENSIONS: dict[str, Dimension] = {
    RATE: Span(1e-4, 1e-2, log=True),
    UNITS: Span(8, 256, whole=True, log=True),
    "augment.magnitude": Span(0.1, 0.7, step=0.1),
    "train.views": Span(1, 9, whole=True, step=2),
    KIND: Choices(KINDS),
}


def accuracy(values: Mapping[str, Any]) -> float:
    """Return what a trial comes to: another number for other values."""
    return 1 / (1 + abs(math.log10(values[RATE]) + 3)) * (0.5 + values["augment.magnitude"] / 2)


def searched(file: Path, method: Method, trials: int, between: Callable[[Study], Study]) -> list[dict[str, Any]]:
    """Return what is asked one after the other; ``between`` returns the study to go on with, before each question."""
    study, found = Study(file, DIMENSIONS, method, seed=7), []
    for _ in range(trials):
        study = between(study)
        asked = study.ask()
        found.append(asked.values)
        study = between(study)
        study.tell(asked.number, "done", accuracy(asked.values))
    return found


class Killed(BaseException):
    pass


@pytest.mark.parametrize("method", ["random", "tpe"])
def test_what_is_drawn_does_not_move_however_often_it_is_killed(
    method: Method, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = 13  # tpe draws its first 10 without looking at answers
    straight = searched(tmp_path / "straight", method, trials, lambda study: study)
    again = tmp_path / "again"
    reopened = searched(again, method, trials, lambda _: Study(again, DIMENSIONS, method, seed=7))
    assert reopened == straight
    assert len({json.dumps(values) for values in straight}) == trials

    ghosts, suggested = tmp_path / "ghosts", Study._suggested
    found = []
    for number in range(trials):
        study = Study(ghosts, DIMENSIONS, method, seed=7)
        last = list(DIMENSIONS)[number % len(DIMENSIONS)]

        def until(self: Study, trial: Any, path: str, last: str = last) -> Any:
            """Choose as ever, and be killed before one of the values, another one each time."""
            if path == last:
                raise Killed
            return suggested(self, trial, path)

        with monkeypatch.context() as patched, pytest.raises(Killed):
            patched.setattr(Study, "_suggested", until)
            study.ask()
        study = Study(ghosts, DIMENSIONS, method, seed=7)
        assert len(study.asked()) == number, "nobody can say of what values one is that was not noted"
        one = study.ask()
        assert one.number == number
        found.append(one.values)
        study.tell(one.number, "done", accuracy(one.values))
    assert found == straight


def test_answers_and_seeds_move_what_tpe_asks(tmp_path: Path) -> None:
    def asked(name: str, seed: int, sign: float) -> list[dict[str, Any]]:
        study, found = Study(tmp_path / name, DIMENSIONS, "tpe", seed), []
        for _ in range(12):
            one = study.ask()
            found.append(one.values)
            study.tell(one.number, "done", 0.5 + sign * accuracy(one.values) / 2)
        return found

    one, other = asked("one", 1, 1), asked("other", 1, -1)
    assert one[:10] == other[:10]
    assert one[10:] != other[10:]
    assert asked("seed", 2, 1)[0] != one[0]


def test_values_stay_within_their_bounds_on_their_steps_and_of_their_kind(tmp_path: Path) -> None:
    odd = {"a": Span(0.123456789012, 0.123456789019), "b": Span(-1.0, 1.0), "c": Span(1e-12, 1e-11, step=1e-12)}
    study = Study(tmp_path / "journal", {**DIMENSIONS, **odd}, "random")
    found = [study.ask().values for _ in range(40)]
    for values in found:
        assert 1e-4 <= values[RATE] <= 1e-2
        assert len(f"{values[RATE]:.10g}".replace("0.", "").lstrip("0").partition("e")[0].replace(".", "")) <= 4
        assert 8 <= values[UNITS] <= 256
        assert all(type(values[path]) is int for path in (UNITS, "train.views"))
        assert values["augment.magnitude"] in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7), "as they are written"
        assert values["train.views"] in (1, 3, 5, 7, 9)
        assert 0.123456789012 <= values["a"] <= 0.123456789019
        assert values["c"] in odd["c"].values
        assert any(is_same(values[KIND], kind) for kind in KINDS)
    for path, middle in ((UNITS, 45), (RATE, 1e-3)):
        below = sum(values[path] < middle for values in found)
        assert 12 <= below <= 28, "by its logarithm half of them lie below the middle"
    for kind in KINDS:
        assert any(is_same(values[KIND], kind) for values in found), kind
    assert [asked.values for asked, _, _ in Study(tmp_path / "journal", {}).asked()] == found, "as JSON has them"


def test_a_grid_s_values_are_given_with_each_question(tmp_path: Path) -> None:
    study = Study(tmp_path / "a folder" / "journal", DIMENSIONS)
    assert study.ask({KIND: [{"units": 1.0}]}) == Asked(0, {KIND: [{"units": 1.0}]})
    study.tell(0, "failed", why="diverged")
    study.tell(0, "done", 0.9)  # it has ended
    study.ask({KIND: None})
    study.tell(1, "pruned", why="at epoch 1")
    study.ask({KIND: True})
    ends = [(how, why) for _, how, why in Study(tmp_path / "a folder" / "journal", DIMENSIONS).asked()]
    assert ends == [("failed", "diverged"), ("pruned", "at epoch 1"), (None, "")]


@pytest.mark.parametrize("torn", [b'{"op_code":8,"work', b"{", b"\xff\xfe"], ids=["half", "begin", "noise"])
def test_a_line_that_was_left_half_written_costs_nothing(torn: bytes, tmp_path: Path) -> None:
    file = tmp_path / "journal"
    study = Study(file, DIMENSIONS, "tpe")
    first = study.ask()
    study.tell(first.number, "done", 0.5)
    expected = searched(tmp_path / "other", "tpe", 2, lambda study: study)[0]
    assert set(first.values) == set(expected)
    with file.open("ab") as journal:
        journal.write(torn)
    second = study.ask()  # another process was killed while it wrote, this one goes on
    assert file.read_bytes().endswith(b"\n")
    with file.open("ab") as journal:
        journal.write(torn)
    again = Study(file, DIMENSIONS, "tpe")  # all were killed
    assert [(asked, how) for asked, how, _ in again.asked()] == [(first, "done"), (second, None)]


def asks(file: Path, accuracies: list[list[float]], epochs: int) -> list[int]:
    """Return after how many epochs each of some trials ends, which reach an accuracy after each epoch."""
    ends = []
    for number, reached in enumerate(accuracies):
        Study(file, DIMENSIONS).ask({RATE: 1e-3 * (number + 1)})
        study = Study(file, {}, prune="successive-halving", epochs=epochs)  # as a worker opens it
        end = next((at for at, one in enumerate(reached[:-1], 1) if not study.goes_on(number, at, one)), epochs)
        study.tell(number, "done" if end == epochs else "pruned", reached[-1] if end == epochs else None)
        ends.append(end)
    return ends


def test_of_those_that_came_to_a_rung_a_third_goes_on(tmp_path: Path) -> None:
    best, middle, worst = ([level] * 18 for level in (0.9, 0.5, 0.1))
    assert asks(tmp_path / "journal", [middle, worst, worst, best, middle, worst, best], 18) == [18, 2, 2, 18, 2, 2, 18]
    late = [0.9] * 4 + [0.2] * 14
    assert asks(tmp_path / "late", [best, best, late], 18)[2] == 6, "the second rung is three times as high"


@pytest.mark.parametrize(
    ("epochs", "rungs"), [(1, [1]), (2, [1]), (8, [1, 3]), (9, [1, 3, 9]), (18, [2, 6, 18]), (100, [11, 33, 99])]
)
def test_it_asks_after_a_ninth_of_the_epochs_and_then_thrice_as_late(
    epochs: int, rungs: list[int], tmp_path: Path
) -> None:
    study = Study(tmp_path / "journal", {}, prune="successive-halving", epochs=epochs)
    study.ask({RATE: 1})
    asked = []
    for epoch in range(1, epochs + 1):
        before = len(optuna_s(study).system_attrs)
        assert study.goes_on(0, epoch, 0.5)
        if len(optuna_s(study).system_attrs) > before:
            asked.append(epoch)
    assert asked == rungs


def optuna_s(study: Study) -> optuna.trial.FrozenTrial:
    return study._study.get_trials()[0]


def test_a_verdict_stands_though_whoever_heard_it_was_killed(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    assert asks(file, [[0.9] * 9], 9) == [9]
    Study(file, {}).ask({RATE: 1})

    def worker() -> Study:
        return Study(file, {}, prune="successive-halving", epochs=9)

    assert not worker().goes_on(1, 1, 0.5)
    assert not worker().goes_on(1, 1, 0.5), "it is trained again from its beginning, and comes to the same"
    assert not worker().goes_on(1, 3, 0.5)
    Study(file, {}).ask({RATE: 2})
    worker().tell(2, "done", 0.9)  # it was trained elsewhere
    assert worker().goes_on(2, 1, 0.1), "now its model is gone: it is trained again to its end"
    worker().tell(2, "failed", why="now it does not")
    assert [how for _, how, _ in worker().asked()] == ["done", None, "done"]


def test_without_pruning_every_trial_goes_on(tmp_path: Path) -> None:
    study = Study(tmp_path / "journal", {}, epochs=9)
    for number in range(4):
        study.ask({RATE: number})
        assert all(study.goes_on(number, epoch, 0.5 - number / 10) for epoch in range(1, 9))

"""runs.sweeps.sweeping: which trial comes next, what is told to the search, and how a sweep goes on after a kill."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from evergreen.errors import BadRecipe
from evergreen.recipe import Recipe
from evergreen.sweeping.checking import check
from evergreen.sweeping.reading import load_sweep
from evergreen.sweeping.search import Study
from evergreen.sweeping.space import Space
from evergreen.sweeping.states import FAILED, PRUNED, REUSED, TRAINED, WAITING
from runs.sweeps import sweeping as module
from runs.sweeps.sweeping import Sweeping
from runs.sweeps.trials import Fitted, Trial
from runs.sweeps.work import Pruning

DROPOUT = "train.head.dropout"


def space(values: str = "[0,0.1,0.2,0.3]", *overrides: str, **options: object) -> Space:
    return check(load_sweep("digits", [f"{DROPOUT}={values}"], overrides, options=options))


class Killed(BaseException):
    pass


class Trainings:
    """Stands in for whoever trains: what was trained once is reused, and a trial takes so many looks.

    Attributes:
        asked: numbers of trials in the order in which they were begun.
        recipes: of each.
        at_once: the most that ran at a time.
        ends: number -> how such a trial ends, if not well.
        killed_at: number of the trial in which the process is killed.
    """

    def __init__(self, looks: int = 1) -> None:
        self.looks = looks
        self.asked: list[int] = []
        self.recipes: dict[int, Sequence[Recipe]] = {}
        self.known: dict[str, list[Fitted]] = {}
        self.ends: dict[int, Fitted] = {}
        self.killed_at: int | None = None
        self.running = self.at_once = 0
        self.history: tuple[Mapping[str, Any], ...] = ()

    def begin(self, trial: Trial, recipes: Sequence[Recipe], pruning: Pruning | None) -> "Running":
        self.asked.append(trial.number)
        self.recipes[trial.number] = recipes
        if trial.number == self.killed_at:
            raise Killed
        self.running += 1
        self.at_once = max(self.at_once, self.running)
        assert (pruning is not None) is bool(self.history)
        return Running(self, trial, self.looks)

    def end(self, trial: Trial) -> None:
        self.running -= 1
        name = str(trial.values)
        accuracy = 1 - abs(trial.values[DROPOUT] - 0.2)
        metrics = {"loss": 0.5, "accuracy": 0.9, "val_loss": 1 - accuracy, "val_accuracy": accuracy}
        if trial.number in self.ends:
            trial.fitted.append(self.ends[trial.number])
        elif name in self.known:
            trial.fitted += [Fitted(0, REUSED, "m", "k", metrics=metrics, epoch=1, history=self.history)]
        else:
            self.known[name] = trial.fitted
            trial.fitted.append(Fitted(0, TRAINED, "m", "k", 1.0, metrics=metrics, epoch=1, history=self.history))


class Running:
    def __init__(self, trainings: Trainings, trial: Trial, looks: int) -> None:
        self._trainings, self._trial, self._looks = trainings, trial, looks

    def is_over(self) -> bool:
        self._looks -= 1
        if self._looks > 0:
            return False
        self._trainings.end(self._trial)
        return True


@pytest.fixture
def swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Sweeping]:
    monkeypatch.setattr(module, "_LOOK_EVERY_SECONDS", 0.001)

    def run(asked: Space, trainings: Trainings, folder: str = "folder", also: Sequence[str] = ()) -> Sweeping:
        found = Sweeping(asked, tmp_path / folder, also)
        looks: list[list[str]] = []
        found.run(trainings.begin, lambda: looks.append([trial.state for trial in found.trials]))
        assert looks[-1] == [trial.state for trial in found.trials]
        return found

    return run


def states(found: Sweeping) -> list[str]:
    return [trial.state for trial in found.trials]


def test_a_grid_is_tried_in_its_order_with_what_holds_for_every_trial(swept: Callable[..., Sweeping]) -> None:
    trainings = Trainings()
    found = swept(space(seeds="3,4"), trainings, also=["train.threads=1"])
    assert trainings.asked == [0, 1, 2, 3]
    assert trainings.at_once == 1
    assert [recipe.seed for recipe in trainings.recipes[2]] == [3, 4] == list(found.seeds)
    assert {recipe.train.threads for recipe in trainings.recipes[2]} == {1}
    assert {recipe.train.head.dropout for recipe in trainings.recipes[2]} == {0.2}
    assert states(found) == [TRAINED] * 4
    again = swept(space(seeds="3,4"), trainings)
    assert states(again) == [REUSED] * 4
    assert trainings.asked == [0, 1, 2, 3] * 2, "each is asked: its record answers"


def test_several_run_at_once_but_no_more_than_the_sweep_says(swept: Callable[..., Sweeping]) -> None:
    trainings = Trainings(looks=3)
    found = swept(space("0..0.5", trials=7, parallel=3), trainings)
    assert trainings.at_once == 3
    assert states(found) == [TRAINED] * 7
    assert len({str(trial.values) for trial in found.trials}) == 7


@pytest.mark.parametrize("values", ["[0,0.1,0.2,0.3]", "0..0.5"], ids=["grid", "tpe"])
def test_a_sweep_that_is_killed_goes_on_where_it_was_with_the_very_trials(
    values: str, swept: Callable[..., Sweeping]
) -> None:
    more = {} if values.startswith("[") else {"trials": 13}
    straight = swept(space(values, **more), Trainings(), "straight")
    trainings = Trainings()
    for killed_at in (0, 2, 2, 3):
        trainings.killed_at = killed_at
        with pytest.raises(Killed):
            swept(space(values, **more), trainings)
    trainings.killed_at, trainings.asked = None, []
    found = swept(space(values, **more), trainings)
    assert [trial.values for trial in found.trials] == [trial.values for trial in straight.trials]
    assert states(found)[:3] == [REUSED] * 3, "nothing that was finished is done again"
    assert set(states(found)[3:]) == {TRAINED}


def test_a_search_goes_on_with_more_trials_and_shows_no_more_than_are_asked_for(swept: Callable[..., Sweeping]) -> None:
    trainings = Trainings()
    four = swept(space("0..0.5", trials=4), trainings)
    six = swept(space("0..0.5", trials=6), trainings)
    assert [trial.values for trial in six.trials[:4]] == [trial.values for trial in four.trials]
    assert states(six) == [REUSED] * 4 + [TRAINED] * 2
    two = swept(space("0..0.5", trials=2), trainings)
    assert states(two) == [REUSED] * 2


def test_what_failed_by_the_machine_is_tried_again_and_what_diverged_is_not(swept: Callable[..., Sweeping]) -> None:
    trainings = Trainings()
    trainings.ends = {
        0: Fitted(0, FAILED, why="OSError: no space", again=True),
        1: Fitted(0, FAILED, why="TrainingDiverged: nan"),
        2: Fitted(0, PRUNED, why="at epoch 1 of 9"),
    }
    first = swept(space(), trainings)
    assert states(first) == [FAILED, FAILED, PRUNED, TRAINED]
    trainings.ends, trainings.asked = {}, []
    again = swept(space(), trainings)
    assert trainings.asked == [0, 3]
    assert states(again) == [TRAINED, FAILED, PRUNED, REUSED]
    assert [trial.why for trial in again.trials] == ["", "TrainingDiverged: nan", "at epoch 1 of 9", ""]


def test_a_trial_that_ended_and_whose_model_is_gone_may_end_otherwise(swept: Callable[..., Sweeping]) -> None:
    trainings = Trainings()
    swept(space(), trainings)
    trainings.known.clear()
    trainings.ends = {0: Fitted(0, FAILED, why="TrainingDiverged: nan")}
    assert states(swept(space(), trainings)) == [FAILED, TRAINED, TRAINED, TRAINED]


def test_a_combination_that_is_no_recipe_is_a_row(
    swept: Callable[..., Sweeping], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe_of = module.recipe_of

    def refusing(sweep: Any, values: Mapping[str, Any], *more: Any) -> Recipe:
        if values[DROPOUT] == 0.1:
            raise BadRecipe("such a head cannot be")
        return recipe_of(sweep, values, *more)

    monkeypatch.setattr(module, "recipe_of", refusing)
    trainings = Trainings()
    found = swept(space(), trainings)
    assert trainings.asked == [0, 2, 3]
    assert states(found) == [TRAINED, FAILED, TRAINED, TRAINED]
    assert found.trials[1].why == "such a head cannot be"
    assert found.trials[1].as_json()["seeds"] == []


@pytest.mark.parametrize("values", ["[0,0.1,0.2,0.3]", "0..0.5"], ids=["grid", "tpe"])
def test_after_the_budget_no_trial_begins_and_those_that_run_end(
    values: str, swept: Callable[..., Sweeping], monkeypatch: pytest.MonkeyPatch
) -> None:
    more = {} if values.startswith("[") else {"trials": 4}
    now = [0.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=lambda _: None))
    trainings = Trainings(looks=2)
    begin = trainings.begin

    def slow(*arguments: Any) -> Running:
        now[0] += 40
        return begin(*arguments)

    monkeypatch.setattr(trainings, "begin", slow)
    asked = space(values, parallel=2, budget_minutes=1, **more)
    found = swept(asked, trainings)
    assert found.out_of_budget
    assert trainings.asked == [0, 1]
    assert states(found)[:2] == [TRAINED] * 2
    assert set(states(found)[2:]) <= {WAITING}
    now[0] = 0.0
    rest = swept(asked, trainings)
    assert rest.out_of_budget, "reused ones took as long here"
    now[0] = 0.0
    monkeypatch.setattr(trainings, "begin", begin)
    whole = swept(asked, trainings)
    assert not whole.out_of_budget
    assert states(whole) == [REUSED, REUSED, TRAINED, TRAINED]


def test_trials_that_were_trained_elsewhere_are_among_those_that_others_are_compared_with(
    swept: Callable[..., Sweeping],
) -> None:
    asked = space("[0,0.1,0.2,0.3]", "train.phases=[{epochs: 3}, {epochs: 6}]", prune="successive-halving")
    trainings = Trainings()
    trainings.history = tuple({"phase": phase, "epoch": epoch, "val_accuracy": 0.9} for phase, epoch in
                              ((1, 1), (1, 2), (2, 1), (2, 2)))  # fmt: skip
    for dropout in (0, 0.1, 0.2):
        trainings.known[str({DROPOUT: dropout})] = []
    found = swept(asked, trainings)
    assert states(found) == [REUSED] * 3 + [TRAINED]
    Study(found.journal, {}).ask({DROPOUT: 0.5})
    worker = Pruning(found.journal, 4, 9).study()
    assert not worker.goes_on(4, 1, 0.5), "three were better after an epoch"
    reported = worker._study.get_trials()
    assert set(reported[0].intermediate_values) == {1, 2, 4, 5}, "of the first phase 2 epochs, which was to have 3"
    assert reported[3].intermediate_values == {}, "its process told"

"""tasks.model.trial: what a trial's task run is called and how it ends, whatever becomes of its trainings."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterName
from prefect.client.schemas.sorting import TaskRunSort
from trainings import inputs_of_train, keep_a_state, make_trained

from evergreen.errors import BadInput
from evergreen.recipe import load_recipe
from runs.away.workers import ProcessLost
from runs.kept.checkpoints import folder_of
from runs.run import Run
from runs.sweeps.trials import Fitted
from runs.sweeps.work import Job, Outcome, Pruning
from storage.errors import StoreUnwritable
from storage.steps.records import Records
from storage.store import Store
from tasks.model import trial as module
from tasks.model.trial import Seeded, _trial, trial_called


class Hands:
    """Does a training at once, without a process: seed -> the accuracies of its epochs, or how else it ends."""

    where, ours = "here", True

    def __init__(self, store: Store, ends: dict[int, list[float] | Outcome | Exception]) -> None:
        self._store, self.ends = store, ends
        self.jobs: list[Job] = []

    def do(self, away: Any, hear: Any = None) -> Any:
        task = away.task
        assert hear == task.hear
        self.jobs.append(task)
        end = self.ends[task.recipe.seed]
        if isinstance(end, Exception):
            raise end
        if isinstance(end, Outcome):
            return end
        keep_a_state(folder_of(self._store, task.parts))
        model = make_trained(self._store, task.parts, end)
        Records(self._store).path(task.parts.key).unlink()  # a worker leaves none
        return Outcome("done", model, seconds=1.0)

    def close(self) -> None: ...


@pytest.fixture
def asked(store: Store, tmp_path: Path) -> Callable[..., list[Seeded]]:
    def trainings(*seeds: int) -> list[Seeded]:
        inputs = inputs_of_train(store)
        recipe = load_recipe("digits", ["train.head.dropout=0.1"])
        return [
            Seeded(
                recipe.model_copy(update={"seed": seed}), **inputs, told=tmp_path / f"{seed}", stop=tmp_path / "stop"
            )
            for seed in seeds
        ]

    return trainings


def test_each_seed_is_trained_under_its_key_and_reused_the_next_time(
    store: Store, asked: Callable[..., list[Seeded]], tmp_path: Path
) -> None:
    run = Run.new(store, load_recipe("digits"))
    hands, found = Hands(store, {1: [0.5, 0.75], 2: [0.25]}), list[Fitted]()
    pruning = Pruning(tmp_path / "journal", 0, 9)
    state = _trial(run, asked(1, 2), hands, pruning, found)
    assert (state.name, state.message) == ("Completed", "validation accuracy 50.0%")
    assert [job.pruning for job in hands.jobs] == [pruning, None], "a second seed is of one that was worth its first"
    assert [(job.recipe.seed, job.run, job.store) for job in hands.jobs] == [
        (1, run.id, store.root),
        (2, run.id, store.root),
    ]
    assert [(one.seed, one.state, one.metrics["val_accuracy"]) for one in found] == [
        (1, "trained", 0.75),
        (2, "trained", 0.25),
    ]
    assert [one.key for one in found] == [job.parts.key for job in hands.jobs]
    records = [Records(store).read(job.parts.key) for job in hands.jobs]
    assert [record.run for record in records if record] == [run.id] * 2
    assert not list((store.root / "checkpoints").iterdir()), "they go once the record is written"
    found.clear()
    again = _trial(Run.new(store, run.recipe), asked(1, 2), hands, None, found)
    assert (again.name, again.message) == ("Cached", "trained before, under the same key")
    assert (len(hands.jobs), [one.state for one in found]) == (2, ["reused"] * 2)
    hands.ends[3] = [0.5]
    third = _trial(run, asked(1, 3), hands, None, found)
    assert third.name == "Completed", "one of its seeds was trained"


@pytest.mark.parametrize(
    ("end", "state", "why", "again"),
    [
        (Outcome("pruned", why="at epoch 3 of 9", seconds=2.0), "Pruned", "at epoch 3 of 9", False),
        (Outcome("failed", why="TrainingDiverged: nan"), "Failed", "TrainingDiverged: nan", False),
        (Outcome("failed", why="OSError: full", again=True), "Failed", "OSError: full", True),
        (ProcessLost("its process ended twice: SIGKILL"), "Failed", "its process ended twice: SIGKILL", True),
        (StoreUnwritable("the disk is full"), "Failed", "StoreUnwritable: the disk is full", True),
        (BadInput("no such model teaches"), "Failed", "BadInput: no such model teaches", True),
    ],
)
def test_whatever_ends_a_training_is_a_row_and_the_next_seed_is_not_tried(
    end: Any, state: str, why: str, again: bool, store: Store, asked: Callable[..., list[Seeded]]
) -> None:
    hands, found = Hands(store, {1: end, 2: [0.5]}), list[Fitted]()
    ended = _trial(Run.new(store, load_recipe("digits")), asked(1, 2), hands, None, found)
    assert (ended.name, ended.message) == (state, why)
    (one,) = found
    assert (one.state, one.why, one.again, one.model) == ("pruned" if state == "Pruned" else "failed", why, again, None)
    assert one.key == hands.jobs[0].parts.key
    assert Records(store).read(one.key) is None


def test_a_full_disk_before_or_after_a_training_is_a_row_too(
    store: Store, asked: Callable[..., list[Seeded]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "made", full)
    found: list[Fitted] = []
    ended = _trial(Run.new(store, load_recipe("digits")), asked(1), Hands(store, {}), None, found)
    assert ended.name == "Failed"
    assert (found[0].why, found[0].again, found[0].key) == ("OSError: [Errno 28] No space left on device", True, None)


def test_a_fault_of_ours_is_not_taken_for_a_trial_s(store: Store, asked: Callable[..., list[Seeded]]) -> None:
    found: list[Fitted] = []
    with pytest.raises(ZeroDivisionError):
        _trial(Run.new(store, load_recipe("digits")), asked(1), Hands(store, {1: ZeroDivisionError()}), None, found)
    assert found == []


def test_prefect_shows_what_became_of_each(
    store: Store, asked: Callable[..., list[Seeded]], prefect_server: str
) -> None:
    ends = {1: [0.5], 2: Outcome("pruned", why="at epoch 1"), 3: Outcome("failed", why="TrainingDiverged: nan")}
    run, hands = Run.new(store, load_recipe("digits")), Hands(store, ends)
    found: dict[int, list[Fitted]] = {}

    @flow
    def sweeps() -> None:
        for seed in (1, 2, 3, 1):
            found[seed] = []
            begun = trial_called(f"trial {seed} (dense [{{units: {seed}}}, {{hands}}])").submit(
                run, asked(seed), hands, None, found[seed]
            )
            begun.wait()

    sweeps()
    assert [found[seed][0].state for seed in (1, 2, 3)] == ["reused", "pruned", "failed"], "the very lists were filled"
    shown: list[tuple[str, str | None]] = []
    deadline = time.monotonic() + 60
    with get_client(sync_client=True) as client:
        while len(shown) < 4 and time.monotonic() < deadline:  # the server hears of them by and by
            runs = client.read_task_runs(
                task_run_filter=TaskRunFilter(name=TaskRunFilterName(like_="{hands}")), sort=TaskRunSort.ID_DESC
            )
            shown = sorted((one.name, one.state_name) for one in runs if one.state and one.state.is_final())
            time.sleep(0.1)
    assert shown == [
        ("trial 1 (dense [{units: 1}, {hands}])", "Cached"),
        ("trial 1 (dense [{units: 1}, {hands}])", "Completed"),
        ("trial 2 (dense [{units: 2}, {hands}])", "Pruned"),
        ("trial 3 (dense [{units: 3}, {hands}])", "Failed"),
    ]

"""runs.sweeps.trials: what is known of a trial, from its model's own history or from what its process wrote down."""

import json
from pathlib import Path

import made_sweeps
import pytest
from trainings import make_trained, parts_of_train

from evergreen.sweeping.found import optimistic_by
from evergreen.sweeping.states import FAILED, PRUNED, REUSED, RUNNING, TRAINED, WAITING
from runs.sweeps.trials import Fitted, Trial, fitted_of, unfinished
from runs.sweeps.work import Outcome
from storage.steps.records import Record, Records
from storage.store import Store


def record_of(store: Store, seconds: float = 12.5) -> Record:
    parts = parts_of_train(store)
    make_trained(store, parts, [0.5, 0.75, 0.7], seconds=seconds)
    record = Records(store).read(parts.key)
    assert record is not None
    return record


def told(folder: Path, epochs: int) -> Path:
    rows = made_sweeps.trial(0, {}, 0.6, epochs=epochs)["history"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "0.jsonl").write_text("".join(json.dumps(row | {"who": ""}) + "\n" for row in rows))
    return folder / "0.jsonl"


def test_a_model_s_own_history_says_what_its_training_came_to(store: Store) -> None:
    record = record_of(store)
    fitted = fitted_of(store, 7, record, known=False)
    assert (fitted.state, fitted.seed, fitted.seconds, fitted.epoch) == (TRAINED, 7, 12.5, 2)
    assert fitted.metrics == {"loss": 0.5, "accuracy": 0.9, "val_loss": 0.25, "val_accuracy": 0.75}
    assert [row["val_accuracy"] for row in fitted.history] == [0.5, 0.75, 0.7]
    assert fitted.as_json() == {
        "seed": 7, "state": "trained", "val_accuracy": 0.75, "model": record.output.sha256, "key": record.key,
    }  # fmt: skip
    known = fitted_of(store, 7, record, known=True)
    assert (known.state, known.seconds, known.metrics) == (REUSED, 0.0, fitted.metrics), "it took no time now"


def test_what_was_pruned_or_failed_has_the_epochs_that_it_came_to_and_no_model(tmp_path: Path) -> None:
    file = told(tmp_path, 3)
    one = unfinished(7, Outcome("pruned", why="at epoch 3 of 9", seconds=1.5), file, "ab" * 32)
    assert (one.state, one.why, one.seconds, len(one.history), one.again) == (PRUNED, "at epoch 3 of 9", 1.5, 3, False)
    assert one.as_json() == {"seed": 7, "state": "pruned", "val_accuracy": None, "model": None, "key": "ab" * 32}
    assert unfinished(7, Outcome("failed", why="disk", again=True), tmp_path / "none").again


def test_a_trial_is_the_mean_of_its_seeds_and_as_good_as_the_worst_end(store: Store, tmp_path: Path) -> None:
    good = fitted_of(store, 1, record_of(store), known=True)
    better = Fitted(2, TRAINED, "m", "k", 4.0, metrics=good.metrics | {"val_accuracy": 0.85}, epoch=9)
    trial = Trial(3, {"train.head.dropout": 0.1}, WAITING, tmp_path / "0.jsonl", 12, began_at=1.23456)
    waits = trial.as_json()
    assert (waits["state"], waits["val_accuracy"], waits["epochs"], waits["history"]) == (WAITING, None, 0, [])
    trial.state = RUNNING
    told(tmp_path, 4)
    assert trial.as_json()["epochs"] == 4, "as far as its process wrote down"
    trial.fitted = [good, better]
    trial.settle()
    assert trial.state == TRAINED
    values = trial.as_json()
    assert values["val_accuracy"] == trial.mean("val_accuracy") == pytest.approx(0.8)
    assert (values["epoch"], values["epochs"], values["seconds"], values["began_at"]) == (2, 3, 4.0, 1.235)
    assert [one["seed"] for one in values["seeds"]] == [1, 2]
    assert set(values) - {"again"} == set(made_sweeps.trial(0, {}, 0.5)), "as the page takes it"
    trial.fitted = [good, good]
    trial.settle()
    assert trial.state == REUSED
    for how, again in (("pruned", False), ("failed", True)):
        ended = unfinished(2, Outcome(how, why="because", again=again), tmp_path / "none")
        trial.fitted = [ended] if how == "pruned" else [good, ended]  # a second seed is not pruned
        trial.settle()
        assert (trial.state, trial.why, trial.mean("loss")) == (how, "because", None), "not that of one seed alone"
        values = trial.as_json()
        assert (values["val_accuracy"], values["loss"], values["again"]) == (None, None, again)
    assert trial.state == FAILED
    lags = unfinished(1, Outcome("pruned", why="at epoch 4"), tmp_path / "0.jsonl")
    for fitted in ([lags], []):  # pruned now, or by an earlier sweep whose process wrote its epochs down
        trial.fitted, trial.state = fitted, PRUNED
        values = trial.as_json()
        assert (values["epochs"], values["epoch"], values["val_accuracy"]) == (4, None, 0.6), (
            "it counts: it might have won"
        )
        assert optimistic_by([values, values], 100) is not None

"""runs.sweeps.work: what a process does of a trial, how it ends, and that it sees no test image."""

import json
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_training import CLASSES, SETTINGS, Trained
from trainings import inputs_of_train, keep_a_state

from evergreen.errors import BadDataset, BadInput, PreflightFailed, TrainingDiverged, WeightsUnavailable
from evergreen.images.processors import of_this_step
from evergreen.recipe import Recipe, load_recipe
from evergreen.steps import BY_NAME
from evergreen.sweeping.search import Study
from evergreen.tables import to_csv
from evergreen.vision.train import Callbacks
from evergreen.vision.training.fit import EpochReport
from runs import training
from runs.kept.checkpoints import folder_of
from runs.keys import key_parts
from runs.run import Run
from runs.sweeps.work import Job, Judging, Outcome, Pruning, epochs_before, epochs_told
from runs.tables import read_rows
from storage.artifacts import Ref
from storage.errors import ArtifactMissing, StoreUnwritable
from storage.steps.keys import KeyParts
from storage.store import Store

PHASES = "train.phases=[{epochs: 2}, {epochs: 3}]"
Course = Iterator[EpochReport]


def report(phase: int, epoch: int, accuracy: float = 0.5, who: str = "") -> EpochReport:
    metrics = {"loss": 1.23456789, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": accuracy, "learning_rate": 0.1}
    return EpochReport(phase, 2, epoch, 3, metrics, 0.0, who)


@pytest.fixture
def job(store: Store, tmp_path: Path) -> Job:
    recipe = load_recipe("digits", [PHASES, "train.threads=3"])
    inputs = inputs_of_train(store)
    parts = key_parts(BY_NAME["train"], recipe, store, inputs)
    folder = tmp_path / "sweep"
    return Job(store.root, recipe, "run", parts, **inputs, told=folder / "trials" / "0.jsonl", stop=folder / "stop")


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have a training be some epochs, or what it raises; no TensorFlow."""

    def put(*course: EpochReport | Exception, seen: Callable[[Run, KeyParts], None] = lambda run, parts: None) -> None:
        def trained(
            run: Run, parts: KeyParts, dataset: Ref, weights: Ref, callbacks: Callbacks, *, forgets: bool
        ) -> Ref:
            assert not forgets, "else a kill before the record is written would cost the whole training"
            seen(run, parts)
            for one in course:
                if isinstance(one, Exception):
                    raise one
                callbacks.on_epoch(one)
            return run.store.publish("model", {"model.keras": b"m"})

        monkeypatch.setattr(training, "trained", trained)

    return put


def test_each_epoch_is_written_down_as_it_ends_and_a_model_comes_of_it(job: Job, fits: Callable[..., None]) -> None:
    def seen(run: Run, parts: KeyParts) -> None:
        assert of_this_step.get() == 3, "as the key says"
        assert (run.id, run.name, parts) == ("run", "digits", job.parts)
        with pytest.raises(AttributeError, match="gate"):
            run.recipe.gate  # noqa: B018 - the step train does not read it

    fits(report(1, 1, who="teacher"), report(1, 1), report(1, 2), report(2, 1), seen=seen)
    done = pickle.loads(pickle.dumps(job)).do()  # noqa: S301 - as a process is sent it
    assert isinstance(done, Outcome)
    assert (done.how, done.why, done.again) == ("done", "", False)
    assert done.model is not None
    assert done.model.kind == "model"
    assert of_this_step.get() is None
    told = epochs_told(job.told)
    assert [(row["phase"], row["epoch"]) for row in told] == [(1, 1), (1, 2), (2, 1)], "a teacher's are none of its"
    assert told[0] == {
        "phase": 1, "epoch": 1, "loss": 1.234568, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5,
    }  # fmt: skip


def test_what_a_kill_left_of_the_epochs_is_passed_over(job: Job, tmp_path: Path) -> None:
    assert epochs_told(tmp_path / "none") == []
    rows = [{"phase": 1, "epoch": epoch, "who": "", "loss": loss} for epoch, loss in ((1, 3.0), (2, 2.0), (2, 1.0))]
    lines = [json.dumps(row) for row in rows]
    job.told.parent.mkdir(parents=True)
    job.told.write_text(f"{lines[0]}\n{lines[1]}\n{lines[0][:20]}{lines[0]}\n{lines[2]}\n{lines[1][:9]}")
    assert epochs_told(job.told) == [{"phase": 1, "epoch": 1, "loss": 3.0}, {"phase": 1, "epoch": 2, "loss": 1.0}]


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (TrainingDiverged("the loss became nan"), False),
        (PreflightFailed("nothing learns"), False),
        (BadInput("no such layer"), False),
        (BadDataset("a class is missing"), False),
        (OSError(28, "No space left on device"), True),
        (StoreUnwritable("the disk is full"), True),
        (MemoryError(), True),
        (WeightsUnavailable("no network"), True),
        (ConnectionError("cut"), True),
        (RuntimeError("OOM when allocating tensor"), True),
        (AttributeError("a mistake of ours, which an update mends"), True),
    ],
)
def test_a_training_that_crashes_says_why_and_whether_it_may_end_better(
    error: Exception, again: bool, job: Job, fits: Callable[..., None]
) -> None:
    checkpoints = folder_of(Store(job.store), job.parts)
    keep_a_state(checkpoints)
    fits(report(1, 1), error)
    done = job.do()
    words = str(error) or "no more is known"
    assert (done.how, done.model, done.why, done.again) == ("failed", None, f"{type(error).__name__}: {words}", again)
    assert len(epochs_told(job.told)) == 1
    assert of_this_step.get() is None
    assert checkpoints.exists() is not isinstance(error, TrainingDiverged), "nobody goes on from one that diverged"


def test_what_stops_a_process_is_no_failure_of_a_trial(job: Job, fits: Callable[..., None]) -> None:
    fits(report(1, 1), report(1, 2))
    job.stop.parent.mkdir(parents=True)
    job.stop.touch()
    done = job.do()
    assert (done.how, done.again, done.why) == ("failed", True, "ToldToStop: the sweep was stopped")
    assert len(epochs_told(job.told)) == 1


def test_epochs_count_over_all_phases_and_whoever_lags_is_pruned(
    job: Job, fits: Callable[..., None], store: Store, tmp_path: Path
) -> None:
    assert epochs_before(job.recipe) == [0, 2, 5]
    journal = tmp_path / "journal"
    checkpoints = folder_of(store, job.parts)
    keep_a_state(checkpoints)
    good, bad = [0.9, 0.8, 0.7, 0.6, 0.5], [0.9, 0.8, 0.1, 0.0, 0.0]
    where = [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]

    def tried(number: int, course: list[float]) -> Outcome:
        Study(journal, {}).ask({"train.head.dropout": number})
        teachers = [report(1, epoch, 0.0, "teacher") for epoch in range(1, 1 + 2 * number)]
        fits(*teachers, *(report(*at, one) for at, one in zip(where, course, strict=True)))
        return replace(job, told=tmp_path / f"{number}.jsonl", pruning=Pruning(journal, number, 5)).do()

    assert tried(0, good).how == "done"
    assert list(checkpoints.iterdir()), "whoever writes the record removes them"
    pruned = tried(1, bad)
    assert (pruned.how, pruned.again) == ("pruned", False)
    assert pruned.why == "at epoch 3 of 5: validation accuracy 10.0%"
    assert len(epochs_told(tmp_path / "1.jsonl")) == 3
    assert not checkpoints.exists(), "nobody goes on from there"


def test_other_code_or_libraries_than_the_key_names_train_nothing(
    job: Job, fits: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fits(report(1, 1))
    library, module = "keras", "evergreen.vision.training.fit"
    there = replace(
        job.parts,
        code=job.parts.code | {module: "0" * 64},
        libraries=job.parts.libraries | {library: "0.1", "threads": "64"},
    )
    done = replace(job, parts=there).do()
    assert (done.how, done.model, done.again) == ("failed", None, True)
    assert f"others there: {module}, {library}; give every worker the same version" in done.why
    monkeypatch.setattr("runs.away.same.code_digests", lambda step: {})  # its files are changed by now
    assert replace(job, parts=there).do().how == "failed", "what it imported stays as it was"
    assert replace(job, parts=replace(job.parts, libraries=job.parts.libraries | {"threads": "3"})).do().how == "done"


@pytest.fixture
def little(store: Store, tmp_path: Path, png: Callable[..., bytes]) -> tuple[Recipe, dict[str, Ref], Trained]:
    """Publish what split and balance would of the tiny training, whose test images are nowhere."""
    made = Trained.__new__(Trained)
    made.train = lambda recipe, file: None  # type: ignore[method-assign,assignment,return-value]
    Trained.__init__(made, tmp_path, png)
    sealed = set(made.table.loc[made.table["split"] == "test", "sha256"])
    for digest, data in made.blobs.items():
        if digest not in sealed:
            store.put_blob(data)
    recipe = load_recipe("digits", [*SETTINGS, "train.precision=float32", "train.phases=[{epochs: 1, batch: 8}]"])
    facts: dict[str, Any] = {"classes": CLASSES}
    inputs = {
        "dataset": store.publish("dataset", {"dataset.csv": to_csv(made.table)}, facts),
        "weights": store.publish("weights", {"class-weights.json": b"{}", "repeats.json": b"{}"}),
    }
    return recipe, inputs, made


def test_neither_a_training_nor_its_judging_reads_a_test_image(
    store: Store, little: tuple[Recipe, dict[str, Ref], Trained], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, inputs, made = little
    read: list[str] = []
    read_blob = Store.read_blob

    def recorded(self: Store, sha256: str) -> bytes:
        read.append(sha256)
        return read_blob(self, sha256)

    monkeypatch.setattr(Store, "read_blob", recorded)
    parts = key_parts(BY_NAME["train"], recipe, store, inputs)
    done = Job(store.root, recipe, "run", parts, **inputs, told=tmp_path / "told", stop=tmp_path / "stop").do()
    assert done.why == ""
    assert done.model is not None
    images = made.table.set_index("sha256")["split"]
    assert set(images[[digest for digest in read if digest in images]]) == {"train", "validation"}
    read.clear()

    monkeypatch.setattr("runs.sweeps.work.images_of", lambda run, values: type(made.images)(run.store.read_blob))
    right = Judging(store.root, recipe, done.model, inputs["dataset"]).do()
    assert {images[digest] for digest in read if digest in images} == {"validation"}
    (kept,) = [row for row in read_rows(store, done.model, "history.csv") if row["kept"] == "True"]
    assert np.mean(right) == pytest.approx(float(kept["val_accuracy"]))
    assert len(right) == 12
    with pytest.raises(ArtifactMissing):
        store.read_blob(images.index[images == "test"][0])
    assert epochs_told(tmp_path / "told")[0]["val_accuracy"] == pytest.approx(float(kept["val_accuracy"]), abs=1e-6)

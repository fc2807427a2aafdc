"""evergreen.vision.teaching.teachers: whom a student learns from, what they learned from, and that they wait for it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tiny_teachers import by_model, images, student, teacher_file
from tiny_training import CLASSES, Trained

from evergreen.errors import BadDataset, BadRecipe, TrainingDiverged
from evergreen.images import pixels
from evergreen.recipe import Recipe
from evergreen.vision import train as module
from evergreen.vision.networks import runtime, saving
from evergreen.vision.networks.build import build
from evergreen.vision.teaching import answers, teachers
from evergreen.vision.teaching.teachers import Given
from evergreen.vision.train import Callbacks, ClassBalance, Labelled, ModelFiles, Training, train
from evergreen.vision.training.course import Course
from evergreen.vision.training.fit import EpochReport


def _fit(labelled: Labelled, recipe: Recipe, file: Path, given: Any = (), **callbacks: Any) -> Training:
    files = ModelFiles(file, checkpoints=file.with_suffix(""))
    return train(labelled, ClassBalance(), recipe, files, Callbacks(**callbacks), given)


class _Killed(BaseException):
    pass


def _killed_after(epochs: int, who: str, reports: list[EpochReport]) -> Any:
    def heard(report: EpochReport) -> None:
        reports.append(report)
        if report.who == who and report.epoch == epochs:
            raise _Killed

    return heard


@pytest.mark.soak
def test_a_student_and_its_teacher_go_on_to_the_same_bytes_wherever_they_are_killed(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled = images(trained, tmp_path / "features")
    phases = "[{epochs: 2, batch: 8, ema_momentum: 0.5}, {epochs: 1, batch: 16, optimizer: sgd}]"
    recipe = student(
        [teacher_file(tmp_path)], "augment.mixup=0.4", "train.focal=1", "train.label_smoothing=0.1", phases=phases
    )
    said: list[str] = []
    whole = _fit(labelled, recipe, tmp_path / "whole.keras", say=said.append)
    assert any("phase 1: with a teacher, who answers once for each, its epochs see 2 views" in text for text in said)
    reports: list[EpochReport] = []
    ended: list[dict[str, Any]] = []
    again = images(trained, tmp_path / "others")  # nothing that was answered is kept there
    for who in ("teacher big", ""):
        heard = _killed_after(1, who, reports)
        with pytest.raises(_Killed):
            _fit(again, recipe, tmp_path / "cut.keras", on_epoch=heard, stopped=ended.append)

    def out_of_time(course: Course) -> bool:  # asked after every batch
        batches.append(1)
        if len(batches) == 3:
            raise _Killed
        return False

    batches: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr(Course, "out_of_time", property(out_of_time))
        with pytest.raises(_Killed):
            _fit(again, recipe, tmp_path / "cut.keras", on_epoch=reports.append, stopped=ended.append)
    said.clear()
    cut = _fit(again, recipe, tmp_path / "cut.keras", on_epoch=reports.append, say=said.append)
    assert [(report.who, report.phase, report.epoch) for report in reports] == [
        ("teacher big", 1, 1), ("teacher big", 1, 2), ("", 1, 1), ("", 1, 2), ("", 2, 1)
    ]  # fmt: skip
    assert ended[0]["teacher"]["name"] == "big"
    assert ended[-1]["phases"][0]["midway"]
    assert "teacher big: trained already" in said
    pd.testing.assert_frame_equal(whole.history, cut.history)
    assert (tmp_path / "whole.keras").read_bytes() == (tmp_path / "cut.keras").read_bytes()
    assert whole.taught and cut.taught
    digests = [one.taught["teachers"][0]["digest"] for one in (whole, cut)]
    assert digests[0] == digests[1]
    assert whole.seconds > whole.taught["teachers"][0]["seconds"] > 0


def _stand_in(labelled: Labelled, answer: int, folder: Path) -> Any:
    """Return a training of a teacher that has no need to learn: it knows one answer to everything."""

    def trains(carved: Labelled, weights: Any, often: Any, recipe: Recipe, file: Path, *_: Any) -> Training:
        runtime.start()
        model = build(recipe.train, recipe.image, len(CLASSES))
        model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
        model.layers[-1].bias.assign(6 * np.eye(len(CLASSES))[answer])
        saving.save(model, file)
        given.append((recipe, carved.dataset, weights, often))
        history = pd.DataFrame({"val_accuracy": [0.5], "kept": [True]})
        return Training(history, {"why": "epochs", "phases": []}, 7.0, 2.0)

    given: list[Any] = []
    return trains, given


def test_who_learns_from_its_teacher_alone_says_what_it_says_and_asks_once_a_view(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    resized = answers.fitted
    monkeypatch.setattr(answers, "fitted", lambda block, *size: (asked.append(len(block)), resized(block, *size))[1])
    trains, _ = _stand_in(images(trained), 2, tmp_path)
    monkeypatch.setattr(module, "_teacher", trains)
    monkeypatch.setattr(module.preflight, "check", lambda *_: None)
    phases = "[{epochs: 3, batch: 16, learning_rate: 0.1}]"
    recipe = student([teacher_file(tmp_path)], phases=phases, weight=1)
    labelled = images(trained)
    done = _fit(labelled, recipe, tmp_path / "m.keras")
    assert sum(asked) == 2 * (labelled.dataset["split"] == "train").sum()  # two views, three epochs
    assert done.history["accuracy"].iloc[-1] == pytest.approx(1 / 3)  # of the labels: a third of them is red
    runtime.start()
    scores = pixels.scores(
        saving.load_to_run(tmp_path / "m.keras", CLASSES), labelled.images.rows(labelled.dataset, recipe.image)
    )
    assert set(scores.argmax(axis=1)) == {2}  # whatever the labels say
    assert (done.seconds > 7, done.once) == (True, 2.0)


def test_a_teacher_learns_from_its_students_training_images_alone(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trains, given = _stand_in(images(trained), 0, tmp_path)
    monkeypatch.setattr(module, "_teacher", trains)
    monkeypatch.setattr(module, "_fitted", lambda *_: None)
    monkeypatch.setattr(module.preflight, "check", lambda *_: None)
    paths = [teacher_file(tmp_path, "one", balance={"weights": "balanced"}), teacher_file(tmp_path, "two")]
    labelled = images(trained)
    recipe = student(paths, "seed=5", "train.threads=auto")
    _fit(labelled, recipe, tmp_path / "m.keras")
    training = labelled.dataset[labelled.dataset["split"] == "train"]
    assert [one[0].name for one in given] == ["one", "two"]
    for own, dataset, *_ in given:
        assert set(dataset["path"]) == set(training["path"])
        assert set(dataset["split"]) == {"train", "validation"}
        assert set(dataset.loc[dataset["split"] == "train", "label"]) == set(CLASSES)
        assert (own.seed, own.image.height) == (5, 12)
    counts = given[0][1].query("split == 'train'")["label"].value_counts()
    assert given[0][2]["red"] == pytest.approx(counts.sum() / (3 * counts["red"]))
    assert set(given[1][2].values()) == {1.0}


def _given(trained: Trained, tmp_path: Path, **changed: Any) -> Given:
    """A teacher of the store that learned from nothing that the tiny training has."""
    learned = pd.DataFrame({"sha256": ["a" * 64], "pixels": ["b" * 64], "phash": [""]})
    facts = {"name": "4fd2", "file": trained.model, "classes": CLASSES, "learned": learned, "images": (40, 4)}
    return Given(**{**facts, **changed})


@pytest.mark.parametrize("near", [False, True])
def test_a_teacher_that_knows_what_its_student_is_judged_by_is_refused(
    trained: Trained, tmp_path: Path, near: bool
) -> None:
    labelled = images(trained)
    held = labelled.dataset["split"] == "test"
    if near:
        labelled.dataset.loc[held, "phash"] = "00000000000000ff"
        learned = pd.DataFrame({"sha256": ["a"], "pixels": ["b"], "phash": ["00000000000001ff"]})
    else:
        learned = labelled.dataset.loc[held, ["sha256", "pixels", "phash"]].head(2)
    recipe = by_model()
    count = "0 of 30, and near-duplicates of 18 more: br" if near else "2 of 30, and near-duplicates of 0 more: da"
    with pytest.raises(BadDataset, match=count):
        teachers.check(labelled, recipe, [_given(trained, tmp_path, learned=learned)])
    teachers.check(labelled, recipe, [_given(trained, tmp_path)])
    alone = learned.assign(sha256="a", pixels="b", phash="")
    teachers.check(labelled, recipe, [_given(trained, tmp_path, learned=alone)])


def test_a_teacher_of_the_store_answers_in_its_students_order(trained: Trained, tmp_path: Path) -> None:
    turned = [CLASSES[index] for index in (2, 0, 1)]
    found = teachers._given(_given(trained, tmp_path, classes=turned))
    opened = teachers.opened([found], CLASSES, by_model().train, None, lambda _: None)
    assert opened
    assert [turned[index] for index in opened.all[0].order] == CLASSES
    assert opened.all[0].is_kept
    with pytest.raises(BadRecipe, match="4fd2 lacks dark and has pink too"):
        teachers.check(images(trained), by_model(), [_given(trained, tmp_path, classes=["pink", "bright", "red"])])


def test_what_is_wrong_with_a_teacher_is_said_of_it(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverges(*_: Any) -> Training:
        raise TrainingDiverged("the loss became nan")

    monkeypatch.setattr(module, "_teacher", diverges)
    monkeypatch.setattr(module.preflight, "check", lambda *_: None)
    with pytest.raises(TrainingDiverged, match="teacher big: the loss became nan"):
        _fit(images(trained), student([teacher_file(tmp_path)]), tmp_path / "m.keras")
    with pytest.raises(BadDataset, match=r"the dataset lacks \['phash', 'pixels'\]"):
        _fit(Labelled(trained.table, trained.images, CLASSES), student([teacher_file(tmp_path)]), tmp_path / "m.keras")
    pink = teacher_file(tmp_path, "pink", repair={"classes": ["pink", "red"]})
    with pytest.raises(BadRecipe, match="pink lacks bright, dark and has pink too"):
        _fit(images(trained), student([pink]), tmp_path / "m.keras")

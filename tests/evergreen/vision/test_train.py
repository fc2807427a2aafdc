"""evergreen.vision: a tiny real training, its file, and its evaluation."""

import random
import re
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tiny_training import CLASSES, RECIPE, Trained

from evergreen.errors import ExportRefused, TrainingDiverged
from evergreen.images import pixels
from evergreen.images.formats import FORMATS
from evergreen.judging.calibration import calibrate, fit_temperature
from evergreen.judging.ended import words
from evergreen.judging.shortcuts import SHORTCUTS
from evergreen.recipe import Recipe, load_recipe
from evergreen.sections.training import Dense, EarlyStopping, Head, ReduceOnPlateau
from evergreen.vision import train as train_module
from evergreen.vision.evaluate import Evaluation, evaluate
from evergreen.vision.export import _representative
from evergreen.vision.networks import batch_norm, saving
from evergreen.vision.predict import open_keras, predict
from evergreen.vision.train import Callbacks, ClassBalance, ModelFiles, Training, train
from evergreen.vision.training import course as course_module
from evergreen.vision.training.checkpoint import Checkpoints
from evergreen.vision.training.course import Course
from evergreen.vision.training.fit import EpochReport, Fitting
from evergreen.vision.training.material import FromImages


def test_it_learns_reports_every_epoch_and_keeps_the_best(trained: Trained) -> None:
    history = trained.history
    assert len(history) == 8
    assert [(report.phase, report.epoch) for report in trained.reports[:8]] == [(1, n) for n in range(1, 7)] + [
        (2, 1),
        (2, 2),
    ]
    assert history["kept"].sum() == 1
    assert history["kept"].idxmax() == history["val_loss"].idxmin()
    assert history["loss"].iloc[5] < history["loss"].iloc[0]


def test_training_again_gives_the_same_bytes_whatever_other_threads_draw(trained: Trained) -> None:
    """Prefect's threads draw from the process's generators whenever they send a websocket's ping."""
    ended = threading.Event()

    def draw() -> None:
        while not ended.wait(0.0005):
            random.getrandbits(32)
            np.random.random()

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        trained.train(RECIPE, trained.folder / "again.keras")
    finally:
        ended.set()
        thread.join()
    assert (trained.folder / "again.keras").read_bytes() == trained.model.read_bytes()


def test_batch_norms_are_fused_in_training_alone(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    calls: list[Any] = []

    def norms(model: Any) -> list[Any]:
        found = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
        return [layer.call.__func__ for layer in found]

    def run(fitting: Fitting, state: Any) -> Course:
        course = fitted(fitting, state)
        calls.extend(norms(fitting._model))
        return course

    fitted = Fitting.run
    monkeypatch.setattr(Fitting, "run", run)
    trained.train(RECIPE, tmp_path / "model.keras")
    assert calls
    assert set(calls) == {batch_norm._call}
    assert set(norms(saving.load(tmp_path / "model.keras", CLASSES))) == {keras.layers.BatchNormalization.call}


def test_a_moving_average_of_the_weights_is_judged_and_kept(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    phase = RECIPE.train.phases[0].model_copy(update={"epochs": 2, "ema_momentum": 0.8, "batch": 7})
    train = RECIPE.train.model_copy(update={"phases": (phase,), "precision": "float32"})
    recipe = RECIPE.model_copy(update={"train": train})
    models, steps = [], []

    def run(fitting: Fitting, state: Any) -> Course:
        models.append(fitting._model)
        return fitted(fitting, state)

    def out_of_time(course: Course) -> bool:  # asked after every batch
        steps.append([np.array(variable) for variable in models[0].trainable_variables])
        return False

    fitted = Fitting.run
    monkeypatch.setattr(Fitting, "run", run)
    monkeypatch.setattr(Course, "out_of_time", property(out_of_time))
    history = trained.train(recipe, tmp_path / "model.keras")
    assert len(steps) == 12
    kept = int(history["kept"].idxmax())
    average = steps[0]
    for step in steps[1 : 6 * (kept + 1)]:  # learning went on from the weights, not from their average
        average = [0.8 * before + 0.2 * now for before, now in zip(average, step, strict=True)]
    model = saving.load(tmp_path / "model.keras", CLASSES)
    for one, other in zip(model.trainable_variables, average, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert not np.allclose(average[0], steps[6 * (kept + 1) - 1][0], atol=1e-4)
    (norm,) = batch_norm.layers_of(model)  # its moments are those of the averaged weights, as batches of 7 have them
    rows = trained.table[trained.table["split"] == "train"]
    images = trained.images.rows(rows, recipe.image).gather(np.arange(42))
    before = keras.Model(model.inputs, norm.input)(images.astype(np.float32))
    np.testing.assert_allclose(norm.moving_mean, np.mean(before, axis=(0, 1, 2)), rtol=1e-3, atol=1e-4)
    rows = trained.table[trained.table["split"] == "validation"]
    scores = pixels.scores(model, trained.images.rows(rows, recipe.image))
    right = scores.argmax(axis=1) == pixels.targets(rows["label"], CLASSES)
    assert history["val_accuracy"][kept] == pytest.approx(right.mean(), abs=1e-6)


def test_mixed_float16_trains_resumes_and_leaves_a_float32_model(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A CPU computes what a GPU would, slowly: the loss is scaled, and the scale is part of a checkpoint."""
    monkeypatch.setattr(train_module, "precision_of", lambda _: "mixed_float16")
    phase = RECIPE.train.phases[0].model_copy(update={"epochs": 2})
    recipe = RECIPE.model_copy(update={"train": RECIPE.train.model_copy(update={"phases": (phase,)})})
    history = trained.train(recipe, tmp_path / "whole.keras")
    model = saving.load(tmp_path / "whole.keras", CLASSES)
    assert {layer.dtype_policy.name for layer in model.layers} == {"float32"}
    assert history["loss"][1] < history["loss"][0]
    assert not history["loss"].equals(trained.history["loss"][:2])

    def on_epoch(report: EpochReport) -> None:
        if report.epoch == 1 and not resumed:
            raise _Killed

    files = ModelFiles(tmp_path / "model.keras", checkpoints=tmp_path / "checkpoints")
    resumed = False
    with pytest.raises(_Killed):
        train(trained.labelled, ClassBalance(), recipe, files, Callbacks(on_epoch))
    resumed = True
    train(trained.labelled, ClassBalance(), recipe, files, Callbacks(on_epoch))
    assert (tmp_path / "model.keras").read_bytes() == (tmp_path / "whole.keras").read_bytes()


class _Killed(BaseException):
    """As a kill comes: between any two epochs, and nothing runs after it."""


@pytest.mark.parametrize(
    ("after", "damage"),
    [
        (6, "none"),
        (4, "torn"),
        *(pytest.param(*case, marks=pytest.mark.soak) for case in ((1, "none"), (7, "none"), (4, "all torn"))),
    ],
)
def test_a_killed_training_resumes_and_ends_with_the_same_bytes(
    trained: Trained, tmp_path: Path, after: int, damage: str
) -> None:
    folder = tmp_path / "checkpoints"
    seen: list[tuple[int, int]] = []
    said: list[str] = []

    def run(stop: int | None) -> pd.DataFrame:
        said.clear()

        def on_epoch(report: EpochReport) -> None:
            seen.append((report.phase, report.epoch))
            if len(seen) == stop:
                raise _Killed

        files = ModelFiles(tmp_path / "model.keras", {"val_accuracy": tmp_path / "other.keras"}, folder)
        return train(trained.labelled, ClassBalance(), RECIPE, files, Callbacks(on_epoch, said.append)).history

    with pytest.raises(_Killed):
        run(after)
    assert not [line for line in said if "going on" in line]
    kept = sorted(folder.glob("*.npz"))
    assert len(kept) == min(after, 2)
    for path in kept[-1:] if damage == "torn" else kept if damage == "all torn" else []:
        path.write_bytes(path.read_bytes()[:-100])
    seen.clear()
    history = run(None)
    done = {"none": after, "torn": after - 1, "all torn": 0}[damage]
    assert len(seen) == 8 - done
    assert len([line for line in said if "going on where it was stopped" in line]) == (done > 0)
    assert (tmp_path / "model.keras").read_bytes() == trained.model.read_bytes()
    pd.testing.assert_frame_equal(history, trained.history)
    seen.clear()
    run(None)  # killed after the last epoch, before the model was in safety: nothing is trained again
    assert seen == []
    assert (tmp_path / "model.keras").read_bytes() == trained.model.read_bytes()
    Checkpoints(folder).clear()
    assert not folder.exists()


@pytest.mark.parametrize("batches", [9, *(pytest.param(number, marks=pytest.mark.soak) for number in (1, 39))])
def test_a_training_that_is_stopped_midway_keeps_the_batches_that_were_done(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    seen = 0

    def out_of_time(course: Course) -> bool:  # asked after every batch, as a signal may come
        nonlocal seen
        seen += 1
        if seen == batches:
            raise KeyboardInterrupt
        return False

    monkeypatch.setattr(Course, "out_of_time", property(out_of_time))
    files = ModelFiles(tmp_path / "model.keras", checkpoints=tmp_path / "checkpoints")
    told: list[dict[str, Any]] = []
    with pytest.raises(KeyboardInterrupt):
        train(trained.labelled, ClassBalance(), RECIPE, files, Callbacks(stopped=told.append))
    state = Checkpoints(tmp_path / "checkpoints").load()
    assert state is not None
    each = 6  # 42 training images in batches of 8, but 32 in the second phase
    expected = (batches // each, batches % each) if batches < 6 * each else None
    if expected:
        assert (state[0]["epoch"], state[0]["batch"]) == expected
        phase = {"phase": 1, "epochs": expected[0], "of": 6, "midway": True, "why": "stopped"}
        assert (told[0]["why"], told[0]["phases"][0]) == ("stopped", phase)
    history = train(trained.labelled, ClassBalance(), RECIPE, files, Callbacks()).history
    assert seen == 6 * each + 2 * 2  # no batch was learned from twice
    assert (tmp_path / "model.keras").read_bytes() == trained.model.read_bytes()
    pd.testing.assert_frame_equal(history, trained.history)


def _still(**phase: Any) -> Recipe:
    """Return a recipe that learns next to nothing, so that no epoch is better than the first."""
    slow = RECIPE.train.phases[1].model_copy(update={"learning_rate": 1e-9, "optimizer": "sgd", **phase})
    head = Head(dense=(Dense(units=8),))
    train = RECIPE.train.model_copy(update={"phases": (slow,), "head": head})
    return RECIPE.model_copy(update={"train": train})


def test_patience_and_a_lowered_rate_outlive_a_kill(trained: Trained, tmp_path: Path) -> None:
    recipe = _still(
        epochs=9,
        early_stopping=EarlyStopping(monitor="val_accuracy", patience=4),
        reduce_on_plateau=ReduceOnPlateau(monitor="val_accuracy", patience=2),
    )

    def on_epoch(report: EpochReport) -> None:
        seen.append(report.epoch)
        if seen == [1, 2, 3, 4]:
            raise _Killed

    seen: list[int] = []
    files = ModelFiles(tmp_path / "model.keras", checkpoints=tmp_path / "checkpoints")
    with pytest.raises(_Killed):
        train(trained.labelled, ClassBalance(), recipe, files, Callbacks(on_epoch))
    done = train(trained.labelled, ClassBalance(), recipe, files, Callbacks(on_epoch))
    assert seen == [1, 2, 3, 4, 5]
    assert done.history["learning_rate"].tolist() == [1e-9, 1e-9, 1e-9, 5e-10, 5e-10]
    assert done.ended["why"] == "patience"


def test_class_weights_are_on_the_loss_of_training_alone(trained: Trained, tmp_path: Path) -> None:
    recipe = _still(epochs=1, batch=64)  # one step
    ones = dict.fromkeys(CLASSES, 1.0)

    def losses(**heavier: float) -> tuple[float, float]:
        files, balance = ModelFiles(tmp_path / "model.keras"), ClassBalance(ones | heavier, ones)
        done = train(trained.labelled, balance, recipe, files, Callbacks())
        return done.history["loss"][0], done.history["val_loss"][0]

    found = [losses(), losses(dark=3.0), losses(dark=3.0, red=5.0)]  # divided by the images, not by their weights
    (plain, of_dark, of_both), judged = zip(*found, strict=True)
    dark, red = (of_dark - plain) / 2, (of_both - of_dark) / 4
    assert min(dark, red) > 0
    assert dark + red < plain  # the rest is of the third class
    assert dark != pytest.approx(red, rel=1e-3)
    assert judged == pytest.approx([judged[0]] * 3, rel=1e-5)


def test_what_the_time_limit_cut_goes_on_to_the_same_bytes(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    def out_of_time(course: Course) -> bool:  # asked after every batch
        nonlocal asked
        asked += 1
        return asked == 9

    limited = RECIPE.model_copy(update={"train": RECIPE.train.model_copy(update={"time_limit_minutes": 1000})})
    file, said = tmp_path / "model.keras", list[str]()
    files, told = ModelFiles(file, checkpoints=tmp_path / "checkpoints"), Callbacks(say=said.append)

    def run(recipe: Recipe) -> Training:
        return train(trained.labelled, ClassBalance(), recipe, files, told)

    with monkeypatch.context() as patched:
        patched.setattr(Course, "out_of_time", property(out_of_time))
        cut = run(limited)
    assert asked == 9
    assert cut.ended == {
        "why": "time limit",
        "phases": [
            {"phase": 1, "epochs": 1, "of": 6, "midway": True, "why": "time limit"},
            {"phase": 2, "epochs": 0, "of": 2, "midway": False, "why": "not begun"},
        ],
    }
    assert said[-1] == words(cut.ended)
    assert len(cut.history) == 2  # what was done of the second epoch is judged, and may be the model
    assert saving.load(file, CLASSES)
    state = Checkpoints(tmp_path / "checkpoints").load()
    assert state is not None
    assert (state[0]["epoch"], state[0]["batch"]) == (1, 3)  # not a batch is learned from twice
    whole = run(RECIPE)
    assert file.read_bytes() == trained.model.read_bytes()
    pd.testing.assert_frame_equal(whole.history, trained.history)
    assert [phase["why"] for phase in whole.ended["phases"]] == ["epochs", "epochs"]
    assert whole.ended["why"] == "epochs"


def test_what_an_epoch_learns_from_is_made_ready_outside_its_time(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0

    def training(material: FromImages, epoch: int) -> Any:
        nonlocal now
        now += 3300 if epoch == 0 else 0  # as a frozen backbone's features take
        return ready(material, epoch)

    ready = FromImages.training
    monkeypatch.setattr(course_module, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(FromImages, "training", training)
    recipe = _still(epochs=3)
    recipe = recipe.model_copy(update={"train": recipe.train.model_copy(update={"time_limit_minutes": 100})})
    assert len(trained.train(recipe, tmp_path / "model.keras")) == 3


def test_small_classes_are_repeated_as_often_as_is_said(trained: Trained) -> None:
    rows = trained.table[trained.table["split"] == "train"]
    again = train_module._repeated(rows, {"dark": 1.0, "bright": 2.5, "red": 3.0}, seed=1)
    assert again["label"].value_counts().to_dict() == {"dark": 14, "bright": 35, "red": 42}
    assert again[again["label"] == "bright"]["path"].value_counts().isin([2, 3]).all()
    assert train_module._repeated(rows, dict.fromkeys(CLASSES, 1.0), seed=1) is rows


def test_a_loss_that_is_no_number_stops_training_and_leaves_no_model(trained: Trained) -> None:
    phases = "train.phases=[{epochs: 3, learning_rate: 10, optimizer: sgd}]"
    dense = f"train.head={{dense: [{', '.join(['{units: 64, activation: linear}'] * 3)}]}}"
    wild = load_recipe(
        "digits", ["image={height: 8, width: 8}", "train.cnn=[{filters: 64, batch_norm: false}]", dense, phases]
    )
    with pytest.raises(TrainingDiverged, match=r"lower train\.phases\.0\.learning_rate"):
        trained.train(wild, trained.folder / "wild.keras")
    assert not (trained.folder / "wild.keras").exists()


def test_the_model_takes_raw_pixels_and_gives_probabilities(trained: Trained) -> None:
    model = saving.load(trained.model, CLASSES)
    assert model.input_shape == (None, 8, 8, 3)
    assert np.allclose(model.predict(np.full((2, 8, 8, 3), 128.0), verbose=0).sum(axis=1), 1, atol=1e-5)
    with pytest.raises(ExportRefused, match="expected 2 scores"):
        saving.load(trained.model, CLASSES[:2])


def test_a_model_that_is_asked_is_fused_and_answers_as_its_file(trained: Trained) -> None:
    plain, asked = saving.load(trained.model, CLASSES), saving.load_to_run(trained.model, CLASSES)
    assert [norm.call.__func__ for norm in batch_norm.layers_of(asked)] == [batch_norm._call]
    assert batch_norm._call not in [norm.call.__func__ for norm in batch_norm.layers_of(plain)]
    rows = trained.images.rows(trained.table, RECIPE.image)
    np.testing.assert_allclose(pixels.scores(asked, rows), pixels.scores(plain, rows), atol=1e-5)


def test_a_model_that_carries_code_is_refused_unrun(tmp_path: Path) -> None:
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x * 2)])
    model.save(tmp_path / "lambda.keras")
    with pytest.raises(ExportRefused, match="refuses"):
        saving.load(tmp_path / "lambda.keras", ["a", "b"])


def test_the_file_holds_no_clock_no_address_and_no_optimizer(trained: Trained) -> None:
    with zipfile.ZipFile(trained.model) as zipped:
        assert {member.date_time for member in zipped.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        numbers = {int(number) for number in re.findall(rb'"shared_object_id": (\d+)', zipped.read("config.json"))}
        assert numbers == set(range(len(numbers)))
        assert b"optimizer" not in zipped.read("model.weights.h5")


def test_int8_ranges_are_measured_on_training_images(trained: Trained) -> None:
    recipe = RECIPE.model_copy(update={"export": RECIPE.export.model_copy(update={"representative_images": 42})})
    blocks = [block[0][0] for block in _representative(trained.table, trained.images, recipe)()]
    rows = trained.table[trained.table["split"] == "train"]
    training = {image.tobytes() for image in trained.images.rows(rows, recipe.image).gather(np.arange(42))}
    assert {block.astype(np.uint8).tobytes() for block in blocks[1:]} < training  # the first holds the input's range
    assert len(blocks) == 42


@pytest.fixture(scope="module")
def evaluation(trained: Trained) -> Evaluation:
    return evaluate(trained.table, trained.images, CLASSES, RECIPE, trained.model)


def test_evaluation_covers_every_image_once(trained: Trained, evaluation: Evaluation) -> None:
    found = evaluation
    assert {name: values["count"] for name, values in found.metrics.items()} == {
        "train": 42,
        "validation": 12,
        "test": 18,
    }
    assert found.judged == "test"
    assert found.metrics["test"]["accuracy"] > 0.9
    assert found.by_class.confusion.sum() == 18
    assert sorted(found.predictions["path"]) == sorted(trained.table["path"])
    assert found.by_class.per_class["label"].tolist() == CLASSES
    loss = found.predictions.groupby("split")["loss"].mean()
    assert {name: values["loss"] for name, values in found.metrics.items()} == pytest.approx(dict(loss), abs=1e-5)


def test_calibration_is_fitted_on_validation_alone(trained: Trained) -> None:
    table = trained.table.sort_values("path", ignore_index=True)
    wrong = table.index[table["split"] == "validation"][0]  # so that the two halves differ, however well it learned
    table.loc[wrong, "label"] = "red" if table["label"][wrong] == "dark" else "dark"
    evaluation = evaluate(table, trained.images, CLASSES, RECIPE, trained.model)
    scores = pixels.scores(saving.load_to_run(trained.model, CLASSES), trained.images.rows(table, RECIPE.image))
    truth = pixels.targets(table["label"], CLASSES)
    validation, test = (
        (truth[at], scores[at]) for at in (np.flatnonzero(table["split"] == name) for name in ("validation", "test"))
    )
    precision = RECIPE.evaluate.unsure_precision
    assert evaluation.calibration == calibrate(validation, test, precision)
    assert fit_temperature(*test) != fit_temperature(*validation)  # else nothing was shown


def test_changed_copies_are_judged_as_the_model_judges_them(trained: Trained, evaluation: Evaluation) -> None:
    test = trained.table[trained.table["split"] == "test"].sort_values("path")
    rows = trained.images.rows(test, RECIPE.image).gather(np.arange(18))
    truth = np.array([CLASSES.index(label) for label in test["label"]])
    model = saving.load(trained.model, CLASSES)
    found = {loss.name: loss for loss in evaluation.shortcuts}
    assert evaluation.sample == 18
    assert list(evaluation.examples) == ["as it is", *(name for name in found if name in evaluation.examples)]
    for shortcut in SHORTCUTS:
        copies = [shortcut.change(pixels, digest) for pixels, digest in zip(rows, test["sha256"], strict=True)]
        kept = [index for index, copy in enumerate(copies) if copy is not None]
        assert found[shortcut.name].count == len(kept)
        if len(kept) >= 10:
            answers = model.predict(np.stack([copies[index] for index in kept]), verbose=0).argmax(axis=1)
            assert found[shortcut.name].accuracy == (answers == truth[kept]).mean()
    again = evaluate(trained.table, trained.images, CLASSES, RECIPE, trained.model)
    assert again.shortcuts == evaluation.shortcuts
    assert again.examples == evaluation.examples


def test_without_a_test_split_validation_is_judged_and_a_sample_is_stratified(trained: Trained) -> None:
    table = trained.table.assign(split=trained.table["split"].replace("test", "validation"))
    recipe = load_recipe("digits", ["image={height: 8, width: 8}", "evaluate.shortcut_images=15"])
    found = evaluate(table, trained.images, CLASSES, recipe, trained.model)
    assert (found.judged, found.sample) == ("validation", 15)
    none = load_recipe("digits", ["image={height: 8, width: 8}", "evaluate.shortcut_images=0"])
    found = evaluate(table, trained.images, CLASSES, none, trained.model)
    assert (found.shortcuts, found.sample, found.examples) == ([], 0, {})


def test_prediction_agrees_with_evaluation_whatever_stands_between(trained: Trained, evaluation: Evaluation) -> None:
    rows = evaluation.predictions.merge(trained.table[["path", "sha256"]], on="path").head(10)

    def gone() -> bytes:
        raise FileNotFoundError(2, "No such file or directory")

    reads = [lambda name=name: trained.blobs[name] for name in rows["sha256"]]
    reads[4:4] = [lambda: b"no image", gone]
    answers = list(predict(reads, lambda: open_keras(trained.model, CLASSES), RECIPE.image, lambda pixels: pixels[:2]))
    assert [answer.error for answer in answers if answer.scores is None] == [
        f"not a readable image: of no known format; convert it to one of {', '.join(FORMATS)}",
        "No such file or directory",
    ]
    assert [answer.scores is None for answer in answers] == [False] * 4 + [True] * 2 + [False] * 6
    good = [answer for answer in answers if answer.scores is not None]
    assert [CLASSES[answer.scores.argmax()] for answer in good] == list(rows["predicted"])
    assert np.allclose([answer.scores.max() for answer in good], rows["probability"], atol=1e-5)
    assert [answer.kept.shape for answer in good] == [(2, 9, 3)] * 10


def test_a_model_is_opened_for_an_image_alone_and_batches_stay_small(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evergreen.vision import predict as module

    monkeypatch.setattr(module, "_BATCH_BYTES", 3 * 8 * 8 * 3)
    sizes, opened = [], []

    def open_model() -> Any:
        opened.append(True)
        return lambda images: sizes.append(len(images)) or np.full((len(images), 3), 1 / 3, np.float32)

    assert [answer.error for answer in predict([lambda: b""] * 4, open_model, RECIPE.image)] == ["empty file"] * 4
    assert opened == []
    data = next(iter(trained.blobs.values()))
    assert len(list(predict([lambda: data] * 8, open_model, RECIPE.image))) == 8
    assert (opened, sizes) == ([True], [3, 3, 2])
    with pytest.raises(ExportRefused, match="finite scores"):
        list(predict([lambda: data], lambda: lambda images: np.full((1, 3), np.nan), RECIPE.image))

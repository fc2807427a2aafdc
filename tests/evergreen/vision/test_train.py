"""evergreen.vision: a tiny real training, its file, and its evaluation."""

import hashlib
import random
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from screens import ball, busy
from tiny_training import CLASSES, RECIPE, Trained, still

from evergreen.errors import TrainingDiverged
from evergreen.images import pixels
from evergreen.images.pixels import Images
from evergreen.images.threads import Threads
from evergreen.recipe import load_recipe
from evergreen.sections.augment import Augment
from evergreen.sections.background import Background
from evergreen.vision import train as train_module
from evergreen.vision.networks import batch_norm, saving
from evergreen.vision.train import Callbacks, ClassBalance, Labelled, ModelFiles, train
from evergreen.vision.training.course import Course
from evergreen.vision.training.fit import Fitting
from evergreen.vision.training.views import view_of


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


def test_features_are_kept_apart_by_all_that_decides_an_images_pixels(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = []

    def source(_: Any, __: Any, features: Path, *more: Any) -> None:
        folders.append(features)
        raise InterruptedError

    monkeypatch.setattr(train_module, "Source", source)
    for resize in ("squash", "crop"):
        image = RECIPE.image.model_copy(update={"resize": resize})
        with pytest.raises(InterruptedError):
            trained.train(RECIPE.model_copy(update={"image": image}), tmp_path / "none.keras")
    assert len(set(folders)) == 2


def test_smoothed_labels_and_the_focal_loss_are_learned_from_and_do_not_judge(trained: Trained, tmp_path: Path) -> None:
    recipe = still(epochs=1)

    def history(**fields: float) -> dict[str, float]:
        changed = recipe.model_copy(update={"train": recipe.train.model_copy(update=fields)})
        row = trained.train(changed, tmp_path / "model.keras").iloc[0]
        return {name: float(row[name]) for name in ("loss", "accuracy", "val_loss", "val_accuracy")}

    plain = history()
    for fields in ({"label_smoothing": 0.5}, {"focal": 2.0}):
        other = history(**fields)
        assert abs(other.pop("loss") - plain["loss"]) > 0.05
        assert other == pytest.approx({name: plain[name] for name in other}, abs=1e-6)


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


def test_class_weights_are_on_the_loss_of_training_alone(trained: Trained, tmp_path: Path) -> None:
    recipe = still(epochs=1, batch=64)  # one step
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


def test_backgrounds_are_replaced_in_training_alone_and_it_is_said(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs, rows = {}, []
    for number in range(24):
        picture = busy(24, 24, number) if number % 4 == 3 else ball(24, 24)[0] + np.uint8(number)
        data = cv2.imencode(".png", picture)[1].tobytes()
        digest = hashlib.sha256(data).hexdigest()
        blobs[digest] = data
        rows.append((f"{number}", CLASSES[number % 3], digest, "train" if number < 16 else "validation"))
    labelled = Labelled(
        pd.DataFrame(rows, columns=["path", "label", "sha256", "split"]), Images(blobs.__getitem__, tmp_path), CLASSES
    )
    recipe = RECIPE.model_copy(
        update={
            "augment": Augment(background=Background(replace=1)),
            "image": RECIPE.image.model_copy(update={"height": 24, "width": 24}),
        }
    )
    seen = []
    real = train_module.Source

    def source(*arguments: Any, **named: Any) -> Any:
        seen.append(real(*arguments, **named))
        return seen[-1]

    monkeypatch.setattr(train_module, "Source", source)
    said: list[str] = []
    done = train(labelled, ClassBalance(), recipe, ModelFiles(tmp_path / "a.keras"), Callbacks(say=said.append))
    assert done.backgrounds is not None
    assert (done.backgrounds["images"], done.backgrounds["uniform"]) == (16, 12)
    assert [text for text in said if text.startswith("12 of 16 training images (75%) have a uniform background")]
    with Threads(1) as threads:
        view = view_of(seen[0].sides["train"], seen[0].augmenter, 0, threads)
        before, after = seen[0].sides["train"].rows.gather(np.arange(16)), view.gather(np.arange(16))
    assert (before != after).any(axis=(1, 2, 3)).tolist() == [True, True, True, False] * 4
    model = (tmp_path / "a.keras").read_bytes()
    train(labelled, ClassBalance(), recipe, ModelFiles(tmp_path / "b.keras"), Callbacks())
    assert (tmp_path / "b.keras").read_bytes() == model
    plain = recipe.model_copy(update={"augment": Augment()})
    assert train(labelled, ClassBalance(), plain, ModelFiles(tmp_path / "b.keras"), Callbacks()).backgrounds is None
    assert (tmp_path / "b.keras").read_bytes() != model

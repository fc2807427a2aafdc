"""evergreen.vision.training.checkpoint: a training that was killed, stopped or cut goes on to the same bytes."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny_training import CLASSES, RECIPE, SETTINGS, Trained, still

from evergreen.judging.ended import words
from evergreen.recipe import Recipe, load_recipe
from evergreen.sections.phases import EarlyStopping, Phase, ReduceOnPlateau
from evergreen.vision import train as train_module
from evergreen.vision.networks import saving
from evergreen.vision.train import Callbacks, ClassBalance, ModelFiles, Training, train
from evergreen.vision.training import fit as fit_module
from evergreen.vision.training.checkpoint import Checkpoints
from evergreen.vision.training.course import Course
from evergreen.vision.training.fit import EpochReport
from evergreen.vision.training.rates import schedule


@pytest.mark.soak
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
        pytest.param(6, "none", marks=pytest.mark.soak),
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


# All that augmentation, a first block, an optimizer, a schedule and a loss may be told; no dropout, and a batch of more
# images than there are.
MODERN = load_recipe(
    "digits",
    [
        *SETTINGS,
        "augment={rotation: 10, horizontal_flip: alternate, translate: 2, brightness: [0.9, 1.1], mixup: 0.2, "
        "cutmix: 1, erasing: {}, rand_augment: {}}",
        "train.cnn=[{filters: 24, kernel: 2, whiten: true, batch_norm: false}, {filters: 4, convolutions: 2, "
        "activation: gelu, batch_norm_scale: false, batch_norm_momentum: 0.6, initialization: identity, "
        "residual: true}]",
        "train.head={pooling: max, output_bias: false, output_scale: 0.5}",
        "train.label_smoothing=0.1",
        "train.focal=1.5",
        "train.phases=[{epochs: 3, learning_rate: 0.1, batch: 10, optimizer: sgd, momentum: 0.85, nesterov: true, "
        "weight_decay: 0.01, bias_rate: 8, schedule: one-cycle, decay: 0.9, ema_momentum: 0.5}, "
        "{epochs: 2, optimizer: adamw, weight_decay: 0.1, learning_rate: 0.001, batch: 65536, schedule: cosine}]",
    ],
)


@pytest.mark.parametrize("precision", ["float32", pytest.param("mixed_float16", marks=pytest.mark.soak)])
def test_everything_a_recipe_may_say_outlives_a_stop_within_an_epoch(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    optimizers: list[Any] = []
    rates: list[float] = []
    stop = 0

    def optimizer_of(phase: Phase, model: Any) -> Any:
        optimizers.append(made(phase, model))
        return optimizers[-1]

    def out_of_time(course: Course) -> bool:  # asked after every batch
        rates.append(float(optimizers[-1].learning_rate))
        if len(rates) == stop:
            raise KeyboardInterrupt
        return False

    made = fit_module.optimizer_of
    monkeypatch.setattr(train_module, "precision_of", lambda _: precision)
    monkeypatch.setattr(fit_module, "optimizer_of", optimizer_of)
    monkeypatch.setattr(Course, "out_of_time", property(out_of_time))
    whole = trained.train(MODERN, tmp_path / "whole.keras")
    first, second = MODERN.train.phases
    expected = [
        0.1 * 0.9 ** (step // 5) * schedule(first, step, 15) for step in range(15)
    ]  # 42 images in batches of 10
    expected += [0.001 * schedule(second, step, 2) for step in range(2)]
    assert rates == pytest.approx(expected, rel=1e-6)
    assert whole["learning_rate"].tolist() == pytest.approx([*expected[4:15:5], *expected[15:]])
    rates.clear()
    stop = 9
    files = ModelFiles(tmp_path / "model.keras", checkpoints=tmp_path / "checkpoints")
    with pytest.raises(KeyboardInterrupt):
        train(trained.labelled, ClassBalance(), MODERN, files, Callbacks())
    said = list[str]()
    history = train(trained.labelled, ClassBalance(), MODERN, files, Callbacks(say=said.append)).history
    assert any("the accuracy by the larger share" in line for line in said)
    assert [line for line in said if "phase 1: the last batch of an epoch has 2 images, the others 10" in line]
    assert rates == pytest.approx(expected, rel=1e-6)  # no batch twice, each at its rate
    assert (tmp_path / "model.keras").read_bytes() == (tmp_path / "whole.keras").read_bytes()
    pd.testing.assert_frame_equal(history, whole)


def test_patience_and_a_lowered_rate_outlive_a_kill(trained: Trained, tmp_path: Path) -> None:
    recipe = still(
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

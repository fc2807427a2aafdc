"""evergreen.vision.evaluate: every image is judged once, and changed copies as the model judges them."""

from pathlib import Path

import numpy as np
import pytest
from tiny_training import CLASSES, RECIPE, Trained

from evergreen.images import pixels
from evergreen.images.pixels import Images
from evergreen.judging.calibration import calibrate, fit_temperature
from evergreen.judging.shortcuts import SHORTCUTS
from evergreen.recipe import load_recipe
from evergreen.steps import BY_NAME
from evergreen.vision import baseline
from evergreen.vision.evaluate import Evaluation, evaluate, right_on_validation
from evergreen.vision.networks import build, runtime, saving
from evergreen.vision.training.features import Backbone, stayed_frozen
from runs.keys import only


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


def test_of_validation_alone_it_is_told_which_images_are_right_as_evaluation_has_them(
    trained: Trained, evaluation: Evaluation
) -> None:
    read: list[str] = []
    images = Images(lambda digest: (read.append(digest), trained.blobs[digest])[1])
    shuffled = trained.table.sample(frac=1, random_state=3)
    shuffled.loc[shuffled["path"] == "dark/14", "label"] = "red"  # else all of them may be right, whatever the order
    right = right_on_validation(shuffled, images, CLASSES, RECIPE, trained.model)
    answers = evaluation.predictions.set_index("path")["predicted"]
    judged = shuffled[shuffled["split"] == "validation"].sort_values("path")
    assert right.tolist() == [
        answers[path] == label for path, label in zip(judged["path"], judged["label"], strict=True)
    ]
    assert not right.all()
    assert set(read) == set(judged["sha256"])


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


def test_views_are_averaged_and_nothing_else_changes(trained: Trained, evaluation: Evaluation) -> None:
    assert evaluation.views is None
    views = RECIPE.evaluate.views.model_copy(update={"mirror": True, "shifts": 2})
    recipe = RECIPE.model_copy(update={"evaluate": RECIPE.evaluate.model_copy(update={"views": views})})
    found = evaluate(trained.table, trained.images, CLASSES, recipe, trained.model)
    # The gate reads the predictions, exports the metrics: both are of one look at each image.
    assert found.predictions.equals(evaluation.predictions)
    assert found.metrics == evaluation.metrics
    assert found.calibration == evaluation.calibration
    test = trained.table[trained.table["split"] == "test"].sort_values("path")
    images = trained.images.rows(test, RECIPE.image).gather(np.arange(18))
    model = saving.load(trained.model, CLASSES)
    around = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), "reflect")
    sides = [images, images, around[:, :8, :8], around[:, 4:, 4:]]
    seen = [view for side in sides for view in (side, side[:, :, ::-1])]
    scores = np.mean([model.predict(view, verbose=0) for view in seen], axis=0)
    assert found.views is not None
    own = scores[np.arange(18), pixels.targets(test["label"], CLASSES)]
    assert found.views["loss"] == pytest.approx(-np.log(own).mean(), abs=1e-5)
    assert found.views["loss"] != pytest.approx(found.metrics["test"]["loss"], abs=1e-9)
    assert {name: found.views[name] for name in ("split", "mirror", "shifts", "count")} == {
        "split": "test", "mirror": True, "shifts": 2, "count": 18,
    }  # fmt: skip
    assert found.views["words"].startswith(
        "test with test-time views (the mirror image, both ways by 2 pixels): not what"
    )


@pytest.mark.parametrize(("unfreeze", "kept"), [("none", 1), pytest.param("3", 0, marks=pytest.mark.soak)])
def test_a_backbone_that_stayed_frozen_sees_each_image_once_for_evaluation_and_baseline(
    trained: Trained, tmp_path: Path, unfreeze: str, kept: int
) -> None:
    lite = ["train.backbone=EfficientNetLite0", "image={height: 32, width: 32}", "evaluate.shortcut_images=0"]
    recipe = load_recipe("digits", [*lite, f"train.phases=[{{unfreeze: {unfreeze}, epochs: 1}}]"])
    images = Images(trained.blobs.__getitem__, tmp_path / "pixels", tmp_path / "features")
    runtime.start(1)
    saving.save(build.build(recipe.train, recipe.image, len(CLASSES)), tmp_path / "model.keras")
    # As the step is given it: what its row of the table does not name cannot be read.
    read = only(recipe, BY_NAME["evaluate"].recipe)
    frozen = Backbone.of(recipe.train) if stayed_frozen(recipe.train) else None
    found = evaluate(trained.table, images, CLASSES, read, tmp_path / "model.keras", frozen)
    rows = images.rows(trained.table.sort_values("path"), recipe.image)
    scores = saving.load(tmp_path / "model.keras", CLASSES).predict(rows.gather(np.arange(len(rows))), verbose=0)
    assert found.predictions["probability"].to_numpy() == pytest.approx(scores.max(axis=1), abs=1e-5)
    assert found.predictions["predicted"].tolist() == [CLASSES[answer] for answer in scores.argmax(axis=1)]
    files = set((tmp_path / "features").rglob("*.rows"))
    assert len(files) == kept
    baseline.probe(trained.table, images, CLASSES, recipe, lambda _: None)
    assert bool(set((tmp_path / "features").rglob("*.rows")) - files) is not bool(kept)

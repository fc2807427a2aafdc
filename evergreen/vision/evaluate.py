"""Evaluation: what a model gets right, on which images of which split, how sure it is, and what it leans on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.images import pixels
from evergreen.images.pixels import Images
from evergreen.images.processors import of_this_step, processors
from evergreen.images.rows import Rows
from evergreen.images.views import Seen, views_of
from evergreen.judging.calibration import Calibration, calibrate, reliability, scaled
from evergreen.judging.judged import judged_split
from evergreen.judging.metrics import ByClass, by_class, losses, measure
from evergreen.judging.shortcuts import Loss
from evergreen.judging.verdict import Verdict, judge
from evergreen.sections.release import Views
from evergreen.vision.explaining.judged import Heat, heat_of
from evergreen.vision.networks import build, runtime, saving
from evergreen.vision.shortcuts import Sample, examples, losses_under_changes
from evergreen.vision.training.batches import keys_of
from evergreen.vision.training.features import PLAIN, Backbone, Features

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.recipe import Recipe
    from evergreen.sections.data import Image


@dataclass(frozen=True)
class Evaluation:
    """How a model did. The judged split is test, or validation where there is no test split.

    Attributes:
        metrics: per split what ``judging.metrics.measure`` returns.
        judged: the judged split's name.
        by_class: of the judged split.
        predictions: one row an image: path, label, split, predicted, probability (top-1), loss.
        calibration: fitted on validation, measured on the judged split.
        reliability: of the judged split, ``as it is`` and ``scaled`` by the temperature; bins as in ``calibration``.
        shortcuts: one entry a change, in the order of the table; empty if the recipe asks for no images.
        sample: how many of the judged split's images the shortcuts were tried on.
        examples: change -> one image of the sample under it, a small PNG; ``as it is`` first.
        verdict: underfit, good fit or overfit, and why.
        views: what ``metrics`` has, of the judged split with the answers to ``evaluate.views`` averaged, and ``split``,
            ``mirror``, ``shifts`` and ``words``; None where the recipe asks for one look at an image.
        heat: heat maps of the judged images of the highest loss, and of some that are answered right.
    """

    metrics: dict[str, dict[str, float]]
    judged: str
    by_class: ByClass
    predictions: pd.DataFrame
    calibration: Calibration
    reliability: dict[str, list[dict[str, float]]]
    shortcuts: list[Loss]
    sample: int
    examples: dict[str, bytes]
    verdict: Verdict
    heat: Heat
    views: dict[str, Any] | None = None


def evaluate(
    dataset: pd.DataFrame,
    images: Images,
    classes: list[str],
    recipe: Recipe,
    model_file: Path,
    frozen: Backbone | None = None,
) -> Evaluation:
    """Run a model over every image once, over a sample of the judged ones once more for each change, and over views.

    Args:
        dataset: path, label, sha256, split.
        images: where they are read, and where their pixels are kept.
        classes: class names in order.
        recipe: its ``image``, ``evaluate`` and ``seed`` are read.
        model_file: a ``.keras`` file.
        frozen: the model's backbone, if no phase trained it: its features of an image are kept.

    Raises:
        ExportRefused: Keras refuses the model.
    """
    runtime.start()
    model = saving.load_to_run(model_file, classes)
    dataset = dataset.sort_values("path", ignore_index=True)
    rows = images.rows(dataset, recipe.image)
    scores = _scores(model, rows, list(dataset["sha256"]), images, recipe.image, frozen)
    truth = pixels.targets(dataset["label"], classes)
    where = {str(name): np.asarray(index) for name, index in sorted(dataset.groupby("split").indices.items())}
    judged = judged_split(where)
    at = where[judged]

    metrics = {name: measure(truth[index], scores[index], recipe.evaluate.top_k) for name, index in where.items()}
    answers = scores.argmax(axis=1)
    predictions = dataset[["path", "label", "split"]].assign(
        predicted=[classes[index] for index in answers],
        probability=scores.max(axis=1).round(6),
        loss=losses(truth, scores).round(6),
    )
    validation = where["validation"]
    calibration = calibrate(
        (truth[validation], scores[validation]), (truth[at], scores[at]), recipe.evaluate.unsure_precision
    )
    sample = _sample(dataset, at, rows, truth, answers, recipe)
    largest = np.bincount(truth[where["train"]]).max() / len(where["train"])
    return Evaluation(
        metrics=metrics,
        judged=judged,
        by_class=by_class(truth[at], answers[at], classes),
        predictions=predictions,
        calibration=calibration,
        reliability={
            "as it is": reliability(truth[at], scores[at]),
            "scaled": reliability(truth[at], scaled(scores[at], calibration.temperature)),
        },
        shortcuts=losses_under_changes(model, sample),
        sample=len(sample.at),
        examples=examples(sample),
        verdict=judge(metrics, judged, float(largest)),
        heat=heat_of(model, rows, predictions.assign(sha256=dataset["sha256"]).iloc[at], classes, images, recipe.image),
        views=_with_views(model, rows, at, truth, judged, recipe),
    )


def right_on_validation(
    dataset: pd.DataFrame,
    images: Images,
    classes: list[str],
    recipe: Recipe,
    model_file: Path,
    frozen: Backbone | None = None,
) -> np.ndarray:
    """Return of each validation image, in the order of their paths, whether a model is right about it: (N,) bool.

    Args, Raises: as ``evaluate``; no image of another split is opened.
    """
    runtime.start()
    model = saving.load_to_run(model_file, classes)
    judged = dataset[dataset["split"] == "validation"].sort_values("path", ignore_index=True)
    rows = images.rows(judged, recipe.image)
    answers = _scores(model, rows, list(judged["sha256"]), images, recipe.image, frozen).argmax(axis=1)
    right: np.ndarray = answers == pixels.targets(judged["label"], classes)
    return right


def _scores(
    model: Any, rows: Rows, digests: list[str], images: Images, image: Image, frozen: Backbone | None
) -> np.ndarray:
    """Return the probabilities for all rows, (N, K) float32.

    Of a backbone that stayed frozen, features are kept: the training made those of validation, and the baseline asks
    for all of them next. The head is then asked about these, as in training.
    """
    if frozen:
        before, head = build.halves(model)
        if len(head.input_shape) == 2:  # one number a channel: whole maps would take more room than they save time
            folder, threads = images.features_of(image), of_this_step.get() or processors()
            features = Features.of(before, folder, frozen, threads, images.others())
            return pixels.scores(head, features.rows(keys_of(digests), rows.gather, PLAIN))
    return pixels.scores(model, rows)


def _with_views(
    model: Any, rows: Rows, at: np.ndarray, truth: np.ndarray, judged: str, recipe: Recipe
) -> dict[str, Any] | None:
    """Return how the model does on the judged rows if its answers to some views of each are averaged."""
    views = recipe.evaluate.views
    if views == Views():
        return None
    averaged = sum(
        view.weight * pixels.scores(model, Seen(rows, at, view)).astype(np.float64) for view in views_of(views)
    )
    also = [
        *(["the mirror image"] if views.mirror else []),
        *([f"both ways by {views.shifts} pixel{'s' if views.shifts > 1 else ''}"] if views.shifts else []),
    ]
    words = f"{judged} with test-time views ({', '.join(also)}): not what is exported, nor what the gate judges"
    found = measure(truth[at], np.asarray(averaged), recipe.evaluate.top_k)
    return {**found, "split": judged, **views.model_dump(mode="json"), "words": words}


def _sample(
    dataset: pd.DataFrame, judged: np.ndarray, rows: Rows, truth: np.ndarray, answers: np.ndarray, recipe: Recipe
) -> Sample:
    """Return a stratified sample of the judged rows, as many as the recipe says."""
    size = recipe.evaluate.shortcut_images
    chosen = pixels.stratified_sample(dataset.iloc[judged], size, recipe.seed)["path"] if size else []
    at = np.flatnonzero(dataset["path"].isin(chosen))
    return Sample(rows, at, dataset["sha256"].iloc[at].tolist(), truth[at], answers[at])

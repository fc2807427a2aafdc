"""The baseline that a training has to beat: logistic regression on what the frozen, pretrained backbone sees.

A linear probe as in Kornblith et al. 2019 (arXiv:1805.08974): multinomial logistic regression with an L2 penalty,
fitted by L-BFGS on globally averaged feature maps; the penalty is chosen on validation.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.images import pixels
from evergreen.images.pixels import Images
from evergreen.images.rows import Rows
from evergreen.judging.baseline import Baseline
from evergreen.judging.judged import judged_images, judged_split
from evergreen.judging.metrics import losses, wilson
from evergreen.vision.networks import runtime
from evergreen.vision.pretrained import frozen, seen

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.recipe import Recipe

# Inverse strengths of the L2 penalty, on features of mean 0 and deviation 1; the first of equally good ones is taken.
_STRENGTHS = (0.001, 0.01, 0.1)
_MOST_STEPS = 1000
_TOLERANCE = 1e-3  # a tenth of it took twice as long, and no answer more was right (TrashNet)
_BLOCK = 1024


@dataclass(frozen=True)
class _Fitted:
    """A probe: its penalty's inverse strength, whether its fit converged, and what gives (N, K) probabilities."""

    c: float
    converged: bool
    model: Any


def probe(
    dataset: pd.DataFrame, images: Images, classes: list[str], recipe: Recipe, say: Callable[[str], None]
) -> Baseline:
    """Fit a linear probe on training images, choose its penalty on validation, and ask it about the judged split.

    Where images are mirrored in training, the probabilities for an image and its mirror image are averaged.

    Args:
        dataset: path, label, sha256, split.
        images: where they are read, and where pixels and features are kept: those of images as they are, are shared
            with a training whose backbone is frozen and whose head pools by the average.
        classes: class names in order.
        recipe: its ``train.backbone``, ``train.weights``, ``augment.horizontal_flip``, ``augment.magnitude``,
            ``evaluate.baseline_images``, ``image`` and ``seed`` are read.
        say: told, in words, what a person should know.

    Raises:
        WeightsUnavailable: the backbone's weights are not here.
    """
    import pandas as pd

    if why := _why_not(recipe):
        return Baseline({"why": why}, pd.DataFrame({"path": [], "predicted": []}, dtype=str))
    train = dataset[dataset["split"] == "train"].sort_values("path")
    learned = pixels.stratified_sample(train, recipe.evaluate.baseline_images, recipe.seed)
    judged = judged_images(dataset).sort_values("path")
    validation = dataset[dataset["split"] == "validation"].sort_values("path")
    some = f"{len(learned):,} of " if len(learned) < len(train) else ""
    say(f"a linear probe of the frozen {recipe.train.backbone} is fitted on {some}{len(train):,} training images")
    mirrored = bool(recipe.augment.horizontal_flip or recipe.augment.magnitude)
    runtime.start(recipe.seed)
    of = frozen(recipe.train.backbone, recipe.train.weights, recipe.image, images)
    look = partial(seen, of, images, recipe.image)
    sides = (False, True) if mirrored else (False,)
    inputs = _all(look(learned))
    checked, asked = ([look(table, mirrored=side) for side in sides] for table in (validation, judged))
    fitted = _fitted(
        inputs, pixels.targets(learned["label"], classes), checked, pixels.targets(validation["label"], classes)
    )
    answers = _scores(fitted.model, asked, len(classes)).argmax(axis=1)
    truth = pixels.targets(judged["label"], classes)
    right = int((answers == truth).sum())
    low, high = wilson(right, len(truth))
    found = {
        "backbone": recipe.train.backbone,
        "weights": recipe.train.weights,
        "pixels": [recipe.image.height, recipe.image.width],
        "split": judged_split(dataset["split"]),
        "accuracy": right / len(truth),
        "accuracy_low": low,
        "accuracy_high": high,
        "count": len(truth),
        "c": fitted.c,
        "converged": fitted.converged,
        "fitted_on": len(learned),
        "of": len(train),
        "mirrored": mirrored,
    }
    return Baseline(found, judged[["path"]].assign(predicted=[classes[answer] for answer in answers]))


def _why_not(recipe: Recipe) -> str:
    """Return why there is nothing to probe, or an empty string."""
    if recipe.evaluate.baseline_images == 0:
        return "evaluate.baseline_images is 0"
    if recipe.train.backbone == "cnn":
        return "a cnn has no pretrained backbone"
    if recipe.train.weights == "none":
        return f"train.weights is none, so the {recipe.train.backbone} knows nothing before it is trained"
    return ""


def _all(rows: Rows) -> np.ndarray:
    """Return all rows, as float64: the fit then ends at the same place whatever the order of its sums."""
    return np.asarray(rows.gather(np.arange(len(rows))), np.float64)


def _fitted(inputs: np.ndarray, labels: np.ndarray, checked: list[Rows], truth: np.ndarray) -> _Fitted:
    """Return the probe of the most right answers on validation; of equal ones, that of the least cross-entropy.

    Args:
        inputs: (N, C) features of training images.
        labels: (N,) class indices.
        checked: the features of validation, once for each side that they are seen from.
        truth: (M,) class indices of validation.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    best: tuple[tuple[float, float], _Fitted] | None = None
    for c in _STRENGTHS:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=c, tol=_TOLERANCE, max_iter=_MOST_STEPS))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", ConvergenceWarning)
            model.fit(inputs, labels)
        converged = not any(issubclass(warning.category, ConvergenceWarning) for warning in told)
        scores = _scores(model, checked, int(max(labels.max(), truth.max())) + 1)
        rank = (float((scores.argmax(axis=1) == truth).mean()), -float(losses(truth, scores).mean()))
        if best is None or rank > best[0]:
            best = rank, _Fitted(c, converged, model)
    assert best is not None  # noqa: S101 - there are strengths to try
    return best[1]


def _scores(model: Any, sides: list[Rows], classes: int) -> np.ndarray:
    """Return (N, K) probabilities, averaged over the sides; a class without training images has 0."""
    averaged = np.zeros((len(sides[0]), classes))
    for side in sides:
        given = np.concatenate([model.predict_proba(block.astype(np.float64)) for block in side.blocks(_BLOCK)])
        averaged[:, model.classes_] += given / len(sides)
    return averaged

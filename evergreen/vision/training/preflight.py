"""What wastes a night, looked for in the minute before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.errors import PreflightFailed

if TYPE_CHECKING:
    from evergreen.sections.training import Train
    from evergreen.vision.training.batches import Side

_STEPS = 12
_RATE = 1e-3
_LEAST_FALL = 1e-3
_MOST_IMAGES = 32


def check(model: Any, side: Side, train: Train) -> None:
    """Put one batch through a model, and learn from it for some steps; its weights and generators are as before then.

    Args:
        model: uncompiled, as ``networks.build`` returns it; it is compiled behind, unless its backbone is frozen.
        side: the training side: images, (H, W, 3) uint8, 0-255, and one-hot labels.
        train: its first phase says what is frozen.

    Raises:
        PreflightFailed: labels and outputs do not agree, pixels are scaled already, an output is no number, or the loss
            on one batch does not fall.
    """
    from evergreen.vision.networks import backbones, batch_norm, build, runtime
    from evergreen.vision.training.mirrored import spread
    from evergreen.vision.training.variables import assign

    if side.labels.shape[1] != model.output_shape[-1]:
        raise PreflightFailed(f"expected {model.output_shape[-1]} classes, the labels have {side.labels.shape[1]}")
    if side.rows.dtype != np.uint8:
        raise PreflightFailed(
            f"expected raw uint8 pixels, received {side.rows.dtype}: preprocessing is inside the model"
        )
    # From everywhere, so that the batch has several classes.
    chosen = np.linspace(0, len(side.rows) - 1, min(_MOST_IMAGES, len(side.rows))).round().astype(int)
    batch, truth = side.rows.gather(chosen), side.labels[chosen]
    phase = train.phases[0]
    whole = [*model.weights, *runtime.seeds(model)]
    untouched = [np.array(variable) for variable in whole]
    backbones.unfreeze(model, phase)
    batch_norm.fuse(model)
    learner, shown = model, batch
    if train.backbone != "cnn" and phase.unfreeze == "none":  # as the phase does: its backbone computes once
        before, learner = build.halves(model)
        shown = np.asarray(before(batch.astype(np.float32), training=False))
    scores = np.asarray(learner(shown.astype(np.float32), training=False))
    if not np.isfinite(scores).all() or not np.allclose(scores.sum(axis=1), 1, atol=1e-3):
        raise PreflightFailed("the network gives no probabilities for a batch of images: are its weights whole?")
    import keras

    if not learner.trainable_weights:
        raise PreflightFailed(
            "no layer of the network learns: change train.phases.0.unfreeze, or give train.head a layer"
        )
    learner.compile(keras.optimizers.Adam(_RATE), "categorical_crossentropy", jit_compile=False)
    spread(learner)
    losses = []
    for _ in range(_STEPS):
        learner.reset_metrics()  # else it would be the mean of all steps so far
        losses.append(float(learner.train_on_batch(shown, truth)))
    assign(whole, untouched)
    if not min(losses[1:]) < losses[0] * (1 - _LEAST_FALL):
        raise PreflightFailed(
            f"the loss on one batch went from {losses[0]:.4f} to {losses[-1]:.4f} in {_STEPS} steps: nothing is "
            "learned like this; are the labels right, and does a layer learn (train.phases.0.unfreeze, train.head)?"
        )

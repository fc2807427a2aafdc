"""evergreen.vision.training.losses: what is learned from, and that it is not what judges."""

from typing import Any

import numpy as np
import pytest

from evergreen.vision.training.losses import focus, smoothed


def test_a_share_of_a_label_goes_to_all_classes_alike() -> None:
    labels = np.eye(4, dtype=np.float32)[[2, 0]]
    assert smoothed(labels, 0) is labels
    changed = smoothed(labels, 0.2)
    np.testing.assert_array_equal(changed, np.float32([[0.05, 0.05, 0.85, 0.05], [0.85, 0.05, 0.05, 0.05]]))
    assert changed.dtype == np.float32
    assert labels.max() == 1


def _model(scores: np.ndarray, l2: float = 0.1) -> Any:
    """A model whose scores are its only weights, one row an image, and whose penalty is a share of their squares."""
    import keras

    inputs = keras.Input((len(scores),))
    penalty = keras.regularizers.L2(l2)
    layer = keras.layers.Dense(scores.shape[1], use_bias=False, activation="softmax", kernel_regularizer=penalty)
    model = keras.Model(inputs, layer(inputs))
    model.set_weights([scores])
    model.compile(keras.optimizers.SGD(1.0), "categorical_crossentropy", jit_compile=False)
    return model


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_training_sees_the_focal_loss_and_judging_cross_entropy(gamma: float) -> None:
    scores = np.float32([[2, 0, 1], [0, 1, 0.5]])
    labels, weights = np.float32([[0.9, 0.05, 0.05], [0, 1, 0]]), np.float32([1, 3])
    likely = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    model, rows = _model(scores), np.eye(2, dtype=np.float32)
    focus(model, gamma)
    focus(model, gamma)  # as a second phase does it
    penalty = 0.1 * (scores**2).sum()
    entropy = -(labels * np.log(likely)).sum(axis=1)
    judged = model.test_on_batch(rows, labels, weights)
    assert judged == pytest.approx((entropy * weights).mean() + penalty, rel=1e-5)
    focal = -(labels * (1 - likely) ** gamma * np.log(likely)).sum(axis=1)
    model.reset_metrics()
    learned = model.train_on_batch(rows, labels, weights)
    assert learned == pytest.approx((focal * weights).mean() + penalty, rel=1e-5)
    assert model.test_on_batch(rows, labels, weights) < judged


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_the_hardest_image_has_a_gradient_and_the_easiest_no_infinite_one(gamma: float) -> None:
    model = _model(
        np.float32([[40, 0], [100, 0]]), l2=0
    )  # the first of class 1, by e to the -40; the second of class 0
    focus(model, gamma)
    before = model.get_weights()[0]
    model.train_on_batch(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32)[[1, 0]])
    moved = model.get_weights()[0] - before
    assert moved[0] == pytest.approx([-0.5, 0.5], rel=1e-3)
    assert moved[1] == pytest.approx([0, 0], abs=1e-3)

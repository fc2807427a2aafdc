"""evergreen.vision.training.losses: what is learned from, and that it is not what judges."""

from typing import Any

import numpy as np
import pytest

from evergreen.vision.training.losses import focus, follow, smoothed, softened


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


@pytest.mark.parametrize("temperature", [1.0, 3.0])
@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_who_follows_a_teacher_learns_by_both_and_is_judged_by_labels(temperature: float, gamma: float) -> None:
    scores, weight = np.float32([[2, 0, 1], [0, 1, 0.5]]), 0.7
    labels, weights = np.float32([[1, 0, 0], [0, 0.9, 0.1]]), np.float32([1, 3])
    teacher = softened(np.float32([[0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]), temperature)

    def loss(scores: np.ndarray) -> float:
        def of(scores: np.ndarray) -> np.ndarray:
            return np.asarray(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True))

        hard = -(labels * (1 - of(scores)) ** gamma * np.log(of(scores))).sum(axis=1)
        soft = -(temperature**2) * (teacher * np.log(of(scores / temperature))).sum(axis=1)
        return float((((1 - weight) * hard + weight * soft) * weights).mean() + 0.1 * (scores**2).sum())

    model, rows = _model(scores), np.eye(2, dtype=np.float32)
    model.compile(model.optimizer, "categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    follow(model, temperature, weight, gamma)
    follow(model, temperature, weight, gamma)  # as a second phase does it
    likely = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    judged = model.test_on_batch(rows, labels, weights, return_dict=True)
    entropy = -(labels * np.log(likely)).sum(axis=1)
    assert judged["loss"] == pytest.approx((entropy * weights).mean() + 0.1 * (scores**2).sum(), rel=1e-5)
    learned = model.train_on_batch(rows, np.concatenate([labels, teacher], axis=1), weights, return_dict=True)
    assert learned["loss"] == pytest.approx(loss(scores.astype(np.float64)), rel=1e-5)
    assert (judged["accuracy"], learned["accuracy"]) == (1, 1)  # of the labels: the teacher answers otherwise
    step = 1e-4 * np.eye(6).reshape(6, 2, 3)
    wanted = [(loss(scores + one) - loss(scores - one)) / 2e-4 for one in step]
    moved = (scores - model.get_weights()[0]).reshape(6)  # at a rate of 1
    np.testing.assert_allclose(moved, wanted, rtol=2e-3, atol=1e-4)


def test_softened_probabilities_are_those_of_divided_logits() -> None:
    logits = np.float32([[3, -1, 0.5], [0, 0, 20]])

    def of(scores: np.ndarray) -> np.ndarray:
        return np.asarray(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True), np.float32)

    np.testing.assert_allclose(softened(of(logits), 4), of(logits / 4), rtol=1e-5)
    found = softened(np.float32([[1, 0]]), 2)
    np.testing.assert_array_equal(found, [[1, 0]])
    assert found.dtype == np.float32

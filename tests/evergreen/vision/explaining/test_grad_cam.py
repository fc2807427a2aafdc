"""evergreen.vision.explaining.grad_cam: heat is on what decides, and is the trained network's own."""

import cv2
import numpy as np
import pytest
from known_places import SIDE, Learned
from scipy.stats import spearmanr

from evergreen.vision.explaining.grad_cam import grad_cam
from evergreen.vision.explaining.parts import parts_of


def test_heat_lies_on_the_object_where_the_object_alone_decides(shapes: Learned) -> None:
    """The pointing game (Zhang et al. 2016, arXiv:1608.00507), and how much of the heat is on the object."""
    assert (shapes.answers() == shapes.classes).mean() >= 0.9
    heat = grad_cam(parts_of(shapes.model), shapes.images, shapes.classes)
    assert heat.dtype == np.float32
    assert heat.shape == shapes.images.shape[:3]
    assert (heat.min(), heat.max()) == (0, 1)
    hottest = heat.reshape(len(heat), -1).argmax(axis=1)
    hits = shapes.boxes.reshape(len(heat), -1)[np.arange(len(heat)), hottest]
    assert hits.mean() >= 0.9
    share = (heat * shapes.boxes).sum() / heat.sum()
    assert share >= 2 * shapes.boxes.mean()


def test_a_network_of_random_weights_gives_other_maps(digits: Learned) -> None:
    """The model parameter randomization test of Adebayo et al. 2018, arXiv:1810.03292, all layers at once.

    Spearman's rank correlation of the absolute maps, which are the maps themselves as none is below 0; of each image
    its absolute value, then the mean over 50. A map without heat has no ranks, and is left out.
    """
    answers = digits.answers()
    assert (answers == digits.classes).mean() >= 0.9
    own = grad_cam(parts_of(digits.model), digits.images, answers)
    assert len(own) == 50
    correlations = []
    for seed in range(101, 104):
        others = grad_cam(parts_of(digits.untrained(seed)), digits.images, answers)
        found = [
            abs(spearmanr(one.ravel(), other.ravel()).statistic)
            for one, other in zip(own, others, strict=True)
            if one.any() and other.any()
        ]
        assert len(found) >= 25
        correlations.append(np.mean(found))
    assert max(correlations) <= 0.3, correlations
    again = grad_cam(parts_of(digits.model), digits.images, answers)
    assert np.array_equal(own, again)


def test_another_class_has_another_map_and_images_do_not_touch_each_other(shapes: Learned) -> None:
    parts = parts_of(shapes.model)
    images, classes = shapes.images[:6], shapes.classes[:6]
    heat = grad_cam(parts, images, classes)
    other = grad_cam(parts, images, (classes + 1) % 3)
    assert not np.allclose(heat, other, atol=0.05)
    turned = grad_cam(parts, images[::-1], classes[::-1])
    assert turned[::-1] == pytest.approx(heat, abs=1e-4)
    many = grad_cam(parts, np.concatenate([images] * 12), np.concatenate([classes] * 12))  # over one batch
    assert many[-6:] == pytest.approx(heat, abs=1e-4)
    assert grad_cam(parts, images[:0], classes[:0]).shape == (0, SIDE, SIDE)


@pytest.mark.parametrize("shapes", ["average"], indirect=True)
def test_with_average_pooling_and_one_dense_layer_it_is_cam(shapes: Learned) -> None:
    """As Selvaraju et al. 2017 show: the channels weighed by the class's weights (Zhou et al. 2016)."""
    parts = parts_of(shapes.model)
    images, classes = shapes.images[:4], shapes.classes[:4]
    maps = parts.trunk.predict_on_batch(images)
    cam = np.maximum(np.einsum("nijk,kn->nij", maps, np.asarray(parts.behind[-1].kernel)[:, classes]), 0)
    large = np.stack([cv2.resize(one, (SIDE, SIDE)) for one in cam])
    assert grad_cam(parts, images, classes) == pytest.approx(large / large.max(axis=(1, 2), keepdims=True), abs=1e-4)

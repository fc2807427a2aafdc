"""evergreen.vision.explaining.explain: Grad-CAM where there is a map, occlusion else, and it says which."""

import numpy as np
import pytest
from known_places import Learned

from evergreen.vision.explaining.explain import explainer
from evergreen.vision.explaining.grad_cam import grad_cam
from evergreen.vision.explaining.occlusion import occlusion
from evergreen.vision.explaining.parts import parts_of


@pytest.mark.parametrize("shapes", ["average"], indirect=True)
def test_the_method_goes_by_the_model(shapes: Learned) -> None:
    import keras

    def ask(images: np.ndarray) -> np.ndarray:
        return np.asarray(shapes.model.predict_on_batch(images))

    images, classes = shapes.images[:3], shapes.classes[:3]
    kinds = {
        "grad-cam": (explainer(ask, shapes.model), grad_cam(parts_of(shapes.model), images, classes)),
        "occlusion": (explainer(ask), occlusion(ask, images, classes)),
    }
    for method, (made, heat) in kinds.items():
        assert made.method == method
        assert np.array_equal(made.heat(images, classes), heat)
    inputs = keras.Input((32, 32, 3))
    flat = keras.layers.Dense(3, activation="softmax")(keras.layers.Flatten()(inputs))
    assert explainer(ask, keras.Model(inputs, flat)).method == "occlusion"

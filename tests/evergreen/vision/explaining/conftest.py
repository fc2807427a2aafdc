"""Two small networks that were really trained: on shapes whose places are known, and on handwritten digits."""

import cv2
import numpy as np
import pytest
from known_places import SIDE, Learned, shapes_in_noise, trained_on
from sklearn.datasets import load_digits

from evergreen.recipe import load_recipe


@pytest.fixture(
    scope="session", params=["average", *(pytest.param(name, marks=pytest.mark.soak) for name in ("max", "flatten"))]
)
def shapes(request: pytest.FixtureRequest) -> Learned:
    blocks = "{filters: 16, batch_norm_momentum: 0.8}, {filters: 32, batch_norm_momentum: 0.8, pool: none}"
    recipe = load_recipe(
        "digits",
        [
            f"image={{height: {SIDE}, width: {SIDE}}}",
            f"train.cnn=[{blocks}]",
            f"train.head={{pooling: {request.param}}}",
        ],
    )
    # Behind a flattening every place has weights of its own, which must be learned at each.
    images, classes, _ = shapes_in_noise(2400 if request.param == "flatten" else 450, 0)
    return Learned(trained_on(recipe, images, classes, 6), recipe, *shapes_in_noise(50, 9))


@pytest.fixture(scope="session")
def digits() -> Learned:
    """The network of recipes/digits.yaml, briefly trained."""
    recipe = load_recipe(
        "digits", ["train.cnn=[{filters: 16, batch_norm_momentum: 0.8}, {filters: 32, batch_norm_momentum: 0.8}]"]
    )
    side, found = recipe.image.height, load_digits()
    grey = np.stack([cv2.resize((one * 255 / 16).astype(np.uint8), (side, side)) for one in found.images])
    images = grey[..., None].repeat(3, axis=-1)
    model = trained_on(recipe, images[:1400], found.target[:1400], 5)
    return Learned(model, recipe, images[-50:], found.target[-50:], np.zeros(0))

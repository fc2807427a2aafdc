"""evergreen.vision.formats.interchange.shared: one function and one description for both."""

from pathlib import Path

import numpy as np
from tiny_training import RECIPE

from evergreen.sections.data import Image
from evergreen.vision.formats.contract import Trained
from evergreen.vision.formats.interchange.shared import input_of, traced
from evergreen.vision.networks import build, runtime


def test_the_function_is_the_model_for_any_number_of_images() -> None:
    runtime.start(1)
    model = build.build(RECIPE.train, RECIPE.image, 3)
    function, signature = traced(model)
    assert (signature.name, signature.shape.as_list()) == ("image", [None, 8, 8, 3])
    images = np.random.default_rng(1).uniform(0, 255, (5, 8, 8, 3)).astype(np.float32)
    assert np.allclose(function(images)["scores"], model.predict_on_batch(images), atol=1e-6)


def test_the_description_is_of_the_recipes_image() -> None:
    image = Image(height=24, width=32, resize="crop", interpolation="bicubic")
    told = input_of(Trained(Path(), None, Path(), [], lambda: iter(()), image))
    assert (told["height"], told["width"], told["layout"]) == (24, 32, "NHWC")
    assert told["resize"] == {"rule": "crop", "interpolation": "bicubic"}

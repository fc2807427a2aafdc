"""evergreen.vision.formats.savedmodel: named scores, for any number of images."""

from typing import Any

import numpy as np
from tiny_training import CLASSES


def test_the_saved_model_serves_named_scores_for_any_number_of_images(
    exports: Any, batch: np.ndarray, reference: np.ndarray
) -> None:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(exports.folder / "savedmodel"))
    for count in (1, 7):
        answer = loaded.signatures["serving_default"](image=tf.constant(batch[:count], tf.float32))
        assert set(answer) == {"scores", "classes"}
        assert np.allclose(answer["scores"].numpy(), reference[:count], atol=1e-5)
        assert answer["classes"].numpy().astype(str).tolist() == [CLASSES] * count

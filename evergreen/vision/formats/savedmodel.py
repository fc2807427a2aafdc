"""TensorFlow SavedModel: one serving signature, (N, H, W, 3) float32 in 0-255 -> {probabilities: (N, K) float32}."""

from pathlib import Path
from typing import Any

import numpy as np

from evergreen.vision.formats.contract import Predictor

SIGNATURE = "serving_default"


def write(model: Any, folder: Path) -> None:
    """Write a Keras model as a SavedModel into ``folder``."""
    import keras
    import tensorflow as tf

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        name=SIGNATURE,
        fn=lambda image: {"probabilities": model(image, training=False)},
        input_signature=[tf.TensorSpec([None, *model.input_shape[1:]], tf.float32, name="image")],
    )
    archive.write_out(str(folder), verbose=False)


def open_predictor(folder: Path) -> Predictor:
    """Load with TensorFlow alone and return a function (N, H, W, 3) uint8 -> (N, K) float32."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))
    serve = loaded.signatures[SIGNATURE]

    def predict(images: np.ndarray) -> np.ndarray:
        batches = [images[start : start + 64] for start in range(0, len(images), 64)]
        keep_alive = loaded  # the signature holds the model's variables weakly
        outputs = [serve(image=tf.constant(batch, tf.float32))["probabilities"].numpy() for batch in batches]
        del keep_alive
        return np.concatenate(outputs)

    return predict

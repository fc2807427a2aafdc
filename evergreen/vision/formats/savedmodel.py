"""TensorFlow SavedModel: one serving signature, (N, H, W, 3) float32 in 0-255 -> scores and class names.

The names of the outputs are those of TensorFlow's own classification signature (tf.saved_model, CLASSIFY_OUTPUTS).
"""

from pathlib import Path
from typing import Any

from evergreen.vision.formats.contract import Predictor, Trained
from evergreen.vision.formats.runtimes import process

SIGNATURE = "serving_default"


def write(trained: Trained, folder: Path) -> None:
    """Write a SavedModel whose signature returns ``scores``, (N, K) float32, and ``classes``, (N, K) strings."""
    import tensorflow as tf

    def serve(image: Any) -> dict[str, Any]:
        names = tf.constant([trained.classes])
        return {"scores": trained.model(image, training=False), "classes": tf.repeat(names, tf.shape(image)[0], 0)}

    _write(trained.model, serve, folder)


def bare(trained: Trained, one: bool = False) -> Path:
    """Return a SavedModel that returns ``scores`` alone, for converters: strings are not for all. It is written once.

    Args:
        trained: the model.
        one: whether it takes one image, (1, H, W, 3), instead of any number of them.
    """
    folder = trained.saved.with_name(f"{trained.saved.name}-for-one") if one else trained.saved
    if not folder.exists():
        write_bare(trained.model, folder, 1 if one else None)
    return folder


def write_bare(model: Any, folder: Path, count: int | None = None) -> None:
    """Write a SavedModel of a Keras model that returns ``scores`` alone.

    Args:
        model: (N, H, W, 3) -> (N, K).
        folder: where it goes.
        count: the only N that it takes; None for any.
    """
    _write(model, lambda image: {"scores": model(image, training=False)}, folder, count)


def open_predictor(folder: Path) -> Predictor:
    """Return a predictor that runs TensorFlow alone, in a process that can import neither Keras nor Evergreen."""
    return process.python("savedmodel", folder)


def _write(model: Any, serve: Any, folder: Path, count: int | None = None) -> None:
    # Keras' own ExportArchive writes every variable twice (3.15.1: as its own and as TensorFlow's).
    import tensorflow as tf

    module = tf.Module()
    module.weights = [variable.value for variable in model.variables]
    image = tf.TensorSpec([count, *model.input_shape[1:]], tf.float32, name="image")
    traced = tf.function(serve, input_signature=[image]).get_concrete_function()
    tf.saved_model.save(module, str(folder), signatures={SIGNATURE: traced})

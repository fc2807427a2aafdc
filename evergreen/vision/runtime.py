"""TensorFlow, set up once per process and always the same way."""

import os


def start(seed: int = 0) -> None:
    """Make the next computation reproducible: seeded, deterministic kernels, float32.

    Args:
        seed: of Python, NumPy and TensorFlow.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    import tensorflow as tf

    keras.backend.clear_session()
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()

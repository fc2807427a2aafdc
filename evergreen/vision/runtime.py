"""TensorFlow, set up once per process and always the same way."""

import hashlib
import os
from typing import Any


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


def seed_of(seed: int, *numbers: int) -> int:
    """Return a seed of its own, 0 to 2^31 - 1, for a phase and an epoch of a training."""
    text = " ".join(str(number) for number in (seed, *numbers))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) & 0x7FFF_FFFF


def reseed(model: Any, seed: int) -> None:
    """Set every generator back to a state that depends on the seed alone, those inside dropout layers too."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(seed)
    for position, layer in enumerate(model._flatten_layers()):
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            generator.state.assign(np.array([seed_of(seed, position), 0], np.uint32))

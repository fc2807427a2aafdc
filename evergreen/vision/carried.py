"""A frozen network that another process computes with: as bytes, with the manner in which they count as the same.

The last digits of what a network gives depend on the processor's instructions, the libraries and the number of threads.
So both sides compute a batch of drawn pictures first; only where all digits agree does the other's answer count.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from blake3 import blake3

from evergreen.images.processors import processors
from evergreen.vision.networks import activations, batch_norm, runtime, saving
from evergreen.vision.networks.precision import Precision
from evergreen.vision.training.features import BATCH, outputs

_LIBRARIES = ("tensorflow", "keras", "numpy")


@dataclass(frozen=True)
class Manner:
    """How a process computes with a network.

    Attributes:
        threads: on how many TensorFlow does.
        precision: as ``runtime.start`` takes it.
        gelu: whether its GELU layers are those of a network in training (``activations.fuse``).
    """

    threads: int
    precision: Precision
    gelu: bool


def manner_of(model: Any) -> Manner:
    """Return how this process computes with a network now."""
    import keras
    import tensorflow as tf

    precision: Precision = "float32"
    if keras.config.dtype_policy().name == "mixed_float16":
        precision = "mixed_float16"
    elif tf.config.optimizer.get_experimental_options().get("auto_mixed_precision_onednn_bfloat16"):
        precision = "bfloat16"
    threads = tf.config.threading.get_intra_op_parallelism_threads() or processors()
    return Manner(threads, precision, activations.are_fused(model))


def packed(model: Any) -> bytes:
    """Return a network as the bytes of a ``.keras`` file."""
    with TemporaryDirectory(prefix="evergreen-") as folder:
        path = Path(folder, "carried.keras")
        saving.save(model, path)
        return path.read_bytes()


def unpacked(data: bytes, manner: Manner) -> Any:
    """Set up TensorFlow as a manner says, and return the network of some bytes.

    Raises:
        ThreadsFixed: TensorFlow computes in this process on another number of threads, which it cannot change.
        ValueError: Keras refuses the bytes.
    """
    runtime.start(0, manner.precision, manner.threads)
    import keras

    with TemporaryDirectory(prefix="evergreen-") as folder:
        path = Path(folder, "carried.keras")
        path.write_bytes(data)
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    batch_norm.fuse(model)
    if manner.gelu:
        activations.fuse(model)
    return model


def told_of(model: Any, manner: Manner) -> dict[str, str]:
    """Return what of this process decides the bytes that a network gives, by names for people.

    Args:
        model: from raw images, (N, H, W, 3) in 0-255.
        manner: how it computes here.
    """
    told = {name: version(name) for name in _LIBRARIES}
    told |= {"processor": platform.machine(), "train.threads": str(manner.threads), "train.precision": manner.precision}
    return told | {"what the network makes of drawn pictures": _drawn(model)}


def _drawn(model: Any) -> str:
    """Return a digest of what a network gives for pictures that are alike on every machine."""
    height, width = model.input_shape[1:3]
    rough = np.random.default_rng(0).integers(0, 256, (BATCH, height // 8 + 1, width // 8 + 1, 3), np.uint8)
    pictures = rough.repeat(8, 1).repeat(8, 2)[:, :height, :width]
    found = blake3()
    for block in outputs(model, lambda at: pictures[at], range(BATCH)):
        found.update(np.ascontiguousarray(block).data.cast("B"))
    return found.hexdigest()[:12]

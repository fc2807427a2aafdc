"""TensorFlow, set up once per process and always the same way."""

import gc
import hashlib
import os
import random
from functools import cache
from typing import Any

from evergreen.errors import ThreadsFixed
from evergreen.images.processors import logical_cpus, of_this_step, processors
from evergreen.vision.networks.precision import Precision

_starts: list[None] = []


@cache
def load() -> None:
    """Import TensorFlow and Keras, which takes seconds, and compute nothing.

    The collector leaves alone what came with them: ``clear_session`` looks for garbage each time, among half a million
    objects that all stay: 0.4 s, seven times a run.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    gc.collect()  # what is garbage by now would stay, too
    collects = gc.isenabled()
    gc.disable()
    try:
        import keras  # noqa: F401
        import tensorflow  # noqa: F401 - and its lazy parts

        gc.freeze()
    finally:
        if collects:
            gc.enable()


def start(seed: int = 0, precision: Precision = "float32", threads: int | None = None) -> None:
    """Make the next computation reproducible: seeded, deterministic kernels, a stated precision and number of threads.

    Args:
        seed: of Python, NumPy and TensorFlow.
        precision: of layers that are built from now on; ``bfloat16`` has oneDNN multiply in it and keeps float32 else.
        threads: on how many TensorFlow computes; as many as the running step's key says if it is not given.

    Raises:
        ThreadsFixed: TensorFlow started in this process with another number, which it cannot change.
    """
    load()
    import keras
    import tensorflow as tf

    _divide_processor()
    _share_out(threads or of_this_step.get())
    _forget_gradients()
    keras.backend.clear_session()
    keras.config.set_dtype_policy("mixed_float16" if precision == "mixed_float16" else "float32")
    _seed(seed)
    tf.config.experimental.enable_op_determinism()
    tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": precision == "bfloat16"})
    _starts.append(None)


def starts() -> int:
    """Return how often this process was set up: who computed before the last time sets it up anew."""
    return len(_starts)


def _forget_gradients() -> None:
    """Let go of the graphs of functions that were traced before: nothing takes a gradient through them any more.

    TensorFlow registers each custom gradient of a graph for ever, Keras' optimizer makes one in each function that
    trains, and such a gradient holds the function's graph, so the model: 25,000 objects and 80 MB a training.
    """
    from tensorflow.python.framework.ops import gradient_registry  # it has no public way to forget

    known = gradient_registry._registry
    for name in [name for name in known if name.startswith("CustomGradient-")]:
        del known[name]


@cache
def _divide_processor() -> None:
    """Make of the processor as many devices as ``EVERGREEN_LOGICAL_CPUS`` says, for tests of several."""
    if (parts := logical_cpus()) == 1:
        return
    import tensorflow as tf

    processor, *_ = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * parts)


def _share_out(threads: int | None) -> None:
    """Have TensorFlow compute on so many threads; without a number, on as many as it does, or may."""
    import tensorflow as tf

    now = tf.config.threading.get_intra_op_parallelism_threads()
    wanted = threads or now or processors()
    try:
        tf.config.threading.set_intra_op_parallelism_threads(wanted)
    except RuntimeError:  # it runs: the number stands
        if wanted != (now or processors()):
            raise ThreadsFixed(
                f"expected TensorFlow to compute on {wanted} threads, as the recipe says; in this process it runs on "
                f"{now or processors()} already and cannot change: run this recipe in a process of its own, or give "
                "all recipes of this process the same train.threads"
            ) from None


def may_compile() -> bool | str:
    """Return Keras' ``jit_compile``: never on a CPU, where it was measured to be 2 to 8 times slower."""
    import keras

    return "auto" if keras.config.dtype_policy().name == "mixed_float16" else False


def seed_of(seed: int, *numbers: int) -> int:
    """Return a seed of its own, 0 to 2^31 - 1, for a phase and an epoch of a training."""
    text = " ".join(str(number) for number in (seed, *numbers))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) & 0x7FFF_FFFF


def reseed(model: Any, seed: int) -> None:
    """Set the generators that a training draws from, those inside dropout layers, to a state of the seed alone.

    TensorFlow's own seed is left as ``start`` set it: no layer of Keras 3 draws by it, and setting it has TensorFlow
    prepare every graph again, which was a third of an epoch of 374 photos. Where several devices have the model, each
    draws for itself; the first as one alone would.
    """
    import numpy as np

    for position, state in enumerate(_states(model)):
        for device, own in enumerate(copies(state)):
            numbers = (position, device) if device else (position,)
            own.assign(np.array([seed_of(seed, *numbers), 0], np.uint32))


def _seed(seed: int) -> None:
    """Seed everything, and have Keras draw the seeds of its initializers and dropout from a generator of its own.

    Keras draws them from Python's ``random``, which is the whole process's: a thread that sends a websocket's ping (of
    Prefect, say) draws from it too, and the network that is being built then begins with other weights.

    Raises:
        RuntimeError: this version of Keras draws them elsewhere.
    """
    import keras
    from keras.src.random import seed_generator

    keras.utils.set_random_seed(seed)  # noqa: TID251 - the one place
    if not hasattr(seed_generator, "python_random"):
        raise RuntimeError(f"Keras {keras.__version__} draws seeds from an unknown place: install the locked version")
    seed_generator.python_random = random.Random(seed)  # noqa: S311 - gives what random.seed(seed) would


def seeds(model: Any) -> list[Any]:
    """Return the states of the generators inside a model's layers, in the layers' order; of each, every device's."""
    return [own for state in _states(model) for own in copies(state)]


def strategy_of(variable: Any) -> Any:
    """Return the ``tf.distribute.Strategy`` under which several devices have a Keras variable; None of one device's."""
    return getattr(variable.value, "distribute_strategy", None)


def copies(variable: Any) -> list[Any]:
    """Return each device's copy of a Keras variable; itself if one device has it."""
    strategy = strategy_of(variable)
    return [variable] if strategy is None else list(strategy.experimental_local_results(variable.value))


def _states(model: Any) -> list[Any]:
    generators = (getattr(layer, "seed_generator", None) for layer in model._flatten_layers())
    return [generator.state for generator in generators if generator is not None]

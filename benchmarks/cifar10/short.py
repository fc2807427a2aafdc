"""Measure a training step of cifar10-fast's network beside the same network, airbench94's, in PyTorch.

    .venv/bin/python benchmarks/cifar10/short.py PYTHON

``PYTHON`` has PyTorch (an environment of its own). Both run on as many threads, on the same numbers of random images in
the recipe's batches, and take turns: a few steps each, in float32 and, where the processor multiplies it, in bfloat16.
Without ``PYTHON`` ours alone is measured. The recipe's augmentation, which a thread makes beside the steps, counts in
the last line.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

from evergreen.images.processors import processors
from evergreen.recipe import load_recipe
from evergreen.vision.networks import activations, batch_norm, build, runtime
from evergreen.vision.networks.precision import Precision, precision_of

sys.path.append(str(Path(__file__).parents[1]))
from retraining import processor

RECIPE = load_recipe("cifar10-fast")
BATCH = RECIPE.train.phases[0].batch
STEPS, ROUNDS = 3, 5
TORCH = Path(__file__).with_name("short_torch.py")


def main() -> None:
    """Print operations an image, images a second of both, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("torch", nargs="?", help="a Python that has PyTorch")
    arguments = parser.parse_args()
    own = precision_of(RECIPE.train)
    print(f"{processors()} threads, {processor()}; batches of {BATCH}; the rule's precision is {own}")
    for precision in dict.fromkeys(("float32", own)):
        ours = Ours(precision)
        theirs = Theirs(arguments.torch, precision) if arguments.torch else None
        print(f"{precision}: {ours.operations / 1e6:,.0f} million multiplications an image, forwards")
        rates: dict[str, list[float]] = {"ours": [], "PyTorch": []}
        for _ in range(ROUNDS):
            rates["ours"].append(ours.rate())
            if theirs:
                rates["PyTorch"].append(theirs.rate())
        medians = {name: statistics.median(values) for name, values in rates.items() if values}
        print("; ".join(f"{name} {rate:,.0f} images/s" for name, rate in medians.items()), end="")
        print(f"; ratio {medians['ours'] / medians['PyTorch']:.2f}" if theirs else "", flush=True)


class Ours:
    """The recipe's network as a training has it: fused, compiled with SGD, in a precision."""

    def __init__(self, precision: Precision) -> None:
        runtime.start(RECIPE.seed, precision)
        self._model = build.build(RECIPE.train, RECIPE.image, 10)
        batch_norm.fuse(self._model)
        activations.fuse(self._model)
        optimizer = keras.optimizers.SGD(1e-3, momentum=0.85, nesterov=True)
        self._model.compile(optimizer, "categorical_crossentropy", jit_compile=False)
        rng = np.random.default_rng(0)
        self._images = rng.uniform(0, 255, (BATCH, 32, 32, 3)).astype(np.float32)
        self._labels = np.eye(10, dtype=np.float32)[rng.integers(0, 10, BATCH)]
        self._precision = precision
        self._steps()

    @property
    def operations(self) -> int:
        """Multiplications of the convolutions and dense layers for one image, forwards."""
        found = 0
        for layer in self._model.layers:
            if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
                places = int(np.prod(layer.output.shape[1:-1]))
                found += places * int(np.prod(layer.kernel.shape))
        return found

    def rate(self) -> float:
        """Return images a second."""
        began = time.perf_counter()
        self._steps()
        return STEPS * BATCH / (time.perf_counter() - began)

    def _steps(self) -> None:
        tf.config.optimizer.set_experimental_options(
            {"auto_mixed_precision_onednn_bfloat16": self._precision == "bfloat16"}
        )
        for _ in range(STEPS):
            self._model.train_on_batch(self._images, self._labels)


class Theirs:
    """The network in PyTorch, in a process that runs a few steps whenever it is told."""

    def __init__(self, python: str, precision: Precision) -> None:
        command = [python, str(TORCH), str(processors()), str(BATCH), str(STEPS), precision]
        self._process: Any = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def rate(self) -> float:
        """Return images a second."""
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())


if __name__ == "__main__":
    main()

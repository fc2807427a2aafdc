"""Measure anonymous memory of a training: how much it grows from 2,500 to 60,000 images.

    .venv/bin/python benchmarks/memory.py

Each count is trained in a process of its own for one epoch, cold, from 32x32 PNGs made on the fly, with cifar10's
augmentation. Pixels are decoded into the cache and memory-mapped; what is counted is the peak of RssAnon.
"""

import hashlib
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

COUNTS = (2_500, 60_000)


def main() -> None:
    """Print the peak for each count, and the growth."""
    peaks = {}
    for count in COUNTS:
        done = subprocess.run([sys.executable, __file__, str(count)], capture_output=True, text=True, check=True)
        peaks[count] = float(done.stdout.split()[-1])
        print(f"{count:,} images: peak anonymous memory {peaks[count]:,.0f} MiB", flush=True)
    print(f"growth: {peaks[COUNTS[1]] - peaks[COUNTS[0]]:,.0f} MiB")


def measure(count: int) -> float:
    """Train on so many images and return the peak of anonymous memory in MiB."""
    import cv2
    import numpy as np
    import pandas as pd

    from evergreen.images.pixels import Images
    from evergreen.recipe import load_recipe
    from evergreen.vision.train import Callbacks, ClassBalance, Labelled, ModelFiles, train

    def read(digest: str) -> bytes:
        pixels = np.frombuffer(bytes.fromhex(digest) * 96, np.uint8).reshape(32, 32, 3)
        return bytes(cv2.imencode(".png", pixels)[1])

    recipe = load_recipe("cifar10", ["train.phases=[{epochs: 1, batch: 64}]", "train.cnn=[{filters: 8}]"])
    digests = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]
    classes = [str(number) for number in range(10)]
    table = pd.DataFrame({
        "path": digests,
        "label": [classes[number % 10] for number in range(count)],
        "sha256": digests,
        "split": ["validation" if number % 5 == 0 else "train" for number in range(count)],
    })  # fmt: skip
    peak = [0.0]
    threading.Thread(target=_watch, args=(peak,), daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        images = Images(read, Path(folder) / "pixels", Path(folder) / "features")
        file = ModelFiles(Path(folder) / "model.keras")
        train(Labelled(table, images, classes), ClassBalance(), recipe, file, Callbacks())
    return peak[0]


def _watch(peak: list[float]) -> None:
    while True:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        anonymous = next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
        peak[0] = max(peak[0], anonymous / 1024)
        time.sleep(0.02)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(measure(int(sys.argv[1])))
    else:
        main()

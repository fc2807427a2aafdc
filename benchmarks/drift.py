"""Drift on CIFAR-10: false alarms, power, and accuracy without labels. docs/drift.md has the numbers.

    python benchmarks/drift.py make  IMAGES.zip FILE.npz    a small network of 8 classes, and what it makes of the test
    python benchmarks/drift.py judge FILE.npz               the table's rows, one JSON a line

The network learns from the training images of 8 of the 10 classes; the other two are the new class. All that is judged
is of the 10,000 test images, which it never saw: 1,000 are the reference, 1,000 the calibration, the rest the windows.
"""

import sys
import time
import zipfile
from pathlib import Path

import cv2
import numpy as np

NEW = ("frog", "truck")
SIDE = 32
SECONDS = 240
LEARNED = 24_000
# Standard deviation in pixels, factor, standard deviation of 255.
STRENGTHS = {"blur": (0.8, 1.2, 1.6), "dark": (0.7, 0.5, 0.35), "noise": (10, 20, 30)}


def images(archive: zipfile.ZipFile, split: str) -> tuple[np.ndarray, list[str]]:
    """Return (N, 32, 32, 3) uint8 and labels."""
    names = sorted(name for name in archive.namelist() if name.startswith(f"cifar-10-images/{split}/"))
    pixels = np.stack(
        [
            cv2.imdecode(np.frombuffer(archive.read(name), np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
            for name in names
            if name.endswith(".jpg")
        ]
    )
    return pixels, [name.split("/")[2] for name in names if name.endswith(".jpg")]


def changed(name: str, pixels: np.ndarray, seed: int, strength: float = 0) -> np.ndarray:
    """Return pictures under one of the changes of the table; without a strength, in the middle one."""
    random = np.random.default_rng(seed)
    strength = strength or STRENGTHS.get(name, (0, 0))[1]
    if name == "blur":
        return np.stack([cv2.GaussianBlur(one, (0, 0), strength) for one in pixels])
    if name == "dark":
        return (pixels * strength).astype(np.uint8)
    if name == "noise":
        return np.clip(pixels + random.normal(0, strength, pixels.shape), 0, 255).astype(np.uint8)
    if name == "background":
        rows, columns = np.mgrid[0:SIDE, 0:SIDE] - (SIDE - 1) / 2
        behind = np.hypot(rows / 13, columns / 13) > 1  # around the middle, where the objects are
        found = pixels.copy()
        for one in found:
            spots = random.integers(0, 256, (4, 4, 3), np.uint8)
            one[behind] = cv2.resize(spots, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)[behind]
        return found
    raise ValueError(name)


def make(archive: Path, out: Path) -> None:
    """Train, and keep what the network makes of the test images, as they are and changed."""
    import keras

    from evergreen.drifting.looks import looks_of
    from evergreen.sections.data import Image
    from evergreen.sections.network import Block, Head
    from evergreen.sections.phases import Phase
    from evergreen.sections.training import Train
    from evergreen.vision.drift import penultimate
    from evergreen.vision.networks import runtime
    from evergreen.vision.networks.build import build

    with zipfile.ZipFile(archive) as opened:
        learned, names = images(opened, "train")
        judged, labels = images(opened, "test")
    classes = sorted(set(names) - set(NEW))
    order = np.random.default_rng(0).permutation(len(names))
    order = np.array([at for at in order if names[at] not in NEW])[:LEARNED]
    runtime.start(0)
    blocks = tuple(Block(filters=filters, batch_norm_momentum=0.9, pool_position="first") for filters in (24, 48, 128))
    train = Train(backbone="cnn", cnn=blocks, head=Head(pooling="average"), phases=(Phase(unfreeze="all", epochs=1),))
    model = build(train, Image(height=SIDE, width=SIDE), len(classes))
    model.compile(
        keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False
    )
    targets = np.array([classes.index(names[at]) for at in order])
    began, epoch = time.monotonic(), 0
    while time.monotonic() - began < SECONDS and epoch < 12:
        pixels = learned[order]
        pixels[epoch % 2 :: 2] = pixels[epoch % 2 :: 2, :, ::-1]
        model.fit(pixels.astype(np.float32), targets, batch_size=128, epochs=1, verbose=2)
        epoch += 1
    told = penultimate(model)
    found: dict[str, np.ndarray] = {"labels": np.array(labels), "classes": np.array(classes)}
    for name in ("plain", "blur", "dark", "noise", "background"):
        pixels = judged if name == "plain" else changed(name, judged, 1)
        features, scores = told.predict(pixels.astype(np.float32), batch_size=256, verbose=0)
        found |= {f"{name}_features": features, f"{name}_scores": scores, f"{name}_looks": looks_of(pixels)}
    some = judged[::4]
    for name, strengths in STRENGTHS.items():
        for strength in strengths:
            pixels = changed(name, some, 1, strength)
            found[f"{name}_{strength}"] = told.predict(pixels.astype(np.float32), batch_size=256, verbose=0)[1]
    np.savez(out, **found)


if __name__ == "__main__":
    make(Path(sys.argv[2]), Path(sys.argv[3]))

"""Drift on CIFAR-10: false alarms, power, and accuracy without labels. docs/drift.md has the numbers.

    python benchmarks/drift.py make  IMAGES.zip FILE.npz    a small network of 8 classes, and what it makes of the test
    python benchmarks/drift.py judge FILE.npz 0 1000 plain  1,000 windows of 100, from seed 0, as they are
    python benchmarks/drift.py judge FILE.npz 0 100 blur dark background frog truck noise

The network learns from the training images of 8 of the 10 classes; the other two are the new class. All that is judged
is of the 10,000 test images, which it never saw: 1,000 are the reference, 1,000 the calibration, the rest the windows.
"""

import json
import sys
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from evergreen.drifting.accuracy import confidence, foretold
from evergreen.drifting.drift import measured_of
from evergreen.drifting.reference import Known, Reference, Space
from evergreen.drifting.windows import p_values, windows

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


def known(made: Mapping[str, np.ndarray], name: str, at: np.ndarray) -> Known:
    """Return what the network makes of some test images under a change; each is a unit of its own."""
    sizes = np.full((len(at), 2), SIDE, np.float32)
    looks = np.concatenate([made[f"{name}_looks"][at], sizes], axis=1)
    return Known(made[f"{name}_scores"][at], made[f"{name}_features"][at], looks, np.arange(len(at)))


def judge(file: Path, first: int, windows_of_each: int, names: Sequence[str]) -> None:
    """Print, for each kind of window, how many of 100 images are drift at 5 % and at 1 %, and each test by itself."""
    made = dict(np.load(file))
    labels, classes = made["labels"], list(made["classes"])
    truth = np.array([classes.index(label) if label in classes else -1 for label in labels])
    old = np.random.default_rng(0).permutation(np.flatnonzero(truth >= 0))
    held, rest = old[:2000], old[2000:]
    kept = known(made, "plain", held)
    space = Space.of(np.asarray(kept.features)[:1000])
    kept = replace(kept, features=space(np.asarray(kept.features)))
    right = kept.scores.argmax(axis=1) == truth[held]
    reference = Reference(kept, np.arange(2000) >= 1000, right, space, classes, 1.0, "test")
    for name in names:
        found, errors = [], []
        for seed in range(first, first + windows_of_each):
            at = np.random.default_rng(seed).choice(rest, 100, replace=False)
            if name in NEW:
                at[:20] = np.random.default_rng(seed).choice(np.flatnonzero(labels == name), 20, replace=False)
            new = known(made, name if name in STRENGTHS or name == "background" else "plain", at)
            found.append(tested(reference, new, seed))
            sure, unsure = confidence(kept.scores, 1.0), confidence(new.scores, 1.0)
            errors.append(foretold(sure, right, unsure) - (new.scores.argmax(axis=1) == truth[at]).mean())
        least = np.array([together for _, together in found])
        each = {test: float(np.mean([one[test] < 0.05 for one, _ in found])) for test in found[0][0]}
        row = {"windows": name, "count": len(found), "at 5 %": float((least < 0.05).mean())}
        row |= {"at 1 %": float((least < 0.01).mean()), "each alone, at 5 %": each}
        row |= {"accuracy: mean error": float(np.mean(errors)), "absolute": float(np.mean(np.abs(errors)))}
        print(json.dumps(row), flush=True)


def tested(reference: Reference, new: Known, seed: int) -> tuple[dict[str, float], float]:
    """Return the p-value of each test by itself, and of all together."""
    new = replace(new, features=reference.space(np.asarray(new.features)))
    chosen = windows(reference.beside.units, new.units, seed, 199)
    alone, _, least = p_values(measured_of(reference.learned, reference.beside, new, chosen))
    return alone, least


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        judge(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])

"""Measure what is suggested to be labelled next: how many labels reach the accuracy of labels chosen at random.

    .venv/bin/python benchmarks/suggest.py digits
    .venv/bin/python benchmarks/suggest.py trashnet dataset-resized.zip
    .venv/bin/python benchmarks/suggest.py cifar10 cifar-10-images.zip
    .venv/bin/python benchmarks/suggest.py chess Chessman-image-dataset.zip

A quarter of the images is judged. Of the others 20 drawn at random have labels; then there are five rounds, in each of
which 20 more get theirs: once those that are suggested, once 20 at random. After each round logistic regression learns
from all that are labelled, over what the images are compared by. Told are the mean accuracies of 20 seeds after each
round, with the same draws for both, and how many labels in all, and how many beyond the first 20, the suggestions need
for what random ones reach with 120 (linear between rounds). Seeds below 100 chose the way to suggest; those from 100 on
are reported (``--first``).
"""

import argparse
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

from evergreen.images.pixels import Images
from evergreen.recipe import load_recipe
from evergreen.suggesting.pick import pick, uncertainty
from evergreen.suggesting.suggested import compared, probe
from evergreen.vision.diagnose import see
from storage.digests import sha256_bytes

COUNT, ROUNDS, SEEDS = 20, 5, 20
LITE = {
    "trashnet": ("dataset-resized/", 224, None),
    "cifar10": ("cifar-10-images/train/", 96, 3000),
    "chess": ("Chessman-image-dataset/", 224, None),
}


def features_of(what: str, archive: Path | None, cache: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Return what the images of a dataset are compared by, (N, C), and their labels, (N,) int64."""
    kept = cache / f"{what}.npz" if cache else None
    if kept and kept.exists():
        found = np.load(kept)
        return found["features"], found["labels"]
    if what == "digits":
        digits = load_digits()
        features, labels = digits.data / 16, digits.target.astype(np.int64)
    else:
        features, labels = _by_lite(what, archive or Path())
    if kept:
        np.savez(kept, features=features, labels=labels)
    return features, labels


def _by_lite(what: str, archive: Path) -> tuple[np.ndarray, np.ndarray]:
    below, side, most = LITE[what]
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in sorted(opened.namelist()) if name.startswith(below) and not name.endswith("/")]
        if most:
            names = sorted(np.random.default_rng(0).choice(names, most, replace=False))
        data = {name: opened.read(name) for name in names}
    read = {sha256_bytes(value): value for value in data.values()}
    table = pd.DataFrame({"path": names, "sha256": [sha256_bytes(data[name]) for name in names]})
    table["label"] = [PurePosixPath(name).parent.name for name in names]
    table = table.drop_duplicates("sha256", keep=False, ignore_index=True)
    recipe = load_recipe("garbage-lite", [f"image={{height: {side}, width: {side}, resize: squash}}"])
    features = see(Images(read.__getitem__), recipe, print, table).features
    return features, np.unique(table["label"], return_inverse=True)[1]


class Bench:
    """Images that all have labels, of which most are hidden."""

    def __init__(self, features: np.ndarray, labels: np.ndarray) -> None:
        self.features = compared(features)
        self.classes = [str(number) for number in range(labels.max() + 1)]
        self.labels = np.array(self.classes)[labels]

    def scores(self, known: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """Return what who learned from some labels says of other images, (N, K)."""
        found = probe(self.features[known], list(self.labels[known]), self.features[asked], self.classes)
        if found is None:
            raise ValueError("the first labels are of one class")
        return found

    def accuracies(self, seed: int, choose: "Choose") -> list[float]:
        """Return the accuracy before the first round and after each."""
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(self.labels))
        judged, pool = np.split(order, [len(order) // 4])
        known, found = pool[:COUNT], []
        for number in range(ROUNDS + 1):
            likeliest = self.scores(known, judged).argmax(axis=1)
            found.append(float((np.array(self.classes)[likeliest] == self.labels[judged]).mean()))
            if number < ROUNDS:
                free = np.setdiff1d(pool, known)
                known = np.concatenate([known, free[choose(self, known, free, rng)]])
        return found


Choose = Callable[[Bench, np.ndarray, np.ndarray, np.random.Generator], np.ndarray]


def at_random(bench: Bench, known: np.ndarray, free: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return positions in what has no label yet, drawn."""
    return rng.choice(len(free), COUNT, replace=False)


def suggested(bench: Bench, known: np.ndarray, free: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return positions in what has no label yet, as the command chooses them."""
    unsure = uncertainty(bench.scores(known, free))
    return pick(bench.features[free], bench.features[known], unsure, COUNT).index


def needed(curve: np.ndarray, reached: float) -> float:
    """Return with how many labels a curve of accuracies is at a value first; infinite where it never is."""
    labels = COUNT * np.arange(1, len(curve) + 1)
    at = int(np.argmax(curve >= reached))
    if curve[at] < reached:
        return float("inf")
    if at == 0:
        return float(labels[0])
    return float(labels[at - 1] + COUNT * (reached - curve[at - 1]) / (curve[at] - curve[at - 1]))


def main() -> None:
    """Print the curves."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("digits", *LITE))
    parser.add_argument("archive", nargs="?", type=Path)
    parser.add_argument("--first", type=int, default=100, help="first of the seeds")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many")
    parser.add_argument("--cache", type=Path, help="a folder in which features stay")
    arguments = parser.parse_args()
    bench = Bench(*features_of(arguments.what, arguments.archive, arguments.cache))
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    curves = {}
    for name, choose in (("random", at_random), ("suggested", suggested)):
        curves[name] = np.array([bench.accuracies(seed, choose) for seed in seeds])
        print(f"{name:<9}", " ".join(f"{value:.1%}" for value in curves[name].mean(axis=0)), flush=True)
    mean = {name: curve.mean(axis=0) for name, curve in curves.items()}
    at = needed(mean["suggested"], mean["random"][-1])
    whole = COUNT * (ROUNDS + 1)
    gain = curves["suggested"][:, -1] - curves["random"][:, -1]
    print(
        f"{arguments.what}: what {whole} labels at random reach, {at:.0f} reach: {at / whole:.2f} of all, "
        f"{(at - COUNT) / (whole - COUNT):.2f} of those beyond the first {COUNT}; after the last round "
        f"{gain.mean():+.1%} +- {gain.std(ddof=1) / np.sqrt(len(gain)):.1%}"
    )


if __name__ == "__main__":
    main()

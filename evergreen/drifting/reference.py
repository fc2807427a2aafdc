"""What a run keeps of the images that its model was judged by, so that later ones can be held against them.

Half of them are the *reference*: whatever a test looks at (axes, scales, distances, quantiles) is taken from these. The
other half are the *calibration*: they stand beside new images, and how often a window of both that is drawn at random
looks as odd as the new images do is the p-value. Neither half was learned from, nor chose anything.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evergreen.vectors import unit_length, with_fixed_signs

# Of the judged images at most so many are in each half: more would make the tests little sharper.
MOST = 1000
DIMENSIONS = 64
# Fewer in a half say nothing of a distribution.
LEAST = 6


@dataclass(frozen=True)
class Known:
    """What is known of N images.

    Attributes:
        scores: (N, K) float64 probabilities, rows of sum 1; of a log that names only the first class, see ``logs``.
        features: (N, C) float32, what the network's last pooling gives; None where nobody has the images.
        looks: (N, 4) float32, as ``looks.LOOKS`` names them; None likewise.
        units: (N,) int64, what belongs together: images of a number were taken together.
    """

    scores: np.ndarray
    features: np.ndarray | None
    looks: np.ndarray | None
    units: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    def at(self, index: np.ndarray) -> Known:
        """Return some of them, by positions or as a mask."""
        return Known(
            self.scores[index],
            None if self.features is None else self.features[index],
            None if self.looks is None else self.looks[index],
            self.units[index],
        )


@dataclass(frozen=True)
class Space:
    """In which features are compared: unit length, in the axes of the reference's largest variance, and the rest.

    Attributes:
        mean: (C,) float32, of the reference's features of unit length.
        axes: (C, D) float32, D of 64 at most, columns of length 1.
    """

    mean: np.ndarray
    axes: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, features: np.ndarray) -> Space:
        """Return the principal axes of features, (N, C); their signs are fixed.

        Of N images and C numbers the smaller is decomposed, so a network of a million features costs no more.
        """
        unit = unit_length(features)
        mean = unit.mean(axis=0)
        centred = unit - mean
        count = min(DIMENSIONS, len(features) - 1, features.shape[1])
        if features.shape[1] <= len(features):
            _, vectors = np.linalg.eigh(centred.T @ centred)
            axes = vectors[:, ::-1][:, :count]
        else:
            values, vectors = np.linalg.eigh(centred @ centred.T)
            axes = centred.T @ vectors[:, ::-1][:, :count]
            axes /= np.maximum(np.sqrt(np.maximum(values[::-1][:count], 0)), 1e-12)
        return cls(mean.astype(np.float32), with_fixed_signs(axes).astype(np.float32))

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Return (N, D + 1) float32: coordinates in the axes, and what lies outside of them as one length."""
        centred = unit_length(features) - self.mean
        inside = centred @ self.axes
        rest = np.sqrt(np.maximum((centred**2).sum(axis=1) - (inside**2).sum(axis=1), 0))
        return np.asarray(np.concatenate([inside, rest[:, None]], axis=1), np.float32)


@dataclass(frozen=True)
class Reference:
    """What a run keeps.

    Attributes:
        known: of all images of both halves; ``features`` are those that ``space`` gives, (N, D + 1).
        calibration: (N,) bool, which half.
        right: (N,) bool, whether the model's answer was; what accuracy is estimated by.
        space: in which features of new images are compared.
        classes: names in order.
        temperature: of the model's probabilities, fitted on validation.
        judged: the split that the images are of: test, or validation where there is no test split.
    """

    known: Known
    calibration: np.ndarray
    right: np.ndarray
    space: Space
    classes: list[str]
    temperature: float
    judged: str

    def as_bytes(self) -> bytes:
        """Return its arrays as an ``.npz`` file, whose bytes depend on them alone."""
        file = io.BytesIO()
        known = {name: np.asarray(getattr(self.known, name)) for name in ("scores", "features", "looks", "units")}
        others = {"calibration": self.calibration, "right": self.right}
        np.savez(file, **known, **others, mean=self.space.mean, axes=self.space.axes)
        return file.getvalue()

    def facts(self) -> dict[str, Any]:
        """Return what it is beside its arrays, as JSON values."""
        return {"classes": self.classes, "temperature": self.temperature, "judged": self.judged}

    @classmethod
    def read(cls, data: bytes, facts: Mapping[str, Any]) -> Reference:
        """Return what ``as_bytes`` and ``facts`` returned."""
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            known = Known(*(arrays[name] for name in ("scores", "features", "looks", "units")))
            space = Space(arrays["mean"], arrays["axes"])
            calibration, right = arrays["calibration"], arrays["right"]
        own = (list(facts["classes"]), float(facts["temperature"]), str(facts["judged"]))
        return cls(known, calibration, right, space, *own)

    @property
    def learned(self) -> Known:
        """The reference half, by which everything is measured."""
        return self.known.at(~self.calibration)

    @property
    def beside(self) -> Known:
        """The calibration half, which stands beside new images."""
        return self.known.at(self.calibration)


def halves(units: np.ndarray, seed: int, most: int = MOST) -> tuple[np.ndarray, np.ndarray]:
    """Return which images are the reference and which the calibration: positions, sorted; whole units, drawn by seed.

    Units are drawn in turn for one half and the other, so that both have as many or differ by one unit, until each has
    ``most`` images.

    Args:
        units: (N,) int64, what belongs together.
        seed: of the draw.
        most: images of a half.
    """
    names = np.unique(units)
    order = np.random.default_rng(seed).permutation(names)
    sizes = {int(name): int(count) for name, count in zip(*np.unique(units, return_counts=True), strict=True)}
    taken: tuple[list[int], list[int]] = ([], [])
    held = [0, 0]
    for turn, name in enumerate(order):
        side = turn % 2
        if held[side] and held[side] + sizes[int(name)] > most:
            continue
        taken[side].append(int(name))
        held[side] += sizes[int(name)]
    first, second = (np.flatnonzero(np.isin(units, side)) for side in taken)
    return first, second


def sampled(units: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Return positions of ``most`` images at most, but for the last unit's, sorted: whole units, drawn by seed."""
    if len(units) <= most:
        return np.arange(len(units))
    names, counts = np.unique(units, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    before = np.cumsum(counts[order]) - counts[order]
    return np.flatnonzero(np.isin(units, names[order[before < most]]))

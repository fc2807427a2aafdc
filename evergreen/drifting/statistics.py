"""What is measured of a window of images: how far its distribution is from the reference's."""

from __future__ import annotations

import numpy as np

from evergreen.drifting.windows import Windows
from evergreen.vectors import squared_distances

_STEPS = 32
NEIGHBOURS = 5
_NARROW = 0.25  # of the median squared distance: the kernel's width


def distances(reference: np.ndarray, pool: np.ndarray, windows: Windows) -> np.ndarray:
    """Return the largest Kolmogorov-Smirnov distance of each window to the reference over several numbers, (B + 1,).

    For probabilities of classes this is black-box shift detection (BBSDs: Lipton et al. 2018, arXiv:1802.03916;
    Rabanser et al. 2019, arXiv:1810.11953): a test for each class, of which the most extreme counts. That maximum is
    held against the same of random windows, which corrects for the number of classes exactly, where Bonferroni's bound
    is conservative. The distance is looked at at 32 quantiles of the reference and right below them.

    Args:
        reference: (R, K).
        pool: (P, K), in the order of ``windows.chosen``.
        windows: the choices.
    """
    found = np.zeros(len(windows.chosen))
    for column in range(reference.shape[1]):
        found = np.maximum(found, np.abs(differences(reference[:, column], pool[:, column], windows)).max(axis=1))
    return found


def differences(reference: np.ndarray, pool: np.ndarray, windows: Windows) -> np.ndarray:
    """Return, at steps of one number, the share of each window below them less the reference's, (B + 1, G).

    Args:
        reference: (R,).
        pool: (P,).
        windows: the choices.
    """
    steps = np.unique(np.quantile(reference, np.linspace(0, 1, _STEPS + 1), method="nearest"))
    below = np.concatenate([pool[:, None] <= steps, pool[:, None] < steps], axis=1).astype(np.float32)
    expected = np.concatenate([(reference[:, None] <= steps).mean(axis=0), (reference[:, None] < steps).mean(axis=0)])
    return np.asarray(windows.chosen @ below / windows.sizes - expected, np.float64)


def discrepancies(reference: np.ndarray, pool: np.ndarray, windows: Windows) -> np.ndarray:
    """Return the squared maximum mean discrepancy of each window and the reference, without bias, (B + 1,) float64.

    Gretton et al. 2012, "A Kernel Two-Sample Test" (JMLR 13), lemma 6, less what the reference alone decides. Gaussian
    kernel, of a quarter of the median squared distance within the reference: narrower than usual, for what is new lies
    in few places (measured: benchmarks/README.md).

    Args:
        reference: (R, D).
        pool: (P, D).
        windows: the choices.
    """
    kernel, to_reference = kernels(reference, pool)
    chosen, sizes = windows.chosen.astype(np.float64), windows.sizes[:, 0].astype(np.float64)
    within = ((chosen @ kernel) * chosen).sum(axis=1) - sizes  # the kernel of an image with itself is 1
    return np.asarray(within / np.maximum(sizes * (sizes - 1), 1) - 2 * chosen @ to_reference / sizes)


def kernels(reference: np.ndarray, pool: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the kernel among images of the pool, (P, P), and its mean with the reference, (P,)."""
    own = squared_distances(reference, reference)
    width = float(np.median(own[np.triu_indices(len(own), 1)])) or 1.0
    width *= _NARROW
    return np.exp(-squared_distances(pool, pool) / width), np.exp(-squared_distances(pool, reference) / width).mean(
        axis=1
    )


def far(reference: np.ndarray, images: np.ndarray, *, own: bool = False) -> np.ndarray:
    """Return the distance of images to their fifth nearest of the reference, (N,): large for what is new.

    Sun et al. 2022, "Out-of-Distribution Detection with Deep Nearest Neighbors", arXiv:2204.06507.

    Args:
        reference: (R, D).
        images: (N, D).
        own: whether they are the reference itself: an image is no neighbour of its own.
    """
    at = min(NEIGHBOURS - 1 + own, len(reference) - 1)
    return np.asarray(np.sqrt(np.partition(squared_distances(images, reference), at, axis=1)[:, at]))


def farther(reference: np.ndarray, pool: np.ndarray, windows: Windows) -> np.ndarray:
    """Return by how much more of each window is far than of the reference, (B + 1,): one-sided Kolmogorov-Smirnov."""
    return np.asarray(-differences(reference, pool, windows).min(axis=1))


def shares(reference: np.ndarray, pool: np.ndarray, classes: int, windows: Windows) -> np.ndarray:
    """Return the chi-squared distance of each window's shares of answers to the reference's, (B + 1,).

    Args:
        reference: (R,) int64 class indices.
        pool: (P,) int64.
        classes: K.
        windows: the choices.
    """
    expected = (np.bincount(reference, minlength=classes) + 1) / (len(reference) + classes)
    found = windows.chosen @ np.eye(classes, dtype=np.float32)[pool] / windows.sizes
    return np.asarray(((found - expected) ** 2 / expected).sum(axis=1), np.float64)

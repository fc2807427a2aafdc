"""Rows of numbers as vectors: of one length, how far apart, along axes whose signs are fixed."""

from __future__ import annotations

import numpy as np


def unit_length(rows: np.ndarray) -> np.ndarray:
    """Return rows of length 1, (N, C) float64; one of zeros stays."""
    length = np.sqrt((rows.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    return np.asarray(rows / np.maximum(length, 1e-12), np.float64)


def squared_distances(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return squared Euclidean distances, (N, M) float64; rounding makes none negative."""
    some, others = some.astype(np.float64), others.astype(np.float64)
    found = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * some @ others.T
    return np.asarray(np.maximum(found, 0))


def with_fixed_signs(axes: np.ndarray) -> np.ndarray:
    """Return axes, (C, D) columns, whose largest entry is positive: a decomposition leaves their signs open."""
    return np.asarray(axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]))

"""Where images lie in a plane, by a model's features: by their largest variance, and by who is near whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.drifting.reference import Space
from evergreen.vectors import squared_distances

if TYPE_CHECKING:
    import pandas as pd

# Of principal axes, what t-SNE is shown: the rest is mostly noise (van der Maaten and Hinton 2008, section 4.2).
_AXES = 50
_PERPLEXITY = 30.0
_ITERATIONS = 500  # twice as many take twice as long, and keep no more neighbours
# Of fewer images t-SNE makes nothing that PCA does not show.
_LEAST = 12
NEIGHBOURS = 10
_DIGITS = 4
_APART = 1e-6  # of features of length 1


@dataclass(frozen=True)
class Projection:
    """Places of N images in a plane, each way of its own.

    Attributes:
        ways: ``pca``, and ``tsne`` where there are enough images: (N, 2) float64, within -1 and 1, four decimals.
        variance: the share of the features' variance that the two axes of ``pca`` show, 0-1.
        kept: way -> of the ``NEIGHBOURS`` images that are nearest by features, the mean share that are among the
            nearest in the plane, too, 0-1.
    """

    ways: dict[str, np.ndarray]
    variance: float
    kept: dict[str, float]

    def table(self, paths: list[str]) -> pd.DataFrame:
        """Return it as a table, one row an image, by path: path, then two columns a way, such as pca_x and pca_y."""
        import pandas as pd

        columns = {f"{way}_{axis}": at[:, place] for way, at in self.ways.items() for place, axis in enumerate("xy")}
        return pd.DataFrame({"path": paths, **columns}).sort_values("path", ignore_index=True)

    def facts(self) -> dict[str, Any]:
        """Return what it is beside its places, as JSON values."""
        return {"variance": round(self.variance, 6), "kept": {way: round(kept, 6) for way, kept in self.kept.items()}}


def project(features: np.ndarray) -> Projection:
    """Return where images lie in a plane; equal features give equal places.

    Features are brought to unit length, as drift compares them. PCA's signs are fixed, and t-SNE begins with PCA's
    places, on one processor: its sums would else depend on how many there are.

    Args:
        features: (N, C), N at least 1.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        if len(features) < 2:
            return Projection({"pca": np.zeros((len(features), 2))}, 0.0, {"pca": 1.0})
        space = Space.of(features)
        coordinates = space(features).astype(np.float64)
        inside, whole = coordinates[:, :-1], float((coordinates**2).sum())
        plane = np.zeros((len(features), 2))
        plane[:, : min(2, inside.shape[1])] = inside[:, :2]
        ways = {"pca": plane}
        # Of images that are all one to the model, scikit-learn's tree of places does not end.
        if len(features) >= _LEAST and plane[:, 0].std() > _APART:
            ways["tsne"] = _tsne(inside[:, :_AXES], plane)
        near = _nearest(coordinates)
        kept = {way: _share(near, _nearest(at)) for way, at in ways.items()}
    shown = float((plane**2).sum()) / whole if whole > 0 else 0.0
    return Projection({way: _within(at) for way, at in ways.items()}, min(1.0, shown), kept)


def _tsne(coordinates: np.ndarray, plane: np.ndarray) -> np.ndarray:
    """Return what t-SNE makes of coordinates, (N, 2); it begins at small copies of their places in a plane."""
    from sklearn.manifold import TSNE

    begin = (plane / plane[:, 0].std() * 1e-4).astype(np.float32)
    perplexity = min(_PERPLEXITY, (len(plane) - 1) / 3)
    found = TSNE(init=begin, perplexity=perplexity, max_iter=_ITERATIONS, random_state=0, n_jobs=1).fit_transform(
        coordinates
    )
    return np.asarray(found, np.float64)


def _nearest(places: np.ndarray) -> np.ndarray:
    """Return of each place which others are nearest, (N, k): positions, k of ``NEIGHBOURS`` at most."""
    apart = squared_distances(places, places)
    np.fill_diagonal(apart, np.inf)
    return np.argsort(apart, axis=1, kind="stable")[:, : min(NEIGHBOURS, len(places) - 1)]


def _share(ones: np.ndarray, others: np.ndarray) -> float:
    return float(np.mean([np.isin(one, other).mean() for one, other in zip(ones, others, strict=True)]))


def _within(plane: np.ndarray) -> np.ndarray:
    """Return places moved and scaled alike in both directions so that they fill a square from -1 to 1."""
    low, high = plane.min(axis=0), plane.max(axis=0)
    half = float((high - low).max()) / 2
    return np.asarray(((plane - (low + high) / 2) / (half if half > 0 else 1.0)).round(_DIGITS) + 0.0)

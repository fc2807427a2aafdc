"""Whether new images are like those that a model was judged by: tests, sources of difference in words, pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evergreen.drifting import statistics, telling
from evergreen.drifting.accuracy import Estimate, estimate, withdrawn
from evergreen.drifting.reference import LEAST, Known, Reference
from evergreen.drifting.windows import WINDOWS, Windows, p_values, standard, windows

# A p-value below this is called drift where a recipe says no other.
THRESHOLD = 0.01
PICTURES = 12
# Classes whose probabilities are tested, those of the largest variance in the reference.
_MOST_CLASSES = 32
# Under such differences a model is asked about what it never saw: then nobody knows how right it is.
_UNKNOWN = ("features", "unlike")


@dataclass(frozen=True)
class Source:
    """One way in which images may differ.

    Attributes:
        name: answers, shares, features, unlike, brightness, sharpness or size.
        p: of this test by itself.
        together: with all tests counted; what counts.
        found: whether ``together`` is below the threshold.
        words: what differs; of one that was not found, that it does not.
        pictures: positions of the dozen new images that carry the difference, the first most.
    """

    name: str
    p: float
    together: float
    found: bool
    words: str
    pictures: tuple[int, ...]


@dataclass(frozen=True)
class Drift:
    """What tests say of new images.

    Attributes:
        verdict: drift, no drift found, or cannot tell.
        p: of all tests together; None where nothing could be tested.
        threshold: below which p is called drift.
        smallest: the least p that so many images can give; None likewise.
        least_share: a change is found, as a rule, that shows in this share of the images or more; None likewise, and
            where there is drift.
        images, reference, calibration: how many were compared, with how many; ``units`` of the new ones.
        sources: the oddest first, in standard deviations of what chance does.
        estimate: of the accuracy; None where nothing could be tested.
        notes: what a reader must know.
        words: the verdict in a sentence.
    """

    verdict: str
    p: float | None
    threshold: float
    smallest: float | None
    least_share: float | None
    images: int
    units: int
    reference: int
    calibration: int
    sources: tuple[Source, ...]
    estimate: Estimate | None
    notes: tuple[str, ...]
    words: str

    @property
    def found(self) -> bool:
        """Whether drift was found."""
        return self.verdict == telling.DRIFT

    def as_json(self, named: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
        """Return plain JSON values, as docs/run-json.md describes them.

        Args:
            named: what is said of a new image, by its position.
        """
        plain = ("verdict", "p", "threshold", "smallest", "least_share", "images", "units", "reference", "calibration")
        sources = [{**source.__dict__, "pictures": [named(at) for at in source.pictures]} for source in self.sources]
        found = {name: getattr(self, name) for name in plain}
        told = self.estimate.as_json() if self.estimate else None
        return {**found, "sources": sources, "accuracy": told, "notes": list(self.notes), "words": self.words}


def drift(reference: Reference, new: Known, threshold: float = THRESHOLD, seed: int = 0, count: int = WINDOWS) -> Drift:
    """Test whether new images are like those of the reference.

    Args:
        reference: of the model.
        new: what the same model makes of new images, none of which it has seen; ``features`` as the network gives them.
        threshold: 0-1.
        seed: of the random windows.
        count: how many random windows.
    """
    learned, beside = reference.learned, reference.beside
    sizes = (len(new), len(np.unique(new.units)), len(learned), len(beside))
    if why := _too_few(learned, beside, new):
        return Drift("cannot tell", None, threshold, None, None, *sizes, (), None, (), f"Cannot tell: {why}.")
    if new.features is not None:
        new = replace(new, features=reference.space(new.features))
    chosen = windows(beside.units, new.units, seed, count)
    measured = measured_of(learned, beside, new, chosen)
    alone, together, least = p_values(measured)
    tells = chosen.smallest < threshold
    # Where there is drift the pool is of two kinds, and says nothing of what chance does.
    share = None
    if least >= threshold or not tells:
        share = _least_share(learned, beside, new, chosen, threshold / len(measured))
    oddest = {name: float(standard(values)[0]) for name, values in measured.items()}
    sources = []
    for name in sorted(measured, key=lambda one: -oddest[one]):
        found = tells and together[name] < threshold
        words, weight = telling.source(name, learned, new, reference.classes, found=found)
        pictures = tuple(int(at) for at in np.argsort(-weight, kind="stable")[:PICTURES])
        sources.append(Source(name, alone[name], together[name], found, words, pictures))
    verdict = telling.CANNOT if not tells else telling.DRIFT if least < threshold else telling.NONE
    unknown = [source.name for source in sources if source.found and source.name in _UNKNOWN]
    accuracy = withdrawn(unknown) if unknown else estimate(reference, new, seed)
    notes = telling.notes(reference, new, share)
    words = telling.verdict(
        verdict, least, threshold, chosen.smallest, share, sizes, [s.name for s in sources if s.found]
    )
    return Drift(
        verdict, least, threshold, chosen.smallest, share, *sizes, tuple(sources), accuracy, tuple(notes), words
    )


def _too_few(learned: Known, beside: Known, new: Known) -> str:
    """Return why nothing can be tested; empty if it can."""
    if min(len(learned), len(beside)) < LEAST:
        return f"it was judged by {len(learned) + len(beside)} images, and {2 * LEAST} are the least to compare with"
    return "there are fewer than 2 new images" if len(new) < 2 else ""


def measured_of(learned: Known, beside: Known, new: Known, chosen: Windows) -> dict[str, np.ndarray]:
    """Return what every test measures of every window."""
    scores = np.concatenate([beside.scores, new.scores])
    columns = np.argsort(-learned.scores.var(axis=0), kind="stable")[:_MOST_CLASSES]
    answered = learned.scores.argmax(axis=1)
    found = {
        "answers": statistics.distances(learned.scores[:, columns], scores[:, columns], chosen),
        "shares": statistics.shares(answered, scores.argmax(axis=1), scores.shape[1], chosen),
    }
    if learned.features is not None and beside.features is not None and new.features is not None:
        pool = np.concatenate([beside.features, new.features])
        found["features"] = statistics.discrepancies(learned.features, pool, chosen)
        own = statistics.far(learned.features, learned.features, own=True)
        found["unlike"] = statistics.farther(own, statistics.far(learned.features, pool), chosen)
    if learned.looks is not None and beside.looks is not None and new.looks is not None:
        looks = np.concatenate([beside.looks, new.looks])
        for column, name in enumerate(("brightness", "sharpness")):
            some = slice(column, column + 1)
            found[name] = statistics.distances(learned.looks[:, some], looks[:, some], chosen)
        found["size"] = statistics.distances(_shapes(learned.looks), _shapes(looks), chosen)
    return found


def _shapes(looks: np.ndarray) -> np.ndarray:
    """Return pixels and width by height of pictures, (N, 2)."""
    height, width = looks[:, 2].astype(np.float64), looks[:, 3].astype(np.float64)
    return np.stack([height * width, width / np.maximum(height, 1)], axis=1)


def _least_share(learned: Known, beside: Known, new: Known, chosen: Windows, level: float) -> float:
    """Return which Kolmogorov-Smirnov distance of top-1 probabilities one window in 1 / level exceeds by chance.

    A change that moves a share of the images beyond all others moves the distance by that share at most.
    """
    top = np.concatenate([beside.scores, new.scores]).max(axis=1)
    by_chance = np.abs(statistics.differences(learned.scores.max(axis=1), top, chosen)).max(axis=1)[1:]
    return float(min(1.0, np.quantile(by_chance, 1 - level)))

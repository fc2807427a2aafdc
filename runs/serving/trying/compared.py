"""What a champion and a challenger answered for the same images, counted in bounded memory."""

import heapq
from collections import Counter, deque
from typing import Any

import numpy as np

from runs.serving.answers import Answered, Answers, Release

_LATENCIES = 10_000  # the newest, of which quantiles are told
_MOST_PAIRS = 10_000  # pairs of classes; of a thousand classes there may be a million
_EXAMPLES = 100
_DIGITS = 6
CHAMPION, CHALLENGER = "champion", "challenger"


class Compared:
    """A champion and a challenger.

    Attributes:
        champion: which answered; K classes.
        challenger: which answered, too; its classes may be others.
        images: how many both answered.
        agreed: for how many of those both named the same class.
        refused: how many the one that answered could use, and the other could not.
        failed: how often the second one was asked and gave no answer: a worker was lost, or it took too long.
        not_asked: how many images the second one was not asked, since requests waited.
        unsure: how often each was below its own threshold.
        seconds: that the decoder and the model took, of all images, of each.
    """

    def __init__(self, champion: Release, challenger: Release) -> None:
        self.champion, self.challenger = champion, challenger
        self.images = self.agreed = self.refused = self.failed = self.not_asked = 0
        self.unsure = dict.fromkeys((CHAMPION, CHALLENGER), 0)
        self.seconds = dict.fromkeys((CHAMPION, CHALLENGER), 0.0)
        self._latencies: deque[tuple[float, float]] = deque(maxlen=_LATENCIES)
        self._difference = 0.0
        self._classes = Counter[str]()
        self._pairs = Counter[tuple[str, str]]()
        self._other_pairs = 0
        self._examples: list[tuple[float, int, dict[str, Any]]] = []
        names = list(dict.fromkeys((*champion.classes, *challenger.classes)))
        place = {name: number for number, name in enumerate(names)}
        self._width = len(names)
        self._places = [np.array([place[name] for name in one.classes]) for one in (champion, challenger)]

    def add(self, time: str, champion: Answered, challenger: Answered) -> None:
        """Count what both said of one image.

        Args:
            time: at which the image was answered.
            champion: its answer.
            challenger: its answer.
        """
        if champion.error or challenger.error:
            self.refused += not (champion.error and challenger.error)
            return
        self.images += 1
        both = np.zeros((2, self._width))
        for row, places, one in zip(both, self._places, (champion, challenger), strict=True):
            row[places] = one.scores
        self._difference += float(np.abs(both[0] - both[1]).mean())
        self._latencies.append((champion.seconds, challenger.seconds))
        tops = [_top(self.champion, champion), _top(self.challenger, challenger)]
        for who, release, one in ((CHAMPION, self.champion, champion), (CHALLENGER, self.challenger, challenger)):
            self.seconds[who] += one.seconds
            self.unsure[who] += bool(Answers(release, (one,), 0).unsure(one))
        named = tops[0][0], tops[1][0]
        self._classes[named[0]] += 1
        if named[0] == named[1]:
            self.agreed += 1
            return
        if named in self._pairs or len(self._pairs) < _MOST_PAIRS:
            self._pairs[named] += 1
        else:
            self._other_pairs += 1
        self._keep(time, champion.sha256, tops)

    def _keep(self, time: str, sha256: str, tops: list[tuple[str, float]]) -> None:
        """Keep as examples those on which both are surest: there one of them errs badly."""
        told = [{"label": label, "probability": round(value, _DIGITS)} for label, value in tops]
        example = {"sha256": sha256, "time": time, CHAMPION: told[0], CHALLENGER: told[1]}
        entry = (min(value for _, value in tops), self.images, example)
        if all(sha256 != kept["sha256"] for _, _, kept in self._examples):
            (heapq.heappush if len(self._examples) < _EXAMPLES else heapq.heappushpop)(self._examples, entry)

    @property
    def difference(self) -> float | None:
        """The absolute difference of a class's probability, the mean of all classes and images; None without any."""
        return self._difference / self.images if self.images else None

    def outcomes(self) -> dict[str, int]:
        """Return what came of the images: agreed, differed, refused, failed, not_asked."""
        differed = self.images - self.agreed
        names = ("refused", "failed", "not_asked")
        return {"agreed": self.agreed, "differed": differed, **{name: getattr(self, name) for name in names}}

    def as_json(self) -> dict[str, Any]:
        """Return what was counted, as plain values; None where nothing was compared yet."""
        instead: dict[str, dict[str, int]] = {}
        for (one, other), count in self._pairs.most_common():
            instead.setdefault(one, {})[other] = count
        return {
            CHAMPION: self.champion.as_json(),
            CHALLENGER: self.challenger.as_json(),
            "images": self.images,
            "agreed": self.agreed,
            "agreement": self.agreed / self.images if self.images else None,
            "mean_absolute_difference": self.difference,
            "unsure": dict(self.unsure),
            "refused_by_one": self.refused,
            "failed": self.failed,
            "not_asked": self.not_asked,
            "milliseconds": self._milliseconds(),
            "classes": [
                {
                    "label": label,
                    "images": count,
                    "agreed": count - sum(instead.get(label, {}).values()),
                    "instead": instead.get(label, {}),
                }
                for label in self.champion.classes
                if (count := self._classes[label])
            ],
            "other_pairs": self._other_pairs,
            "examples": [example for *_, example in sorted(self._examples, key=lambda entry: entry[:2], reverse=True)],
        }

    def _milliseconds(self) -> dict[str, dict[str, float]]:
        """Return the time of the decoder and the model, in ms: the mean of all, the quantiles of the newest."""
        if not self._latencies:
            return {}
        halves = np.percentile(np.array(self._latencies) * 1000, (50, 95), axis=0)
        means = [1000 * self.seconds[who] / self.images for who in (CHAMPION, CHALLENGER)]
        return {
            who: {"mean": round(means[at], 3), "p50": round(halves[0, at], 3), "p95": round(halves[1, at], 3)}
            for at, who in enumerate((CHAMPION, CHALLENGER))
        }


def _top(release: Release, answered: Answered) -> tuple[str, float]:
    """Return the likeliest class; of equal ones the later, as in every answer."""
    place = max(range(len(answered.scores)), key=lambda index: (answered.scores[index], index))
    return release.classes[place], answered.scores[place]

"""What was tried so that int8 answers as Keras does, what each attempt showed, and which one is exported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

EPSILON = 1e-9  # an accuracy lost is a difference of quotients


@dataclass(frozen=True)
class Attempt:
    """One way to int8, judged.

    Attributes:
        how: in words.
        representative_images: from how many training images the ranges of activations are.
        in_float: names of the operations that stay in float32, in order.
        bytes: size of the ``.tflite`` file.
        agreement: share of the judged images whose top-1 answer equals Keras', 0-1; None if the runtime refused it.
        accuracy: share of right answers, 0-1; None as above.
        accuracy_lost: Keras' accuracy on the same images less this one, -1 to 1; None as above.
        passed: whether it reaches the bar.
        reason: what the runtime said, if it refused the file; else empty.
        median_ms: median time of one image, in milliseconds; of the machine and the moment.
    """

    how: str
    representative_images: int
    in_float: tuple[str, ...]
    bytes: int
    agreement: float | None
    accuracy: float | None
    accuracy_lost: float | None
    passed: bool
    reason: str = ""
    median_ms: float | None = None


@dataclass(frozen=True)
class Repair:
    """How ``tflite-int8`` came to be.

    Attributes:
        split: whose images judged.
        count: how many.
        min_agreement: the bar, as ``export.int8.min_agreement``.
        max_accuracy_loss: as ``export.int8.max_accuracy_loss``.
        tried: the attempts, in order; the first is int8 as the recipe asks for it. Empty if nothing was judged.
        taken: index of the one that is exported.
        cut: whether time ended the search: another machine may take another attempt.
        why: why nothing was judged, or nothing more was tried than was; empty where all was.
    """

    split: str
    count: int
    min_agreement: float
    max_accuracy_loss: float
    tried: tuple[Attempt, ...]
    taken: int = 0
    cut: bool = False
    why: str = ""

    @property
    def exported(self) -> Attempt | None:
        """The attempt that is exported; None if none was judged."""
        return self.tried[self.taken] if self.tried else None

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values, the same ones every time: without times of the moment."""
        values = asdict(self)
        for attempt in values["tried"]:
            del attempt["median_ms"]
        values["tried"] = list(values["tried"])
        return values | {"words": self.words()}

    def speeds(self) -> list[float | None]:
        """Return the median time of an image of every attempt, in milliseconds."""
        return [attempt.median_ms for attempt in self.tried]

    def words(self) -> str:
        """Return one or two sentences: which attempt is exported, what it showed, and what was not done."""
        exported = self.exported
        if exported is None:
            return f"int8 as the recipe asks for it, not judged before verify: {self.why}"
        first = self.tried[0]
        on = f"of {self.count} {self.split} images"
        if self.taken == 0:
            said = f"int8 as the recipe asks for it: {_shown(first)} {on}"
        else:
            said = f"int8 was repaired by {exported.how}: {_shown(exported)} {on}, before {_shown(first)}"
        if exported.passed:
            return said
        bar = f"{self.min_agreement:.1%} and at most {self.max_accuracy_loss:.1%} of accuracy lost"
        more = len(self.tried) - 1
        done = f"the best of {more + 1} that were tried" if more else "nothing else was tried"
        said += f"; that is below the bar of {bar}, {done}"
        if self.cut:
            said += "; the time of export.int8.minutes ended the search, so that another machine may find another"
        return said + (f": {self.why}" if self.why else "")


def best(tried: Sequence[Attempt], max_accuracy_loss: float) -> int:
    """Return the index of the attempt to export: the first that reaches the bar, else the one that agrees most.

    One that loses more accuracy than ``max_accuracy_loss`` comes after all that do not, one that its runtime refused
    last. Among equals it is the smaller file, then the earlier attempt: a few images' accuracy is chance.
    """
    passed = [number for number, attempt in enumerate(tried) if attempt.passed]
    if passed:
        return passed[0]

    def rank(number: int) -> tuple[bool, bool, float, int, int]:
        attempt = tried[number]
        if attempt.agreement is None or attempt.accuracy_lost is None:
            return (True, True, 0.0, attempt.bytes, number)
        loses = attempt.accuracy_lost > max_accuracy_loss + EPSILON
        return (False, loses, -attempt.agreement, attempt.bytes, number)

    return min(range(len(tried)), key=rank)


def _shown(attempt: Attempt) -> str:
    if attempt.agreement is None:
        return "refused by its runtime"
    return f"agreement {attempt.agreement:.2%}"

"""What an export showed in its own runtimes."""

from dataclasses import asdict, dataclass
from typing import Any

from evergreen.vision.formats.bars import Verdict

MOST_MOVED = 10
_WEAKEST_FIRST: list[Verdict] = ["failed", "not verified", "passed"]


@dataclass(frozen=True)
class Speed:
    """How fast one export was in one runtime.

    Attributes:
        load_seconds: from the files to the first answer.
        median_ms: median time of one image, in milliseconds, of images that are shown one at a time.
        p95_ms: the time that 95 % of the images stay below.
    """

    load_seconds: float
    median_ms: float
    p95_ms: float


@dataclass(frozen=True)
class RuntimeResult:
    """What one export showed in one runtime.

    Attributes:
        runtime: in words.
        verified: passed, failed, or not verified (the runtime is not installed).
        reason: why, in words.
        agreement: share of images whose top-1 answer equals Keras', 0-1; this and what follows None if it did not run.
        max_difference: largest difference of a probability to Keras'.
        accuracy: share of right answers, 0-1.
        accuracy_low: lower end of its 95 % interval (Wilson).
        accuracy_high: upper end.
        accuracy_lost: Keras' accuracy on the same images less this one.
        threads: how many the runtime computed with.
        speed: how fast it was; of the machine and the moment, so no part of what an export showed.
        needed: whether the format is not verified where this runtime is not installed (``registry.Runtime``).
    """

    runtime: str
    verified: Verdict
    reason: str
    agreement: float | None = None
    max_difference: float | None = None
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    accuracy_lost: float | None = None
    threads: int | None = None
    speed: Speed | None = None
    needed: bool = True


@dataclass(frozen=True)
class Verification:
    """What one export showed: in each of its runtimes, and the weakest of that.

    Attributes:
        format: the export's format.
        verified: failed if it failed in any runtime, passed if it passed in all that count (``together``), else not
            verified.
        reason: why, in words; of one that passed also in which runtimes it was not verified.
        agreement: the least of its runtimes; None if none ran.
        max_difference: the largest; None if none ran.
        accuracy: the least, 0-1; None if none ran.
        accuracy_low: lower end of its 95 % interval.
        accuracy_high: upper end.
        count: test images that were run; 0 if none was.
        bytes: size of the export's folder.
        runtimes: one entry a runtime.
        moved: the images whose probabilities moved most, at most ten: path, label, keras, answer, difference, runtime.
    """

    format: str
    verified: Verdict
    reason: str
    agreement: float | None
    max_difference: float | None
    accuracy: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    count: int
    bytes: int
    runtimes: tuple[RuntimeResult, ...]
    moved: tuple[dict[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values, the same ones every time: without speeds."""
        values = asdict(self)
        for runtime in values["runtimes"]:
            del runtime["speed"]
        return values

    def speeds(self) -> dict[str, dict[str, float]]:
        """Return {runtime: its speed as JSON values} of those that ran."""
        return {result.runtime: asdict(result.speed) for result in self.runtimes if result.speed}


def together(
    name: str, results: list[RuntimeResult], moved: list[dict[str, Any]], size: int, count: int
) -> Verification:
    """Return what a format showed over all its runtimes: the weakest of each.

    A runtime that is not installed and not needed does not count, unless no other ran: that it is absent is told. One
    that is there counts, needed or not.

    Args:
        name: the format.
        results: one or more, one a runtime.
        moved: images as in ``Verification``, of all runtimes, in any order.
        size: of the export, in bytes.
        count: images that each runtime was shown.
    """
    counted = [result for result in results if result.needed or result.verified != "not verified"] or results
    verdict = min((result.verified for result in counted), key=_WEAKEST_FIRST.index)
    reasons = [f"{result.runtime}: {result.reason}" for result in counted if result.verified == verdict]
    reasons += [f"not verified in {result.runtime}: {result.reason}" for result in results if result not in counted]
    by_path: dict[str, dict[str, Any]] = {}
    for row in sorted(moved, key=lambda row: (-row["difference"], row["path"])):
        by_path.setdefault(row["path"], row)
    return Verification(
        format=name,
        verified=verdict,
        reason="; ".join(reasons),
        agreement=min(_known(results, "agreement"), default=None),
        max_difference=max(_known(results, "max_difference"), default=None),
        accuracy=min(_known(results, "accuracy"), default=None),
        accuracy_low=min(_known(results, "accuracy_low"), default=None),
        accuracy_high=min(_known(results, "accuracy_high"), default=None),
        count=count if _known(results, "accuracy") else 0,
        bytes=size,
        runtimes=tuple(results),
        moved=tuple(by_path.values())[:MOST_MOVED],
    )


def _known(results: list[RuntimeResult], name: str) -> list[float]:
    return [value for result in results if (value := getattr(result, name)) is not None]

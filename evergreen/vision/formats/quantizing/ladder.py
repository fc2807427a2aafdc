"""The ladder: int8 as asked for, then ranges of more images, then in float32 where rounding hurts most.

Quantization-aware training is no rung: tfmot, TensorFlow's tool for it, knows no Keras 3 (docs/decisions/0024).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from evergreen.errors import ExportRefused
from evergreen.vision.formats import tflite
from evergreen.vision.formats.contract import Representative, RuntimeNotInstalled, Trained
from evergreen.vision.formats.quantizing import ranges
from evergreen.vision.formats.quantizing.attempts import Attempt, Repair, best
from evergreen.vision.formats.quantizing.blocks import blocks
from evergreen.vision.formats.quantizing.judge import Judge
from evergreen.vision.formats.quantizing.ranges import Operation

FEWEST = 100  # images: of fewer, one other answer is more than a per cent, and chance would choose
TINY = 100_000  # numbers in a network, below which float32 is as good a file: 400 kB
_TIMES_AS_MANY = 5
_MORE_IMAGES = 1  # rungs: 200, then 1,000. An image costs many times what it costs the finished model
_IMAGES_A_STRETCH = 64
_LEAST_GAIN = 0.05


@dataclass(frozen=True)
class Material:
    """What ranges may be taken from.

    Attributes:
        of: how many images -> so many training images, stratified, for the converter.
        asked: how many the recipe asks for.
        available: how many there are.
    """

    of: Callable[[int], Representative]
    asked: int
    available: int

    def counts(self) -> list[int]:
        """Return how many images are tried beyond those asked for, the fewest first."""
        wished = [self.asked * _TIMES_AS_MANY**step for step in range(1, _MORE_IMAGES + 1)]
        return sorted({min(count, self.available) for count in wished} - {min(self.asked, self.available)})


class Limit:
    """A limit of time for the search; it is looked at before something is begun, never in the middle."""

    def __init__(self, minutes: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + 60 * minutes
        self.cut = False

    def over(self) -> bool:
        """Whether time is up; ``cut`` remembers that it was asked when it was."""
        self.cut = self.cut or self._clock() >= self._end
        return self.cut


def repair(trained: Trained, folder: Path, material: Material, judge: Judge, limit: Limit) -> Repair:
    """Judge the int8 export of a folder, and where it is below the bar put a better one in its place.

    Args:
        trained: the model.
        folder: of the export, as ``tflite.write`` left it.
        material: images for ranges.
        judge: by which every attempt is judged.
        limit: after which nothing else is begun.
    """
    bar = (judge.split, len(judge.images), judge.min_agreement, judge.max_accuracy_loss)
    if len(judge.images) < FEWEST:
        why = f"{len(judge.images)} {judge.split} images are too few, {FEWEST} are needed"
        return Repair(*bar, (), why=why)
    given = (folder / tflite.FILE).read_bytes()
    asked = min(material.asked, material.available)
    try:
        tried = [judge.attempt(given, _by_images(asked), asked)]
    except RuntimeNotInstalled as error:
        return Repair(*bar, (), why=str(error))
    if tried[0].passed:
        return Repair(*bar, tuple(tried))
    if (size := trained.model.count_params()) < TINY:
        why = f"the network is tiny, of {size:,} numbers: tflite-float32 is a small file too"
        return Repair(*bar, tuple(tried), why=why)
    taken, kept = 0, given
    for data, attempt in rungs(trained, material, judge, limit, tried):
        tried.append(attempt)
        if (now := best(tried, judge.max_accuracy_loss)) != taken:
            taken, kept = now, data
        if attempt.passed:
            break
    tflite.save(folder, kept)
    return Repair(*bar, tuple(tried), taken, limit.cut and not tried[taken].passed)


def rungs(
    trained: Trained, material: Material, judge: Judge, limit: Limit, tried: list[Attempt]
) -> Iterator[tuple[bytes, Attempt]]:
    """Yield files and what they showed, in the order in which they are tried; ``tried`` grows meanwhile."""
    known: dict[int, bytes] = {}
    for count in material.counts():
        if limit.over():
            return
        known = {count: ranges.measured(trained, material.of(count))}  # as large as the network: the last ones only
        data = ranges.quantized(known[count])
        yield data, judge.attempt(data, _by_images(count), count)
    if limit.over():
        return
    count = tried[best(tried, judge.max_accuracy_loss)].representative_images
    found = known[count] if count in known else ranges.measured(trained, material.of(count))
    every = ranges.operations(found)
    chosen: set[str] = set()
    for number, stretch in enumerate(_hurting(found, every, judge, limit), start=1):
        if limit.over():
            return
        chosen |= {operation.name for operation in stretch}
        names = tuple(operation.name for operation in every if operation.name in chosen)
        data = ranges.quantized(found, names)
        how = f"{len(names)} of {len(every)} operations in float32, where rounding hurts most ({number} x)"
        yield data, judge.attempt(data, f"{how}, {_by_images(count)}", count, names)


def _hurting(found: bytes, every: Sequence[Operation], judge: Judge, limit: Limit) -> Iterator[tuple[Operation, ...]]:
    """Yield the stretches whose rounding hurts most, the worst first: those without which the error is least.

    A stretch is two neighbouring blocks, so that each tensor between blocks is inside of one, where it is not rounded.
    None comes that takes away less than a twentieth of the error, which 64 images cannot tell from chance, and no more
    than half of the operations: with all in float32 it is no int8.
    """
    cut = blocks(every)
    stretches = [before + after for before, after in pairwise(cut)] or cut
    error = judge.error(ranges.quantized(found), _IMAGES_A_STRETCH)
    gained: list[tuple[float, int]] = []
    for number, stretch in enumerate(stretches):
        if limit.over():
            break
        try:
            without = judge.error(ranges.quantized(found, [one.name for one in stretch]), _IMAGES_A_STRETCH)
        except ExportRefused:
            continue  # what its runtime refuses in float32 is no candidate
        gained.append((without - error, number))
    chosen: set[Operation] = set()
    for gain, number in sorted(gained):
        if chosen >= set(stretches[number]):
            continue  # its blocks are in two stretches that came before
        chosen |= set(stretches[number])
        if -gain < _LEAST_GAIN * error or 2 * len(chosen) > len(every):
            return
        yield stretches[number]


def _by_images(count: int) -> str:
    return f"ranges of {count:,} training images"

"""Running a model on changed copies of some images, to see what it leans on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evergreen.images import pixels
from evergreen.images.rows import Rows
from evergreen.images.threads import Threads
from evergreen.images.thumbnails import png, smaller
from evergreen.judging.shortcuts import SHORTCUTS, Loss, Shortcut, loss_under

_BLOCK = 64


@dataclass(frozen=True)
class Sample:
    """Images to try the changes on.

    Attributes:
        rows: all images, as the network takes them.
        at: (N,) positions of the sample in ``rows``.
        digests: SHA-256 of each.
        truth: (N,) class indices.
        answers: (N,) class indices that the model gave for them as they are.
    """

    rows: Rows
    at: np.ndarray
    digests: list[str]
    truth: np.ndarray
    answers: np.ndarray


def losses_under_changes(model: Any, sample: Sample) -> list[Loss]:
    """Return what the model loses under each change, in the order of the table; nothing for an empty sample."""
    if not len(sample.at):
        return []
    found = {shortcut.name: np.empty(len(sample.at), np.int64) for shortcut in SHORTCUTS}
    with Threads() as threads:
        for start in range(0, len(sample.at), _BLOCK):
            here = slice(start, start + _BLOCK)
            block = sample.rows.gather(sample.at[here])
            for shortcut in SHORTCUTS:
                found[shortcut.name][here] = _answers(model, shortcut, block, sample.digests[here], threads)
    before = sample.answers == sample.truth
    result = []
    for shortcut in SHORTCUTS:
        answers = found[shortcut.name]
        changed = answers >= 0
        result.append(loss_under(shortcut, before[changed], (answers == sample.truth)[changed]))
    return result


def examples(sample: Sample) -> dict[str, bytes]:
    """Return one image ``as it is``, then under every change, as small PNGs.

    It is the first of the sample to which every change can be made; if there is none, the first, under those that can.
    """
    for position, digest in zip(sample.at, sample.digests, strict=True):
        image = sample.rows.gather(np.array([position]))[0]
        if SHORTCUTS[-1].change(image, digest) is not None:
            return _under_all(image, digest)
    return _under_all(sample.rows.gather(sample.at[:1])[0], sample.digests[0]) if len(sample.at) else {}


def _under_all(image: np.ndarray, digest: str) -> dict[str, bytes]:
    copies = {"as it is": image} | {shortcut.name: shortcut.change(image, digest) for shortcut in SHORTCUTS}
    return {name: png(smaller(copy)) for name, copy in copies.items() if copy is not None}


def _answers(model: Any, shortcut: Shortcut, block: np.ndarray, digests: list[str], threads: Threads) -> np.ndarray:
    """Return the answer, a class index, to the changed copy of each image of a block; -1 where there is no copy."""
    copies: list[np.ndarray | None] = [None] * len(block)

    def change(index: int) -> None:
        copies[index] = shortcut.change(block[index], digests[index])

    threads.each(change, len(block))
    answers = np.full(len(block), -1)
    changed = {index: copy for index, copy in enumerate(copies) if copy is not None}
    if changed:
        answers[list(changed)] = pixels.scores(model, Rows.of(np.stack(list(changed.values())))).argmax(axis=1)
    return answers

"""Which judged images become golden ones: of as many answers as there may be, each as clear as can be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np

from evergreen.release.golden import Golden, tolerance

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.tables import ReadBlob

# A class each, as far as that goes: two of them that change places show. Proving takes this many answers.
MOST = 16
_LEAST = 4
_MOST_BYTES = 2**21
# Pairs of more classes than that, or of more images, take too long to be compared.
_MOST_COMPARED, _MOST_CANDIDATES = 64, 1000


def golden_images(
    sample: pd.DataFrame,
    classes: list[str],
    answers: Mapping[str, np.ndarray],
    read: ReadBlob,
    passed: Collection[str] = (),
) -> tuple[Golden, dict[str, bytes]]:
    """Return a few images with the answers of every format, and their files by SHA-256.

    An image stands for the class that is answered, not for its own. Of each class the image is taken whose answer leads
    by most in the format where it leads by least; one of over 2 MiB only where its class has no other among its four
    clearest. Classes that are never answered would change places unseen: an image is added whose probabilities tell
    most pairs of them apart, as long as there is one and room.

    Args:
        sample: the N images that the formats were shown: label, sha256.
        classes: in the order of the answers.
        answers: format -> (N, K) float32 probabilities, 0-1; one format at least.
        read: gives an image's bytes for its SHA-256.
        passed: the formats that choose, since they answer as the model does; without one, all do.
    """
    deciding = [name for name in answers if name in passed] or list(answers)
    scores = np.stack([answers[name] for name in deciding])  # (formats, N, K)
    ordered = np.sort(scores, axis=2)
    lead = (ordered[:, :, -1] - ordered[:, :, -2]).min(axis=0)
    top = scores.argmax(axis=2)
    lead[(top != top[0]).any(axis=0)] = -1.0  # what formats disagree on is clear in none of them
    digests = list(sample["sha256"])
    files: dict[str, bytes] = {}
    chosen: list[int] = []
    order = [int(at) for at in np.argsort(-lead, kind="stable")]

    def take(at: int, most: int) -> bool:
        data = read(digests[at])
        if len(data) > most or digests[at] in files:
            return False
        files[digests[at]] = data
        chosen.append(at)
        return True

    by_class: dict[int, list[int]] = {}
    for at in order:
        by_class.setdefault(int(top[0][at]), []).append(at)
    for some in list(by_class.values())[:MOST]:  # the classes of the clearest answers first
        if not any(take(at, _MOST_BYTES) for at in some[:_LEAST]):
            take(min(some[:_LEAST], key=lambda at: len(read(digests[at]))), 2**62)
    for at in _telling_apart(scores, max(map(tolerance, deciding)), chosen, set(by_class)):
        if len(chosen) >= MOST:
            break
        take(at, _MOST_BYTES)
    for at in order:
        if len(chosen) >= min(_LEAST, len(order)):
            break
        if at not in chosen:
            take(at, _MOST_BYTES)
    golden = Golden(
        classes=tuple(classes),
        names=tuple(digests[at] for at in chosen),
        labels=tuple(str(sample["label"].iloc[at]) for at in chosen),
        answers={name: given[chosen].tolist() for name, given in answers.items()},
    )
    return golden, files


def _telling_apart(scores: np.ndarray, least: float, chosen: list[int], answered: Collection[int]) -> list[int]:
    """Return images that tell apart what the chosen ones do not, by more than processors differ; most pairs first.

    Args:
        scores: (formats, N, K).
        least: by how much two probabilities must differ in every format.
        chosen: the images that are taken already.
        answered: classes that are the answer to some image.
    """
    rest = [at for at in range(scores.shape[2]) if at not in answered]
    if not 1 < len(rest) <= _MOST_COMPARED:
        return []
    candidates = range(0, scores.shape[1], -(-scores.shape[1] // _MOST_CANDIDATES))
    apart = np.stack([_apart(scores[:, at, rest], least) for at in candidates])  # (candidates, rest, rest)
    alike = ~np.any([_apart(scores[:, at, rest], least) for at in chosen], axis=0)
    found: list[int] = []
    while len(found) < MOST and (gains := (apart & alike).sum(axis=(1, 2))).any():
        best = int(gains.argmax())
        found.append(candidates[best])
        alike &= ~apart[best]
    return found


def _apart(scores: np.ndarray, least: float) -> np.ndarray:
    """Return which pairs of classes differ in every format: (K, K) bool for (formats, K) probabilities."""
    apart: np.ndarray = (np.abs(scores[:, :, None] - scores[:, None, :]) > least).all(axis=0)
    return apart

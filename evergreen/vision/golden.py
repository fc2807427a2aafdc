"""Which judged images become golden ones: of as many answers as there may be, each as clear as can be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from evergreen.release.golden import Golden

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.tables import ReadBlob

# A class each, as far as that goes: two of them that change places show. Proving takes this many answers.
MOST = 16
_LEAST = 4
_MOST_BYTES = 2**21


def golden_images(
    sample: pd.DataFrame, classes: list[str], answers: Mapping[str, np.ndarray], read: ReadBlob
) -> tuple[Golden, dict[str, bytes]]:
    """Return a few images with the answers of every format, and their files by SHA-256.

    An image stands for the class that is answered, not for its own. Of each class the image is taken whose answer leads
    by most in the format where it leads by least; one of over 2 MiB only where its class has no other.

    Args:
        sample: the N images that the formats were shown: label, sha256.
        classes: in the order of the answers.
        answers: format -> (N, K) float32 probabilities, 0-1; one format at least.
        read: gives an image's bytes for its SHA-256.
    """
    scores = np.stack(list(answers.values()))  # (formats, N, K)
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
        _ = any(take(at, _MOST_BYTES) for at in some[:_LEAST]) or take(some[0], 2**62)
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

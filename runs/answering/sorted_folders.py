"""Images in folders that are named like classes: what each one's label is, and how a model does on them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from evergreen.datasets.labelling.names import key
from evergreen.datasets.labelling.words import some
from evergreen.judging.metrics import wilson
from evergreen.reports.predictions import Prediction


def labels_by_folder(folders: Sequence[tuple[str, ...]], classes: Sequence[str]) -> tuple[list[str | None], str]:
    """Return the label of each image that lies in a folder of a class's name, and how that was told, in words.

    Names are compared as repair compares them: case, blanks, ``_`` and ``-`` do not count. A folder that was named
    itself says nothing alone (who asks about ``king`` need not have sorted anything); two such folders do.

    Args:
        folders: of each image, as ``sources.given.Given.folders``.
        classes: of the model.

    Returns:
        One label an image, None where nothing tells; and a sentence, empty if no image has a label.
    """
    by_key = {key(name): name for name in classes}
    found = [_label(names[1:], by_key) or _label(names[:1], by_key) for names in folders]
    below = any(_label(names[1:], by_key) for names in folders)
    named = dict.fromkeys(label for label in found if label)
    if not named or (not below and len(named) < 2):
        return [None] * len(folders), ""
    unknown = sum(label is None for label in found)
    rest = f"; {unknown:,} images are in none of them, and are not scored" if unknown else ""
    return found, f"scored, for their folders are named like classes ({some(named)}){rest}"


def score(predictions: Sequence[Prediction], classes: Sequence[str]) -> dict[str, Any] | None:
    """Return how many answers are right, of images whose label is known; None if there is none.

    Args:
        predictions: the model's.
        classes: of the model, in order.

    Returns:
        right, count, accuracy with its 95 % interval (``accuracy_low``, ``accuracy_high``; Wilson), and ``classes``:
        label, right, count of each class that has images. Where the model learned from some of them, ``new``: the same
        but ``classes`` of the others, accuracy 0 and interval 0 to 1 if there are none.
    """
    known = [one for one in predictions if one.truth is not None and one.top]
    if not known:
        return None
    count = Counter(one.truth for one in known)
    right = Counter(one.truth for one in known if one.top[0][0] == one.truth)
    found = _measured(known) | {
        "classes": [
            {"label": label, "right": right[label], "count": count[label]} for label in classes if count[label]
        ],
    }
    new = [one for one in known if not one.learned]
    return found if len(new) == len(known) else found | {"new": _measured(new)}


def _measured(known: Sequence[Prediction]) -> dict[str, Any]:
    right, count = sum(one.top[0][0] == one.truth for one in known), len(known)
    low, high = wilson(right, count) if count else (0.0, 1.0)
    return {
        "right": right,
        "count": count,
        "accuracy": right / max(1, count),
        "accuracy_low": low,
        "accuracy_high": high,
    }


def _label(names: Sequence[str], by_key: dict[str, str]) -> str | None:
    """Return the class that folders name, if they name just one."""
    labels = {by_key[key(name)] for name in names if key(name) in by_key}
    return labels.pop() if len(labels) == 1 else None

"""Class weights, or how often small classes are repeated instead; from training counts only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergreen.errors import BadDataset

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.data import Balance


def repeats(dataset: pd.DataFrame, classes: list[str], settings: Balance) -> dict[str, float]:
    """Return {class: how often its training images are seen in an epoch}, in class order.

    1 for all without ``oversample``; with it, as often as makes every class as large as the largest.

    Args:
        dataset: at least label and split.
        classes: class names in order.
        settings: whether to oversample.
    """
    counts = dataset.loc[dataset["split"] == "train", "label"].value_counts()
    if not settings.oversample:
        return dict.fromkeys(classes, 1.0)
    return {name: float(counts.max() / counts[name]) for name in classes}


def balance(dataset: pd.DataFrame, classes: list[str], settings: Balance) -> dict[str, float]:
    """Return {class: weight on the loss of its training images}, in class order.

    ``balanced`` is scikit-learn's N / (K * n_c). ``effective-number`` is (1 - beta) / (1 - beta^n_c), scaled to a mean
    of 1 over the classes (Cui et al. 2019, equation 4).

    Args:
        dataset: at least label and split.
        classes: class names in order.
        settings: which weights.

    Raises:
        BadDataset: explicit weights do not name exactly the classes.
    """
    counts = dataset.loc[dataset["split"] == "train", "label"].value_counts()
    if settings.weights == "none":
        return dict.fromkeys(classes, 1.0)
    if settings.weights == "explicit":
        if set(settings.explicit) != set(classes):
            raise BadDataset(
                f"balance.explicit: expected a weight for each of {classes}, received {sorted(settings.explicit)}"
            )
        return {name: settings.explicit[name] for name in classes}
    if settings.weights == "balanced":
        return {name: float(counts.sum() / (len(classes) * counts[name])) for name in classes}
    raw = {name: (1 - settings.beta) / (1 - settings.beta ** int(counts[name])) for name in classes}
    mean = sum(raw.values()) / len(raw)
    return {name: weight / mean for name, weight in raw.items()}

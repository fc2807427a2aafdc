"""Divide images into train, validation and test; images with equal pixels stay on one side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergreen.errors import BadDataset, NotBuiltYet

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.data import Split

SUBSETS = ("train", "validation", "test")


def split(dataset: pd.DataFrame, classes: list[str], settings: Split, seed: int) -> pd.DataFrame:
    """Return the table with a ``split`` column: stratified, seeded, independent of the order of the rows.

    Args:
        dataset: at least path, label, pixels.
        classes: class names in order; each must have images.
        settings: method and shares.
        seed: of scikit-learn's shuffles.

    Raises:
        BadDataset: fewer than two classes, or a class with fewer distinct images than the split needs.
    """
    if settings.method != "exact":
        raise NotBuiltYet(f"not built yet: split.method: {settings.method}")
    shares = {
        "train": 1 - settings.validation - settings.test,
        "validation": settings.validation,
        "test": settings.test,
    }
    wanted = [name for name in SUBSETS if shares[name] > 0]
    distinct = dataset.sort_values("path").drop_duplicates("pixels")
    _refuse_too_few(distinct["label"].value_counts(), classes, wanted)
    side = _stratified(distinct, {name: shares[name] for name in wanted}, seed)
    table = dataset.assign(split=dataset["pixels"].map(side))
    return table.sort_values("path", ignore_index=True)


def _refuse_too_few(counts: pd.Series, classes: list[str], wanted: list[str]) -> None:
    if len(classes) < 2:
        raise BadDataset(f"expected at least two classes, received {', '.join(classes) or 'none'}")
    short = {name: int(counts.get(name, 0)) for name in classes if counts.get(name, 0) < len(wanted)}
    if short:
        found = ", ".join(f"{name} has {count}" for name, count in short.items())
        raise BadDataset(
            f"a split into {', '.join(wanted)} needs at least {len(wanted)} different images of each class; {found}"
        )


def _stratified(distinct: pd.DataFrame, shares: dict[str, float], seed: int) -> dict[str, str]:
    """Return {pixel digest: split}, cutting one subset after the other from what is left."""
    from sklearn.model_selection import train_test_split

    side = dict.fromkeys(distinct["pixels"], "train")
    rest = distinct
    for name in reversed([name for name in shares if name != "train"]):
        size = round(shares[name] * len(distinct))
        fewest = rest["label"].nunique()
        if size < fewest:
            raise BadDataset(
                f"split.{name}: {shares[name]:.0%} of {len(distinct)} images is {size}, fewer than {fewest} classes"
            )
        rest, cut = train_test_split(rest, test_size=size, stratify=rest["label"], random_state=seed)
        side |= dict.fromkeys(cut["pixels"], name)
    return side

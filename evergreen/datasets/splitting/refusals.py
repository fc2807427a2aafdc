"""What cannot be split is refused in words: which class has how many, how many are needed, and what to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from evergreen.datasets.splitting.units import kinds_of
from evergreen.errors import BadDataset

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.split import Split


def into(sides: Collection[str]) -> str:
    """Return what a split divides into, in words."""
    *first, last = sides
    return f"a split into {', '.join(first)} and {last}" if first else f"a split into {last}"


def without_folder(settings: Split) -> str:
    """Return the line of a recipe that no longer keeps groups of folders together, and says the same otherwise."""
    return f"split.group: [{', '.join(sorted(kinds_of(settings) - {'folder'}))}]"


def refuse_few(rows: pd.DataFrame, classes: list[str], needed: int, what: str, of: str) -> None:
    """Refuse rows with fewer than ``needed`` of a class, naming all such classes."""
    counts = rows["label"].value_counts()
    short = {name: int(counts.get(name, 0)) for name in classes if counts.get(name, 0) < needed}
    if short:
        found = ", ".join(f"{name} has {count}" for name, count in short.items())
        raise BadDataset(
            f"{what} needs at least {needed} {of}of each class; {found}: add images of it, "
            f"{_or_leave_out(short, classes)}or choose other shares"
        )


def _or_leave_out(names: Collection[str], classes: list[str]) -> str:
    """Return the line for the recipe that leaves classes out, if two are left then."""
    import yaml

    if len(classes) - len(names) < 2:
        return ""
    listed = yaml.safe_dump(list(names), default_flow_style=True, allow_unicode=True, width=float("inf")).strip()
    return f"leave {'it' if len(names) == 1 else 'them'} out (repair.leave_out: {listed}), "


def refuse_no_subset(labelled: pd.DataFrame) -> None:
    """Refuse to divide as the folders say where no folder says it, showing those that there are."""
    if not (labelled["subset"] != "").any():
        tree = "\n".join(f"  {label}/  {count:,}" for label, count in labelled["label"].value_counts().head(30).items())
        raise BadDataset(
            "split.method: predefined needs folders that say train, validation or test; found none (class, images):\n"
            f"{tree}\nSay which folder is which with repair.subsets: {{FOLDER: train}}, or choose split.method: exact"
        )


def refuse_few_groups(counts: Mapping[str, int], sides: Collection[str], settings: Split) -> None:
    """Refuse classes with fewer groups than there are sides.

    Args:
        counts: class -> how many groups it has; an image in none is one by itself.
        sides: that each class must be on.
        settings: whose ``group`` holds ``folder``.
    """
    short = {name: count for name, count in counts.items() if count < len(sides)}
    if not short:
        return
    found = ", ".join(f"class {name} has {count} group{'s' * (count != 1)}" for name, count in short.items())
    fewer = "" if len(sides) < 3 or "test" not in sides else ", or split without a test (split.test: 0)"
    raise BadDataset(
        f"{found}, and {into(sides)} needs {len(sides)} of each class, for every group stays on one side (an image in "
        "no folder inside its class is a group by itself; groups that share a picture, or near-duplicates if those are "
        "kept together, are one): add images of other "
        f"groups, take folder out of split.group ({without_folder(settings)}){fewer}"
    )


def refuse_apart(name: str, lacking: Collection[str], settings: Split) -> None:
    """Refuse classes of which no choice of whole groups was found that leaves each on either side of a cut."""
    if lacking:
        raise BadDataset(
            f"split.{name}: no choice of whole groups was found with each class on {name} and on what is left; "
            f"{', '.join(lacking)} would be missing, because its groups hold other classes too: add images of other "
            f"groups, try another seed, or take folder out of split.group ({without_folder(settings)})"
        )


def refuse_empty(used: pd.DataFrame, classes: list[str], settings: Split, *, by_name: bool) -> None:
    """Refuse a split that leaves a class without training images, or validation without any.

    Args:
        used: label and split of the images that are used.
        classes: in order.
        settings: of the split.
        by_name: whether the digests of groups' names drew the sides.
    """
    otherwise = (
        f"; groups were drawn by their names: split.method: exact chooses them by size instead, and "
        f"{without_folder(settings)} divides the images of a group"
        if by_name
        else ""
    )
    training = set(used.loc[used["split"] == "train", "label"])
    if missing := [name for name in classes if name not in training]:
        raise BadDataset(
            f"train has no image of {', '.join(missing)}: add images of it, {_or_leave_out(missing, classes)}or choose "
            f"smaller shares or another split.method{otherwise}"
        )
    if not (used["split"] == "validation").any():
        raise BadDataset(
            f"validation has no image: training needs some to tell its epochs apart; raise split.validation{otherwise}"
        )

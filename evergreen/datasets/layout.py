"""From paths to what their folders mean: which subset an image belongs to, and which folder names its class."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Literal

from evergreen.errors import BadDataset

Subset = Literal["", "train", "validation", "test", "unlabelled"]

_SUBSETS: dict[str, Subset] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
    "unlabelled": "unlabelled",
    "unlabeled": "unlabelled",
}
# A folder of this name is the training subset where a validation folder lies beside it, and means nothing elsewhere.
_TRAIN_BESIDE_VALIDATION = "images"


def subset_folders(
    folders: Collection[str], given: Mapping[str, Subset], classes: Collection[str]
) -> dict[str, Subset]:
    """Return {folder: subset} for every folder, at any depth, that stands for a subset.

    Args:
        folders: paths of the folders that hold images, POSIX.
        given: names that the recipe explains.
        classes: declared class names; a folder ``train`` full of trains is none of training's.

    Raises:
        BadDataset: a folder could be a subset or a class.
    """
    known = {name.casefold(): subset for name, subset in given.items()}
    declared = {name.casefold() for name in classes}
    every = {str(above) for folder in folders for above in (PurePosixPath(folder), *PurePosixPath(folder).parents)}
    found: dict[str, Subset] = {}
    for folder in every - {"."}:
        name = PurePosixPath(folder).name.strip().casefold()
        if name not in declared and (subset := known.get(name, _SUBSETS.get(name))):
            found[folder] = subset
    for folder in every:
        path = PurePosixPath(folder)
        if path.name.strip().casefold() == _TRAIN_BESIDE_VALIDATION and folder not in found:
            beside = {subset for other, subset in found.items() if PurePosixPath(other).parent == path.parent}
            if "validation" in beside:
                found[folder] = "train"
    if not declared:
        _refuse_ambiguous(folders, {folder for folder in found if PurePosixPath(folder).name.casefold() not in known})
    return found


def _refuse_ambiguous(folders: Collection[str], found: Collection[str]) -> None:
    """Refuse a subset's name among class folders: ``train`` beside ``plane`` and ``ship``, each full of images."""
    for folder in sorted(set(found) & set(folders)):
        path = PurePosixPath(folder)
        beside = [other for other in folders if PurePosixPath(other).parent == path.parent and other not in found]
        if beside:
            raise BadDataset(
                f"the folder {folder!r} beside {beside[0]!r} holds images itself: it could be a subset without labels "
                f"or a class; say so with repair.subsets: {{{path.name}: unlabelled}}, or declare repair.classes"
            )


def subset_of(folder: str, subsets: Mapping[str, Subset]) -> Subset:
    """Return the subset of the images in a folder: that of the nearest folder, itself or above, that stands for one."""
    for above in (PurePosixPath(folder), *PurePosixPath(folder).parents):
        if subset := subsets.get(str(above)):
            return subset
    return ""


def class_folder(folder: str, subsets: Mapping[str, Subset], labelled_above: bool) -> str | None:
    """Return the name of the folder that names the class of the images in ``folder``; None if there is none.

    Args:
        folder: path of a folder that holds images.
        subsets: as ``subset_folders`` returned them.
        labelled_above: whether the archive has subset folders inside class folders.
    """
    path = PurePosixPath(folder)
    if folder not in subsets:
        return path.name or None
    return path.parent.name or None if labelled_above else None


def subsets_inside_classes(folders: Iterable[str], subsets: Mapping[str, Subset]) -> bool:
    """Whether images lie in ``class/subset/`` instead of ``subset/class/``: several parents have such folders."""
    parents = {str(PurePosixPath(folder).parent) for folder in folders if folder in subsets}
    return len(parents) > 1

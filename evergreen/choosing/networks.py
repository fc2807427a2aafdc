"""The networks and trainings that the rules choose among, as values of a recipe, measured out for a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergreen.sections import trainings
from evergreen.sections.trainings import BACKBONE, EPOCHS, HEAD_EPOCHS, Values

if TYPE_CHECKING:
    from evergreen.choosing.facts import Facts

THUMBNAIL = 112
_THUMBNAIL_SIDE = 160
DOUBLED = 12
_TRAIN_SHARE = 0.7
_MANY_IN_TRAINING = 10_000
# Images that pass through a network: enough for thousands, and no more than so many for hundreds of thousands.
_HEAD_PASSES, _PASSES, _FEWEST = 20_000, 25_000, 3
_PHOTOS = {"rotation": 20, "width_shift": 0.1, "height_shift": 0.1, "zoom": 0.15, "brightness": [0.8, 1.2]}
_SCANS = {"rotation": 10, "width_shift": 0.1, "height_shift": 0.1, "zoom": 0.1}


def short(facts: Facts) -> Values:
    """Return airbench94's network and training, as ``recipes/cifar10-fast.yaml`` has them."""
    from evergreen.recipe_files import RECIPES, read

    _, values = read(RECIPES / "cifar10-fast.yaml")
    augment = {name: value for name, value in values["augment"].items() if name != "horizontal_flip"}
    size = {name: values["image"][name] for name in ("height", "width")}
    return {"image": size, "augment": augment, "train": values["train"]}


def plain(facts: Facts) -> Values:
    """Return a plain CNN for small pictures."""
    side = small_side(facts)
    many = facts.images * _TRAIN_SHARE >= _MANY_IN_TRAINING
    return {
        "image": {"height": side, "width": side} | ({"interpolation": "bilinear"} if side > facts.longer else {}),
        "augment": dict(_SCANS) if facts.longer > DOUBLED else {},
        "train": trainings.plain(side, *((15, 128) if many else (25, 32))),
    }


def small_side(facts: Facts) -> int:
    """Return the input's side for small pictures, in pixels: a multiple of 8; very small ones are doubled."""
    longer = facts.longer * (2 if facts.longer <= DOUBLED else 1)
    return max(8, 8 * round(longer / 8))


def frozen(facts: Facts) -> Values:
    """Return a frozen backbone with a head on its features."""
    return _photos(facts, BACKBONE, trainings.frozen())


def as_they_are(facts: Facts) -> Values:
    """Return a frozen backbone with a head on its features of unchanged photos: each passes through it once."""
    return _photos(facts, BACKBONE, trainings.frozen(trainings.UNCHANGED_EPOCHS) | {"views": 1}) | {"augment": {}}


def tuned(facts: Facts, backbone: str) -> Values:
    """Return a backbone whose head learns first, then its layers; fewer epochs for many photos."""
    epochs = (_epochs(facts, _HEAD_PASSES, HEAD_EPOCHS), _epochs(facts, _PASSES, EPOCHS))
    return _photos(facts, backbone, trainings.tuned(backbone, *epochs))


def taught(facts: Facts, backbone: str) -> Values:
    """Return a backbone as ``tuned`` has it, with teachers, whose recipes ``new`` writes beside it.

    A teacher answers once for each view, so an image has as many views as the longest phase has epochs: without a
    teacher each epoch would show another one.
    """
    values = tuned(facts, backbone)
    views = max(phase["epochs"] for phase in values["train"]["phases"])
    teacher = {"temperature": 2, "weight": 0.5}
    return values | {"train": values["train"] | {"views": views, "teacher": teacher}}


def _photos(facts: Facts, backbone: str, training: Values) -> Values:
    side = _THUMBNAIL_SIDE if facts.shorter < THUMBNAIL else trainings.side_of(backbone)
    size = {"height": side, "width": side}
    return {"image": size, "augment": dict(_PHOTOS), "train": {"backbone": backbone, **training}}


def _epochs(facts: Facts, passes: int, most: int) -> int:
    """Return how many epochs make about so many passes of training images, within bounds."""
    return min(most, max(_FEWEST, round(passes / max(1, facts.images * _TRAIN_SHARE))))

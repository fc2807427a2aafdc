"""Who taught a network, in words."""

from collections.abc import Mapping
from typing import Any


def words(taught: Mapping[str, Any]) -> str:
    """Say in one line who taught, how good they were, and how much their answers counted.

    Args:
        taught: ``temperature``, ``weight`` (0 to 1) and ``teachers``, each with name, trained, val_accuracy (or None),
            images and validated_by.
    """
    each = "; ".join(_one(teacher) for teacher in taught["teachers"])
    together = " together, their answers averaged," if len(taught["teachers"]) > 1 else ""
    return f"{each}:{together} {taught['weight']:.0%} of the loss, at temperature {taught['temperature']:g}"


def _one(teacher: Mapping[str, Any]) -> str:
    how = "trained first" if teacher["trained"] else "a model of the store"
    accuracy = teacher["val_accuracy"]
    right = "" if accuracy is None else f", {accuracy:.1%} right on its own validation"
    return f"{teacher['name']} ({how}, learned from {teacher['images']:,} images{right})"

"""Answers as a service gives them, for what keeps them."""

import hashlib
from collections.abc import Sequence

from evergreen.sections.data import Image, Screen
from runs.serving.answers import Answered, Answers, Asked, Release

CLASSES = ("cat", "dog")


def release(
    classes: Sequence[str] = CLASSES, threshold: float | None = 0.8, recipe: str = "pets", model: str = "b" * 64
) -> Release:
    return Release(recipe, "a" * 64, model, "tflite-int8", tuple(classes), Image(), Screen(), threshold, True, "run-1")


def asked(
    *images: bytes, sure: float = 0.9, of: Release | None = None, error: str = "", time: str = "", at: int = 0
) -> Asked:
    """Return images that were answered, all of them as the class at a place, so surely."""
    of = of or release()
    rest = (1 - sure) / (len(of.classes) - 1)
    scores = tuple(sure if place == at else rest for place in range(len(of.classes)))
    answered = [Answered(digest(data), () if error else scores, error) for data in images]
    return Asked(Answers(of, tuple(answered), 0.01), list(images), time)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

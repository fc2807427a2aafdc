"""What to try next: for a model that learns too little, or by heart, two changes of its recipe as ``--set`` lines.

What answers to a model that leans on something is in ``cures``.

No rule says what helps; these are the usual first things, in the order in which they are usually tried, and only those
that this recipe does not do already: a longer training, more of the network, fewer obstacles (Goodfellow et al. 2016,
"Deep Learning", section 11.3) where it learns too little; augmentation, smoothing, dropout and an earlier end (sections
7.4 to 7.12) where it learns by heart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evergreen.sections.augment import Augment
    from evergreen.sections.training import Train

_HOW_MANY = 2
_MOST_FILTERS = 2048  # what a recipe allows
_MANY_EPOCHS = 200
_SHIFT, _MAGNITUDE, _MOST_MAGNITUDE, _DROPOUT, _MOST_DROPOUT = 0.1, 0.1, 0.5, 0.3, 0.8


@dataclass(frozen=True)
class Try:
    """One change of a recipe.

    Attributes:
        why: what it does, in words.
        sets: ``dotted.path=value`` pairs, as ``--set`` takes them.
    """

    why: str
    sets: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"why": self.why, "sets": list(self.sets)}


def to_try(verdict: str, train: Train, augment: Augment) -> list[Try]:
    """Return two changes that are usually tried first, each valid for this recipe; none for a good fit.

    Args:
        verdict: underfit, overfit or good fit.
        train: the recipe's network and its phases.
        augment: what it does to training images.
    """
    found = {"underfit": _against_underfit, "overfit": _against_overfit}.get(verdict)
    return list(islice(found(train, augment), _HOW_MANY)) if found else []


def lines(tries: Iterable[dict[str, Any]]) -> list[str]:
    """Return what ``Try.as_json`` returned as one line each: what to type, and why.

    An entry may have a ``command`` in place of pairs; one that has neither says why there is nothing to type.
    """
    typed = [(_typed(entry), entry["why"]) for entry in tries]
    return [f"{words}  ({why})" if words else why for words, why in typed]


def _typed(entry: dict[str, Any]) -> str:
    return entry.get("command") or " ".join(f"--set {quoted(one)}" for one in entry["sets"])


def quoted(pair: str) -> str:
    """Return a pair as a shell takes it."""
    return f"'{pair}'" if any(sign in pair for sign in "[]{}* ") else pair


def _against_underfit(train: Train, augment: Augment) -> Iterator[Try]:
    number, phase = len(train.phases) - 1, train.phases[-1]
    at = f"train.phases.{number}"
    if phase.epochs < _MANY_EPOCHS:
        yield Try("train longer", (f"{at}.epochs={phase.epochs * 2}",))
    if train.backbone != "cnn" and all(one.unfreeze == "none" for one in train.phases):
        rate = f"{at}.learning_rate={min(phase.learning_rate, 1e-4):g}"
        yield Try("let the backbone learn too", (f"{at}.unfreeze=all", rate, f"{at}.batch_norm=frozen"))
    yield from _fewer_obstacles(train, augment)
    for block in range(len(train.cnn)):
        filters = train.cnn[block].filters * 2
        if filters <= _MOST_FILTERS and not train.cnn[block].whiten:
            yield Try("a wider network", (f"train.cnn.{block}.filters={filters}",))
    yield Try("smaller steps", (f"{at}.learning_rate={phase.learning_rate / 3:.2g}",))
    yield Try("smaller batches", (f"{at}.batch={max(1, phase.batch // 2)}",))


def _fewer_obstacles(train: Train, augment: Augment) -> Iterator[Try]:
    """Yield what makes the images, or the network, harder to learn, where there is some."""
    if augment.magnitude:
        yield Try("augment less", (f"augment.magnitude={augment.magnitude / 2:.2g}",))
    for name in ("mixup", "cutmix"):
        if getattr(augment, name):
            yield Try(f"leave out {name}", (f"augment.{name}=0",))
    if augment.erasing:
        yield Try("erase nothing", ("augment.erasing=null",))
    if train.head.dropout:
        yield Try("drop out less", (f"train.head.dropout={train.head.dropout / 2:.2g}",))
    for number, dense in enumerate(train.head.dense):
        if dense.dropout:
            yield Try("drop out less", (f"train.head.dense.{number}.dropout={dense.dropout / 2:.2g}",))


def _against_overfit(train: Train, augment: Augment) -> Iterator[Try]:
    number, phase = len(train.phases) - 1, train.phases[-1]
    if augment.magnitude is None:
        if not augment.width_shift and not augment.translate:
            yield Try("shift the images", (f"augment.width_shift={_SHIFT}", f"augment.height_shift={_SHIFT}"))
    elif augment.magnitude < _MOST_MAGNITUDE:
        more = min(_MOST_MAGNITUDE, max(_MAGNITUDE, augment.magnitude * 1.5))
        yield Try("augment more", (f"augment.magnitude={more:.2g}",))
    if augment.erasing is None:
        yield Try("erase parts of the images", ("augment.erasing={}",))
    if not train.label_smoothing:
        yield Try("smooth the labels", ("train.label_smoothing=0.1",))
    if train.head.dropout < _MOST_DROPOUT:
        more = _DROPOUT if train.head.dropout < _DROPOUT else _MOST_DROPOUT
        yield Try("drop out more", (f"train.head.dropout={more}",))
    if phase.early_stopping is None:
        yield Try("stop when validation gets no better", (f"train.phases.{number}.early_stopping={{}}",))
    if not augment.mixup:
        yield Try("blend images", ("augment.mixup=0.2",))
    if phase.epochs > 1:
        yield Try("train shorter", (f"train.phases.{number}.epochs={phase.epochs // 2}",))
    yield Try("smaller steps", (f"train.phases.{number}.learning_rate={phase.learning_rate / 3:.2g}",))

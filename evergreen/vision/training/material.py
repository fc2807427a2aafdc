"""What a phase learns from: images, changed anew in each epoch, or what a frozen backbone makes of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evergreen.images.augment import Augmenter
from evergreen.images.pixels import Outputs
from evergreen.images.processors import threads_of
from evergreen.images.rows import Rows
from evergreen.images.shelves import Folder
from evergreen.vision.networks import build
from evergreen.vision.teaching.answers import Teachers, taught
from evergreen.vision.training.batches import Side
from evergreen.vision.training.features import PLAIN, Backbone, Features
from evergreen.vision.training.views import Gather, View, view_of

if TYPE_CHECKING:
    from evergreen.images.threads import Threads
    from evergreen.recipe import Recipe
    from evergreen.sections.phases import Phase

_GIB = 2**30
_VIEWS_OF_A_PHASE = 1_000_000


@dataclass(frozen=True)
class Source:
    """What a training takes its material from.

    Attributes:
        recipe: its ``train``, ``augment`` and ``seed`` are read.
        sides: ``train`` and ``validation``, of images.
        features: folder where features are kept; None keeps them in memory.
        augmenter: changes and mixes training images.
        threads: what works on the images side by side.
        say: told how a phase learns.
        teachers: who answers beside the labels; None if nobody does.
        others: as ``Features`` has it.
    """

    recipe: Recipe
    sides: Mapping[str, Side]
    features: Folder | None
    augmenter: Augmenter
    threads: Threads
    say: Callable[[str], None]
    teachers: Teachers | None = None
    others: Outputs | None = None

    def view(self, number: int) -> View:
        """Return one view of the training images, with what the teachers answer for it."""
        return taught(view_of(self.sides["train"], self.augmenter, number, self.threads), self.teachers)

    def once(self) -> float:
        """Return the seconds, since it was asked last, that went into answers of teachers that are kept."""
        return self.teachers.once() if self.teachers else 0.0

    def material(self, number: int, phase: Phase, model: Any) -> Material:
        """Decide whether a phase learns from images or, if its backbone is frozen, from the backbone's features.

        A frozen phase sees ``train.views`` views of each image in turn, either way; their features are kept if they
        take no more than ``train.features_gib``. With a teacher every phase does, and all see the same views: so the
        teacher answers once for each.

        Args:
            number: of the phase, from 1.
            phase: as in the recipe.
            model: the network, with what the phase freezes frozen.
        """
        train = self.recipe.train
        views = min(train.views, phase.epochs) if self.augmenter.active else 1
        if phase.unfreeze != "none" or train.backbone == "cnn":
            if not self.teachers:
                return FromImages(model, self, number * _VIEWS_OF_A_PHASE, None)
            if self.augmenter.active:
                self.say(
                    f"phase {number}: with a teacher, who answers once for each, its epochs see {views} view"
                    f"{'s' if views > 1 else ''} of each image in turn (train.views)"
                )
            return FromImages(model, self, 0, views)
        before, head = build.halves(model)
        features = Features.of(before, self.features, Backbone.of(train), threads_of(train), self.others)
        rows = len(self.sides["train"].rows) * views + len(self.sides["validation"].rows)
        gib = rows * features.bytes_each / _GIB
        seen = f"{views} view{'s' if views > 1 else ''} of each image"
        if gib > train.features_gib:
            self.say(
                f"phase {number}: the backbone is frozen, and its features of {seen} would take {gib:.2f} GiB, over "
                f"train.features_gib ({train.features_gib:g}): every epoch runs through the backbone"
            )
            return FromImages(model, self, 0, views)
        self.say(f"phase {number}: the backbone is frozen; its features of {seen} are kept, {gib:.2f} GiB")
        return FromFeatures(head, self, features, views)


class Material:
    """What a phase learns from.

    Attributes:
        learner: the model that is fitted.
        validation: what it is judged by.
    """

    learner: Any
    validation: Side

    def training(self, epoch: int) -> tuple[Side, Gather | None]:
        """Return what an epoch of the phase, from 0, learns from, and what gathers it."""
        raise NotImplementedError

    def once(self) -> float:
        """Return the seconds, since it was asked last, that went into what is made once for all trainings and kept."""
        return 0.0


class FromImages(Material):
    """Images, changed anew in each epoch; with a number of views, in that many ways in turn."""

    def __init__(self, model: Any, source: Source, first: int, views: int | None) -> None:
        self.learner, self.validation = model, source.sides["validation"]
        self._source, self._first, self._views = source, first, views

    def training(self, epoch: int) -> tuple[Side, Gather | None]:
        """Return the training images, and what changes and mixes them as they are gathered."""
        view = self._source.view(self._first + (epoch % self._views if self._views else epoch))
        return view.side, view.gather

    def once(self) -> float:
        """Return the seconds, since it was asked last, that went into answers of teachers that are kept."""
        return self._source.once()


class FromFeatures(Material):
    """Features of a frozen backbone; those of a view are computed when an epoch first needs them."""

    def __init__(self, head: Any, source: Source, features: Features, views: int) -> None:
        self.learner = head
        self._source, self._features, self._views = source, features, views
        self._known: dict[int, Side] = {}
        self._seconds = 0.0
        judged = source.sides["validation"]
        self.validation = judged.of(self._rows(judged, judged.rows.gather, PLAIN))

    def training(self, epoch: int) -> tuple[Side, Gather | None]:
        """Return the features of the view that is this epoch's turn."""
        number = epoch % self._views
        if number not in self._known:
            self._source.say(f"features of view {number + 1} of {self._views}")
            view = self._source.view(number)
            self._known[number] = view.side.of(self._rows(view.side, view.gather, view.name))
        return self._known[number], None

    def once(self) -> float:
        """Return the seconds, since it was asked last, that went into features and answers that are kept."""
        seconds, self._seconds = self._seconds, 0.0
        return seconds + self._source.once()

    def _rows(self, side: Side, gather: Gather, view: str) -> Rows:
        began = time.monotonic()
        rows = self._features.rows(side.keys, gather, view)
        self._seconds += time.monotonic() - began
        return rows

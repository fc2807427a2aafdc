"""How long a plan would take: what its steps took before, for this recipe in this store. Knows no Prefect."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from evergreen.datasets.labelling.words import some
from evergreen.fold_steps import trains
from evergreen.recipe import Recipe
from runs.run import Entry
from storage.steps.records import Record, Records
from storage.store import Store

_MINUTE = 60.0


@dataclass(frozen=True)
class Estimate:
    """How long the steps of a plan would take that are not reused.

    Attributes:
        seconds: step -> seconds, None where nobody knows; of a reused step 0.
    """

    seconds: Mapping[str, float | None]

    @property
    def minutes(self) -> float | None:
        """Minutes in all; None where a step's are not known."""
        known = [seconds for seconds in self.seconds.values() if seconds is not None]
        return round(sum(known) / _MINUTE, 2) if len(known) == len(self.seconds) else None

    def in_words(self) -> str:
        """Return what is known of it, in a sentence."""
        unknown = [step for step, seconds in self.seconds.items() if seconds is None]
        minutes = sum(seconds or 0 for seconds in self.seconds.values()) / _MINUTE
        if not unknown:
            return f"about {minutes:.1f} minutes, if all that is not reused runs: so long it took before in this store"
        known = f"{minutes:.1f} minutes and what is not known" if minutes else "not known"
        return f"{known}: what never ran for this recipe in this store ({some(unknown)})"


def estimate(entries: Sequence[Entry], recipe: Recipe, store: Store) -> Estimate:
    """Return how long a plan would take, by the newest records of its steps.

    A training is taken to last as its planned epochs do. Whoever took up a training that was stopped has a record of
    the rest alone, and other images, or another machine, take another time: it is a guess.

    Args:
        entries: the plan.
        recipe: what is planned.
        store: whose records are asked.
    """
    newest: dict[str, Record] = {}
    for record in Records(store).all():
        if record.recipe == recipe.name:
            newest.setdefault(record.step, record)
            if trains(record.step):
                newest.setdefault(_KIND_OF_TRAINING, record)

    def seconds_of(entry: Entry) -> float | None:
        if entry.state == "reused":
            return 0.0
        record = newest.get(entry.name)
        if record is None and trains(entry.name):
            record = newest.get(_KIND_OF_TRAINING)  # a fold lasts about as long as the training
        if record is None:
            return None
        return record.seconds * (_epochs_beside(record, recipe) if trains(entry.name) else 1)

    return Estimate({entry.name: seconds_of(entry) for entry in entries})


def seconds_of_training(recipe: Recipe, records: Iterable[Record]) -> float | None:
    """Return how long a training would take, by what earlier ones of the same recipe took; None if there were none.

    The median of those that are nearest: of the same network, size of images and frozen layers; else of the same
    network and size; else of the same network; else of any. Each is taken to last as its epochs do. It is a guess, and
    rather too long where features of a frozen backbone are kept by then.

    Args:
        recipe: what would be trained.
        records: of any steps; those of ``train`` for the recipe's name count.
    """
    trained = [record for record in records if record.step == "train" and record.recipe == recipe.name]
    wanted = _kind_of_training(recipe.values())
    for like in range(len(wanted), -1, -1):
        near = [record for record in trained if _kind_of_training(record.settings)[:like] == wanted[:like]]
        if near:
            return median(record.seconds * _epochs_beside(record, recipe) for record in near)
    return None


def _kind_of_training(settings: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what a training's time hangs on, the weightiest first."""
    train, image = settings.get("train") or {}, settings.get("image") or {}
    frozen = [phase.get("unfreeze") for phase in train.get("phases") or ()]
    return train.get("backbone"), (image.get("height"), image.get("width")), frozen


_KIND_OF_TRAINING = "any training"


def _epochs_beside(record: Record, recipe: Recipe) -> float:
    """Return how many epochs are planned, over those that a record's recipe had planned; 1 if it does not say."""
    phases: Sequence[Mapping[str, Any]] = (record.settings.get("train") or {}).get("phases") or ()
    before = sum(int(phase.get("epochs", 0)) for phase in phases)
    return sum(phase.epochs for phase in recipe.train.phases) / before if before else 1.0

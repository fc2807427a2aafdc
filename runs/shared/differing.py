"""Machines that do not train alike: what a recipe leaves to the machine, and what stands in a training's key."""

from collections.abc import Iterable

from evergreen.fold_steps import trains
from evergreen.images.processors import threads_of
from evergreen.recipe import Recipe
from evergreen.vision.networks.precision import precision_of
from evergreen.vision.training.devices import devices_of, missing
from runs.run import Entry
from runs.shared.opening import behind_of
from storage.store import Store

_TWO = "train.precision and train.threads"


def other_models(store: Store, recipe: Recipe, entries: Iterable[Entry]) -> str:
    """Return, in words, that other machines of the remote may train another model, and what makes them agree.

    Empty without a remote, where nothing would be trained, and where the recipe leaves nothing to the machine.

    Args:
        store: with what stands behind it.
        recipe: what would be trained.
        entries: the plan.
    """
    behind = behind_of(store)
    if behind is None or not _would_train(entries):
        return ""
    train, chosen, fields = recipe.train, [], []
    if _chooses(recipe):
        chosen.append(f"in {precision_of(train)}")
        fields.append("--set train.precision=float32")
    if train.threads == "auto":
        threads = threads_of(train)
        chosen.append(f"on {threads} thread{'' if threads == 1 else 's'}")
        fields.append(f"--set train.threads={threads}")
    if train.devices == "all":
        devices = devices_of(train)
        chosen.append(f"on {devices} device{'' if devices == 1 else 's'}")
        fields.append(f"--set train.devices={devices}")
    if names := [one.name for one in (recipe.teaching.recipes if recipe.teaching else ()) if _chooses(one)]:
        chosen.append("with teachers in a precision of its choice")
        fields.append(f"(and train.precision: float32 in the recipes of its teachers: {', '.join(names)})")
    if not fields:
        return ""
    left = "train.precision, train.threads and train.devices" if train.devices == "all" else _TWO
    return (
        f"this machine would train {' '.join(chosen)}, as {left} leave to each machine; one "
        f"of {behind.remote.objects.address} that chooses otherwise trains another model, and does not take this one. "
        f"To have one model, on every machine: {' '.join(fields)}"
    )


def no_devices(recipe: Recipe, entries: Iterable[Entry]) -> str:
    """Return, in words, that this machine has too few devices for what would be trained; empty where it has them."""
    return missing(recipe.train) if _would_train(entries) else ""


def _would_train(entries: Iterable[Entry]) -> bool:
    return any(trains(entry.name) and entry.state != "reused" for entry in entries)


def _chooses(recipe: Recipe) -> bool:
    """Whether the machine says in which precision a recipe's network is trained."""
    return recipe.train.precision == "auto"

"""Machines that do not train alike: precision and threads are chosen by the machine, and stand in a training's key."""

from collections.abc import Iterable

from evergreen.fold_steps import trains
from evergreen.images.processors import threads_of
from evergreen.recipe import Recipe
from evergreen.vision.networks.precision import precision_of
from runs.run import Entry
from runs.shared.opening import behind_of
from storage.store import Store


def other_models(store: Store, recipe: Recipe, entries: Iterable[Entry]) -> str:
    """Return, in words, that other machines of the remote may train another model, and what makes them agree.

    Empty without a remote, where nothing would be trained, and where the recipe leaves neither to the machine.

    Args:
        store: with what stands behind it.
        recipe: what would be trained.
        entries: the plan.
    """
    behind = behind_of(store)
    if behind is None or not any(trains(entry.name) and entry.state != "reused" for entry in entries):
        return ""
    train, chosen, fields = recipe.train, [], []
    if _chooses(recipe):
        chosen.append(f"in {precision_of(train)}")
        fields.append("--set train.precision=float32")
    if train.threads == "auto":
        threads = threads_of(train)
        chosen.append(f"on {threads} thread{'' if threads == 1 else 's'}")
        fields.append(f"--set train.threads={threads}")
    if names := [one.name for one in (recipe.teaching.recipes if recipe.teaching else ()) if _chooses(one)]:
        chosen.append("with teachers in a precision of its choice")
        fields.append(f"(and train.precision: float32 in the recipes of its teachers: {', '.join(names)})")
    if not fields:
        return ""
    return (
        f"this machine would train {' '.join(chosen)}, as train.precision and train.threads leave to each machine; one "
        f"of {behind.remote.objects.address} that chooses otherwise trains another model, and does not take this one. "
        f"To have one model, on every machine: {' '.join(fields)}"
    )


def _chooses(recipe: Recipe) -> bool:
    """Whether the machine says in which precision a recipe's network is trained."""
    return recipe.train.precision == "auto"

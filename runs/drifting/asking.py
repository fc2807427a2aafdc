"""What a person asks about drift: which model, which images, and what they are held against."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from evergreen.drifting.logs import read_log
from evergreen.drifting.reference import Reference
from evergreen.errors import BadInput
from evergreen.paths import is_file, path_of
from evergreen.recipe import Recipe
from evergreen.sections.refusing.told import TRY
from evergreen.sources.given import STDIN, named
from runs.answering.model_meant import model_meant
from runs.drifting.answers import lines_at, of_answers
from runs.drifting.comparing import Divided, Model, of_dataset, of_files, of_log
from runs.drifting.kept import reference_of
from runs.run import Run
from runs.summaries.summary import output_of
from storage.runs import summaries
from storage.store import Store

_LOG = ".csv"


def asked(store: Store, recipe: Recipe, paths: Sequence[str], most: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Hold what a person names against the reference of the model in charge.

    Args:
        store: where the model is.
        recipe: whose champion answers; without one, its newest run's model.
        paths: files, folders, patterns, addresses; or one log, or what a service keeps; or nothing, for the newest
            run's images.
        most: how many files are looked at.
        say: told, in words, what goes on.

    Returns:
        What docs/run-json.md calls ``drift``.

    Raises:
        BadInput: there is no model, no reference, or what is named makes no sense.
        StoreError: the model is damaged.
    """
    meant = model_meant(store, recipe.name, None)
    if meant.dataset is None:
        raise BadInput(f"which images {recipe.name}'s model was trained on is not recorded in {store.root}: retrain it")
    model = Model(meant.run, meant.model, meant.dataset)
    if not paths:
        return _of_newest(store, recipe, model, say)
    found = reference_of(store, model.model)
    if found is None:
        raise BadInput(
            f"expected the reference that a run of {recipe.name} keeps, found none: its model is of before there was "
            f"one. A run keeps it, and reuses the training if nothing changed:\n{TRY}evergreen retrain {recipe.name}"
        )
    return _of_paths(store, recipe, model, found[1], paths, most)


def _of_paths(
    store: Store, recipe: Recipe, model: Model, reference: Reference, paths: Sequence[str], most: int
) -> dict[str, Any]:
    if (lines := lines_at(paths, recipe.name)) is not None:
        return of_answers(store, recipe, model, reference, lines)
    logs = [path for path in paths if path.lower().endswith(_LOG) and is_file(path_of(path))]
    if logs and len(paths) > 1:
        raise BadInput(f"expected images, or one log of answers ({_LOG}), received both: ask about each by itself")
    if logs:
        return of_log(recipe, model, reference, read_log(Path(path_of(logs[0])), reference.classes))
    if STDIN in paths:
        raise BadInput("expected files or folders: one image on standard input has no distribution")
    return of_files(store, recipe, model, reference, named(paths).images, most)


def _of_newest(store: Store, recipe: Recipe, model: Model, say: Callable[[str], None]) -> dict[str, Any]:
    """Hold the images of a recipe's newest run that divided any against the model's reference."""
    steps = ("split", "screen", "repair")
    for summary in summaries(store, recipe.name):
        made = {step: output_of(summary, step) for step in steps}
        if all(made.values()):
            divided = Divided(*(store.manifest(str(made[step])).ref() for step in steps))
            found = of_dataset(Run.new(store, recipe), model, divided, say)
            beside = f"of run {summary['id']}, the newest: evergreen inspect {recipe.name} looks for new ones"
            return {**found, "words": f"{found['words']} The images are those {beside}."}
    raise BadInput(f"expected a run of {recipe.name} in {store.root}, found none\n{TRY}evergreen inspect {recipe.name}")

"""Which recipe a diagnosis runs: with the folds that are there, never with a training that is not. Knows no Prefect."""

from collections.abc import Iterable, Sequence

from evergreen.fold_steps import steps_of_folds
from evergreen.recipe import Recipe, load_recipe
from storage.store import Store

_ALL = "diagnose.images=10000000"
WITHOUT_FOLDS = (
    "its folds are not there, and a diagnosis trains none: labels are judged by a probe (evergreen folds makes them)"
)


def overrides_of(overrides: Iterable[str] | None, *, every: bool) -> list[str]:
    """Return overrides, with one by which every label is judged if that is asked for."""
    return [*(overrides or ()), *([_ALL] if every else [])]


def to_diagnose(
    recipe: str, overrides: Iterable[str] | None, source: str | Sequence[str] | None, store: Store
) -> tuple[Recipe, str]:
    """Return a recipe, without its folds where those have not been made; and a sentence if so, else an empty one.

    Args:
        recipe: a name in recipes/, or a path.
        overrides: as ``load_recipe``.
        source: as ``load_recipe``.
        store: which is asked whether the folds are there.

    Raises:
        BadRecipe: as ``load_recipe``.
    """
    from runs.plan import nothing_to_do, plan  # late: NumPy

    chosen = list(overrides or ())
    wanted = load_recipe(recipe, chosen, source)
    folds = wanted.evaluate.folds
    if not folds or nothing_to_do(plan(wanted, store, steps_of_folds(folds))):
        return wanted, ""
    return load_recipe(recipe, [*chosen, "evaluate.folds=0"], source), WITHOUT_FOLDS

"""Which recipe a cross-validation runs. Knows no Prefect."""

import shlex
from collections.abc import Iterable, Sequence

from evergreen.errors import BadInput
from evergreen.recipe import Recipe, load_recipe
from evergreen.sections.refusing.told import TRY

_FOLDS = 5


def with_folds(
    recipe: str, overrides: Iterable[str] | None, source: str | Sequence[str] | None, folds: int | None
) -> Recipe:
    """Return a recipe with as many folds as are asked for, or as it says itself (``evaluate.folds``), or five.

    Raises:
        BadRecipe: as ``load_recipe``, or so many folds are not allowed.
        BadInput: fewer than two folds are asked for.
    """
    if folds is not None and folds < 2:
        raise BadInput(
            f"expected 2 folds or more, received {folds}: a network is trained on those it is not judged on\n"
            f"{TRY}evergreen folds {shlex.quote(recipe)} --folds {_FOLDS}"
        )
    chosen = list(overrides or ())
    wanted = folds or load_recipe(recipe, chosen, source).evaluate.folds or _FOLDS
    return load_recipe(recipe, [*chosen, f"evaluate.folds={wanted}"], source)

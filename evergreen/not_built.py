"""What recipes may already say and no step does yet; each line leaves with the work that builds it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from evergreen.errors import NotBuiltYet
from evergreen.recipe import Recipe, load_recipe


def load_runnable(recipe: str | Path, overrides: Iterable[str] | None = None, source: str | None = None) -> Recipe:
    """Load a recipe that every step can run; arguments as in ``load_recipe``.

    Raises:
        BadRecipe: it is not valid.
        NotBuiltYet: it asks for something that is designed and not built.
    """
    loaded = load_recipe(recipe, overrides or (), source)
    refuse_not_built(loaded)
    return loaded


def refuse_not_built(recipe: Recipe) -> None:
    """Refuse a recipe that asks for something that is designed and not built, naming all of it at once.

    Raises:
        NotBuiltYet: with one line for each such setting.
    """
    missing = list(_missing(recipe))
    if missing:
        raise NotBuiltYet(f"{recipe.name}: not built yet: {', '.join(missing)}")


def _missing(recipe: Recipe) -> Iterator[str]:

"""What probe publishes, also for a plan that publishes nothing. Knows no Prefect."""

from pathlib import Path

from evergreen.recipe import Recipe
from evergreen.sources.probe import probe
from storage.artifacts import Manifest, Ref
from storage.store import Store

KIND = "source"


def indexes(store: Store) -> Path:
    """Return the folder of the indexes of local folders: caches, outside lineage."""
    return store.root / "indexes"


def source_facts(recipe: Recipe, store: Store) -> dict[str, str]:
    """Ask the source and return its address, without secrets, and the token of its present version."""
    return probe(recipe.source, indexes(store))


def source_version(recipe: Recipe, store: Store) -> Ref:
    """Ask the source and return the reference that probe would publish."""
    return Manifest(KIND, {}, source_facts(recipe, store)).ref()

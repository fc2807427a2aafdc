"""What probe publishes, also for a plan that publishes nothing. Knows no Prefect."""

from evergreen.recipe import Recipe
from evergreen.sources.probe import probe
from storage.artifacts import Manifest, Ref

KIND = "source"


def source_facts(recipe: Recipe) -> dict[str, str]:
    """Ask the source and return its address, without secrets, and the token of its present version."""
    return probe(recipe.source)


def source_version(recipe: Recipe) -> Ref:
    """Ask the source and return the reference that probe would publish."""
    return Manifest(KIND, {}, source_facts(recipe)).ref()

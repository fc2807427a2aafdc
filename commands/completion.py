"""What a shell completes: names of recipes, ids of runs, names of steps. Cheap: it reads names of files and no more."""

from pathlib import Path

import typer

from evergreen.fold_steps import FOLD_STEPS
from evergreen.recipe_files import folders
from evergreen.steps import STEPS
from evergreen.variables import STORE

_MOST_RUNS = 30


def recipes(incomplete: str) -> list[str]:
    """Return names of recipes that begin so: the clone's, and those in ``recipes/`` of the working folder."""
    names = {path.stem for folder in folders() for path in folder.glob("*.yaml")}
    return sorted(name for name in names if name.startswith(incomplete))


def runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the newest runs' ids that begin so, the newest first."""
    try:
        root = Path(STORE.read(str(ctx.params.get("store") or ".evergreen")))
    except ValueError:  # no folder can be called so: the command will say it
        return []
    found = sorted((path.name for path in root.glob("runs/*") if path.name.startswith(incomplete)), reverse=True)
    return found[:_MOST_RUNS]


def steps(incomplete: str) -> list[str]:
    """Return names of steps that begin so, in their order."""
    return [step.name for step in (*STEPS, *FOLD_STEPS) if step.name.startswith(incomplete)]


def champions(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return names of recipes that have a history of champions and begin so."""
    try:
        root = Path(STORE.read(str(ctx.params.get("store") or ".evergreen")))
    except ValueError:
        return []
    return sorted(path.name for path in root.glob("champions/*") if path.name.startswith(incomplete))

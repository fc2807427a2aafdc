"""What a shell completes: names of recipes, sweeps and steps, ids of runs. Cheap: it reads names of files alone."""

from pathlib import Path
from typing import get_args

import typer

from evergreen.fold_steps import FOLD_STEPS
from evergreen.recipe_files import recipe_names
from evergreen.steps import STEPS
from evergreen.sweeping.reading import sweep_names
from evergreen.variables import STORE

_MOST_RUNS = 30


def recipes(incomplete: str) -> list[str]:
    """Return names of recipes that begin so: the clone's, and those in ``recipes/`` of the working folder."""
    return [name for name in recipe_names() if name.startswith(incomplete)]


def sweeps(incomplete: str) -> list[str]:
    """Return names of sweeps that begin so, and then of recipes, of which ``--over`` makes one; each name once."""
    found = dict.fromkeys([*sweep_names(), *recipe_names()])
    return [name for name in found if name.startswith(incomplete)]


def formats(incomplete: str) -> list[str]:
    """Return names of export formats that begin so, in their order."""
    from evergreen.sections.release import Format  # late: pydantic

    return [name for name in get_args(Format) if name.startswith(incomplete)]


def runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the newest runs' ids that begin so, the newest first."""
    return sorted(_below(ctx, "runs", incomplete), reverse=True)[:_MOST_RUNS]


def steps(incomplete: str) -> list[str]:
    """Return names of steps that begin so, in their order."""
    return [step.name for step in (*STEPS, *FOLD_STEPS) if step.name.startswith(incomplete)]


def champions(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return names of recipes that have a history of champions and begin so."""
    return sorted(_below(ctx, "champions", incomplete))


def _below(ctx: typer.Context, folder: str, incomplete: str) -> list[str]:
    """Return the names that begin so in a folder of the store."""
    try:
        root = Path(STORE.read(str(ctx.params.get("store") or ".evergreen")))
    except ValueError:  # no folder can be called so: the command will say it
        return []
    return [path.name for path in root.glob(f"{folder}/*") if path.name.startswith(incomplete)]

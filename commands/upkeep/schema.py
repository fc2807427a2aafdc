"""The command ``evergreen schema``."""

from typing import Annotated

import typer

from commands.options import CARE, example
from evergreen.recipe import recipe_schema
from evergreen.sections.sweep import sweep_schema

app = typer.Typer()


@app.command(rich_help_panel=CARE, epilog=example("evergreen schema > recipe.schema.json"))
def schema(
    sweep: Annotated[bool, typer.Option("--sweep", help="Of the file of a sweep, docs/sweeps.md.")] = False,
) -> None:
    """Print the JSON schema of a recipe, or of a sweep, for editors."""
    typer.echo(sweep_schema() if sweep else recipe_schema(), nl=False)

"""The command ``evergreen schema``."""

import typer

from commands.options import CARE, example
from evergreen.recipe import recipe_schema

app = typer.Typer()


@app.command(rich_help_panel=CARE, epilog=example("evergreen schema > recipe.schema.json"))
def schema() -> None:
    """Print the JSON schema of a recipe, for editors."""
    typer.echo(recipe_schema(), nl=False)

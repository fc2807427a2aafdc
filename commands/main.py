"""The command ``evergreen``. Exit codes: 0 done, 1 a step failed, 2 bad recipe or input, 130 and 143 stopped."""

from importlib.metadata import version
from typing import Annotated

import typer

from commands.letters import know_every_letter
from commands.looking import compare, drift, formats, lineage, open_report, recipes, runs, standing, why
from commands.making import doctor, feedback, folds, inspect, new, plan, retrain, schedule, suggest, sweep
from commands.options import be_quiet, errors, example, tell
from commands.upkeep import adopt, champions, check, maintain, remote, schema, sharing
from commands.usage import Usage
from commands.using import predict, serve, web
from evergreen.variables import check as check_variables

app = typer.Typer(
    cls=Usage,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    help="Keeps an image classifier fresh. Without a command: where one stands, and the next step.",
    epilog=example("evergreen --quiet retrain digits"),
)

# The order of `evergreen --help`, below the headings of its groups.
for room in (
    new,
    retrain,
    inspect,
    plan,
    doctor,
    suggest,
    feedback,
    folds,
    sweep,
    schedule,
    runs,
    compare,
    open_report,
):
    app.add_typer(room.app)
for room in (
    recipes,
    formats,
    why,
    lineage,
    drift,
    predict,
    serve,
    web,
    champions,
    adopt,
    sharing,
    remote,
    maintain,
    check,
    schema,
):
    app.add_typer(room.app)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"evergreen {version('evergreen-retrain')}")
        raise typer.Exit


@app.callback()
def _before_every_command(
    ctx: typer.Context,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Tell only errors and the result: of what runs, its last line.")
    ] = False,
    tell_version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the installed version, and end."),
    ] = False,
) -> None:
    know_every_letter()
    be_quiet(quiet)
    ctx.call_on_close(lambda: be_quiet(False))
    with errors(verbose=False):
        for warning in check_variables():
            tell(warning)
        if ctx.invoked_subcommand is None:
            standing.show()

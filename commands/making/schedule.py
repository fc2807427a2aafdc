"""The command ``evergreen schedule``."""

import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from commands.options import (
    DONE,
    FAILED,
    MAKE,
    JsonOption,
    RecipeArgument,
    StoreOption,
    VerboseOption,
    errors,
    example,
    is_quiet,
    loaded,
)
from commands.quiet import only_ours
from commands.running import telling
from commands.stopping import ends_when_told
from evergreen.addresses import shown
from evergreen.errors import BadInput
from evergreen.paths import is_file, path_of
from evergreen.recipe import Recipe
from evergreen.recipe_files import read as read_recipe
from evergreen.sections.refusing.told import TRY
from flows.scheduling.file import file_of, read, schedules_of, with_schedule, write
from flows.scheduling.lines import CLONE, Deployment, Schedule
from flows.servers.asked import DASHBOARD, POOL, asked, workers_online
from flows.servers.prefect_home import prepare_prefect
from runs.place import store_root

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer()

_NIGHTLY, _WEEKLY = "0 2 * * *", "0 2 * * 6"
_WORDS = {_NIGHTLY: "every night at 02:00", _WEEKLY: "every Saturday at 02:00"}
_UTC = "Etc/UTC"


@app.command(rich_help_panel=MAKE, epilog=example("evergreen schedule digits --nightly --timezone Europe/Berlin"))
def schedule(
    ctx: typer.Context,
    recipe: RecipeArgument,
    nightly: Annotated[bool, typer.Option("--nightly", help="Every night at 02:00.")] = False,
    weekly: Annotated[bool, typer.Option("--weekly", help="Every Saturday at 02:00.")] = False,
    cron: Annotated[
        str | None, typer.Option("--cron", metavar="CRON", help='Five fields, such as "30 4 * * 1-5".')
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Switch the schedule off; the deployment stays.")] = False,
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", metavar="ZONE", help="Such as Europe/Berlin. Default: this machine's."),
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Retrain a recipe by itself: write its deployment into prefect.yaml, and deploy it. Again: change the schedule."""
    from rich.console import Console

    root = store_root(store)
    with errors(verbose), ends_when_told():
        wanted = loaded(recipe, None, None)
        path = file_of(read_recipe(recipe)[0])
        deployment = _deployment(wanted, recipe, path, root if _by_hand(ctx) or path.parent != CLONE else None)
        text = read(path)
        chosen = _chosen(text, deployment, (nightly, weekly, cron, off), timezone)
        edited = with_schedule(text, deployment, chosen)
        server = prepare_prefect(root, verbose=verbose)
        log = None if verbose else root / "logs" / "schedule.txt"
        with only_ours(log) as (_, err):
            telling(err).print("starting Prefect", style="dim")
            from flows.deploying import deploy_one, refuse_strange

            refuse_strange(chosen)
            write(path, edited.text)
            url = server.url if server else DASHBOARD
            answer = asked(url)
            pool = POOL
            if answer.well:
                if not server:
                    os.environ["PREFECT_API_URL"] = url
                pool = deploy_one(path, deployment.name)
        told = {
            "recipe": wanted.name,
            "deployment": deployment.name,
            "file": str(path),
            "schedule": chosen.as_json(),
            "before": edited.before,
            "server": shown(url) if answer.well else None,
            "workers": workers_online(url, pool) if answer.well else None,
        }
    if as_json:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        _show(Console(), told, chosen, shown(url), answer.why)
    raise typer.Exit(DONE if answer.well else FAILED)


def _by_hand(ctx: typer.Context) -> bool:
    """Whether the store was named on this command line, and not by the environment."""
    source = ctx.get_parameter_source("store")
    return source is not None and source.name == "COMMANDLINE"


def _deployment(recipe: Recipe, given: str, path: Path, store: Path | None) -> Deployment:
    """Return what the deployment says; a recipe that was named by its path is named from the file's folder."""
    named = given
    if is_file(path_of(given)):
        file = path_of(given).absolute()
        named = str(file.relative_to(path.parent)) if file.is_relative_to(path.parent) else str(file)
    parameters = {"recipe": named} | ({"store": str(store)} if store else {})
    return Deployment(recipe.name, recipe.title or recipe.name, parameters)


def _chosen(
    text: str, deployment: Deployment, options: tuple[bool, bool, str | None, bool], timezone: str | None
) -> Schedule:
    """Return the schedule that is meant.

    Raises:
        BadInput: none or several are, or nobody knows the timezone.
    """
    nightly, weekly, cron, off = options
    line = f"evergreen schedule {shlex.quote(deployment.parameters['recipe'])} --nightly"
    if sum((nightly, weekly, cron is not None, off)) != 1:
        raise BadInput(f"expected one of --nightly, --weekly, --cron and --off\n{TRY}{line}")
    if off:
        before = schedules_of(text, deployment.name)
        if not before or "cron" not in before[0]:
            raise BadInput(f"{deployment.recipe} has no schedule to switch off\n{TRY}{line}")
        return Schedule(str(before[0]["cron"]), timezone or str(before[0].get("timezone", _UTC)), active=False)
    return Schedule(
        _NIGHTLY if nightly else _WEEKLY if weekly else " ".join((cron or "").split()), _zone(timezone, line)
    )


def _zone(given: str | None, line: str) -> str:
    """Return a timezone that is known: the one that is given, else this machine's, else UTC.

    Raises:
        BadInput: nobody knows it.
    """
    for name in [given] if given else [os.environ.get("TZ", "").lstrip(":"), _of_machine()]:
        try:
            if name:
                return ZoneInfo(name).key
        except (KeyError, ValueError, OSError):
            if given:
                told = f"expected a timezone such as Europe/Berlin or {_UTC}, received {given!r}"
                raise BadInput(f"{told}\n{TRY}{line} --timezone {_UTC}") from None
    return _UTC


def _of_machine() -> str:
    """Return the name of this machine's timezone, empty if it has none."""
    _, found, name = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")
    return name if found else ""


def _show(console: "Console", told: dict[str, Any], chosen: Schedule, url: str, why: str) -> None:
    from commands.lines import say

    when = _WORDS.get(chosen.cron, f"cron {chosen.cron}") if chosen.active else "switched off"
    result = f"{told['recipe']}: {when} ({chosen.timezone})"
    deployed = told["server"] is not None
    if is_quiet():
        say(console, None, result + ("" if deployed else f"; written, not deployed: no server at {url}"))
        return
    before = told["before"]
    was = "a new deployment" if before is None else f"changed; before: {_in_words(before)}"
    make = f"make -C {CLONE}" if Path.cwd() != CLONE else "make"
    say(console, None, result)
    say(console, "file", told["file"])
    say(console, "", f"{told['deployment']}, {was}")
    if not deployed:
        say(console, "server", f"none answers at {url} ({why}): written, not deployed. In another terminal:", "yellow")
        say(console, "", f"{make} dashboard")
        say(console, "", "then this command again, and in a third terminal:")
        say(console, "", f"{make} worker")
        return
    say(console, "server", f"deployed at {url}")
    if told["workers"]:
        say(console, "worker", f"{told['workers']} running")
    elif chosen.active:
        unknown = (
            "the server does not say whether one runs"
            if told["workers"] is None
            else "none runs, and nothing is retrained without one"
        )
        say(console, "worker", f"{unknown}. In another terminal:", "yellow")
        say(console, "", f"{make} worker")


def _in_words(schedules: list[Any]) -> str:
    told = [
        f"{one.get('cron', one)} ({one.get('timezone', _UTC)}{'' if one.get('active', True) else ', off'})"
        for one in schedules
    ]
    return ", ".join(told) or "none"

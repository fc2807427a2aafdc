"""The command ``evergreen remote join``: a store that has a champion of its own goes on with the remote's others."""

import json
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from commands.options import (
    CARE,
    JsonOption,
    NameOption,
    RecipeArgument,
    SetOption,
    StoreOption,
    VerboseOption,
    errors,
    example,
    is_quiet,
    loaded,
    renamed,
)
from commands.quiet import only_ours
from commands.running import telling
from evergreen.sources.archives.names import visible, visible_lines
from runs.place import store_root
from runs.shared.opening import held

if TYPE_CHECKING:
    from runs.shared.joining import Joined

app = typer.Typer()


@app.command(name="remote", rich_help_panel=CARE, epilog=example("evergreen remote join digits"))
def remote(
    what: Annotated[Literal["join"], typer.Argument(metavar="WHAT", help="What is done: join.")],
    recipe: RecipeArgument,
    keep: Annotated[
        Literal["own", "remote"] | None,
        typer.Option("--keep", help="Which champion stays, this store's own or the remote's, whatever the gate says."),
    ] = None,
    overrides: SetOption = None,
    name: NameOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Have the gate compare this store's champion with the remote's, where neither came of the other; one stays."""
    root = store_root(store)
    with errors(verbose):
        wanted = loaded(recipe, renamed(overrides, name), None, root)
        from runs.shared.joining import join  # late: NumPy

        log = None if verbose else root / "logs" / "remote.txt"
        with held(root) as stored, only_ours(log) as (_, err):
            told = telling(err)
            joined = join(stored, wanted, keep, lambda text: told.print(visible_lines(text), markup=False))
    if as_json:
        told_of = joined.__dict__ | {"aside": [str(path) for path in joined.aside]}
        typer.echo(json.dumps(told_of, indent=2, ensure_ascii=False))
        return
    for line in _lines(joined)[: 1 if is_quiet() else None]:
        typer.echo(line)


def _lines(joined: "Joined") -> list[str]:
    """Return which champion stays and why, and what became of the rest."""
    champion = (joined.champion or "none")[:12]
    lines = [f"{joined.recipe}: champion {champion}, here and in the remote: {visible(joined.reason)}"]
    if joined.own != joined.remote:
        before = [(one or "none")[:12] for one in (joined.own, joined.remote)]
        lines.append(f"before: {before[0]} here, {before[1]} in the remote")
    if joined.aside:
        files = ", ".join(map(str, joined.aside))
        lines.append(f"the history that this store had of its own is kept, and what it names: {files}")
    if joined.unblocked:
        models = ", ".join(model[:12] for model in joined.unblocked)
        lines.append(f"blocked here and no more, for nobody stepped back from it in the remote's history: {models}")
    return lines

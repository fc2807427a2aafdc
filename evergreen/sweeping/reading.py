"""From a sweep's file, and what a command line says beside or in place of it, to a ``Sweep``."""

import difflib
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evergreen.addresses import redacted
from evergreen.errors import BadRecipe
from evergreen.paths import is_file, path_of
from evergreen.recipe_files import folders, mapping_in, read, recipe_names
from evergreen.sections.refusing.told import TRY
from evergreen.sections.sweep import Sweep
from evergreen.sweeping.over import given_over
from evergreen.sweeping.refusals import refused_sweep

FOLDER = "sweeps"  # below that of the recipes
_SHORTEST = "The shortest sweep is two lines:\nrecipe: digits\nover: {train.head.dropout: [0.1, 0.3]}"
_EXAMPLE = "--over 'train.head.dropout=[0.1, 0.3]'"


def sweep_names() -> list[str]:
    """Return the names of all files of sweeps, sorted: of the working folder and of the clone."""
    return sorted({path.stem for folder in folders() for path in (folder / FOLDER).glob("*.yaml")})


def load_sweep(
    named: str | Path,
    over: Iterable[str] = (),
    overrides: Iterable[str] = (),
    sources: str | Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
) -> Sweep:
    """Read a sweep's file, or take a recipe and what ``--over`` says of it; what is tried is not looked at yet.

    A name with ``--over`` is a recipe's, if there is one of that name, else a sweep's. ``--over`` replaces what the
    file has for its path, ``--set`` comes after the file's, every other option replaces the file's.

    Args:
        named: a name in ``recipes/sweeps/`` or ``recipes/``, or the path of a file of either kind.
        over: as ``--over`` takes it.
        overrides: ``dotted.path=value`` pairs that hold for every trial.
        sources: what replaces the recipe's source.
        options: fields of ``Sweep`` that are said beside: method, trials, prune, budget_minutes, parallel, seeds,
            seed; what is None is left out.

    Raises:
        BadRecipe: there is none, it cannot be read, or it is not valid; with the line to type where one works.
    """
    given = given_over(over)
    file, remarks = _file_of(named, bool(given))
    values = mapping_in(file, "sweep", _SHORTEST) if file else {"recipe": str(named), "over": {}}
    said = {name: value for name, value in (options or {}).items() if value is not None}
    merged = _merged(values, given, list(overrides), said)
    origin = file.name if file else f"evergreen sweep {shlex.quote(redacted(str(named)))}"
    try:
        sweep = Sweep.model_validate(merged)
    except ValidationError as error:
        raise BadRecipe(refused_sweep(error, merged, origin)) from None
    path, recipe = read(sweep.recipe, "recipe: {}" if file else f"evergreen sweep {{}} {_EXAMPLE}")
    name = file.stem if file else str(recipe.get("name", path.stem))
    return sweep.named(name, file, (sources,) if isinstance(sources, str) else sources, remarks)


def _merged(
    values: dict[str, Any], over: Mapping[str, Any], overrides: list[str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a file's values with a command line's; what the file has of another kind than expected stays."""
    merged = dict(values)
    tried, pairs = values.get("over"), values.get("set")
    if over and (tried is None or isinstance(tried, Mapping)):
        merged["over"] = {**(tried or {}), **over}
    if overrides and (pairs is None or isinstance(pairs, str | list)):
        merged["set"] = [*([pairs] if isinstance(pairs, str) else pairs or []), *overrides]
    return {**merged, **options}


def _file_of(named: str | Path, tries: bool) -> tuple[Path | None, list[str]]:
    """Return the file of a sweep, None where a recipe is named; and what is to be said of that choice.

    Args:
        named: a name or a path.
        tries: whether ``--over`` says what is tried.
    """
    path, words = path_of(named), str(named)
    if path.suffix in (".yaml", ".yml") or is_file(path):
        if not is_file(path):
            raise BadRecipe(_none_at(path))
        found = path if _is_sweep(path) else None
    else:
        files = (folder / FOLDER / f"{words}.yaml" for folder in folders() if "/" not in words)
        found = next((file for file in files if is_file(file)), None)
        is_recipe = words in recipe_names()
        if found is None and not is_recipe:
            raise BadRecipe(_none_called(words))
        if found and is_recipe and tries:
            return None, [f"{words} is the recipe, since --over says what is tried; the sweep of that name is {found}"]
    if found is None and not tries:
        raise BadRecipe(
            f"expected what is to be tried beside a recipe: --over PATH=VALUES, or the name of a sweep, of which "
            f"there are: {', '.join(sweep_names())}\n{TRY}evergreen sweep {shlex.quote(words)} {_EXAMPLE}"
        )
    return found, []


def _is_sweep(path: Path) -> bool:
    """Whether a file is a sweep's: by what it holds, or by where it is."""
    values = mapping_in(path, "sweep or recipe", _SHORTEST)
    return "over" in values or path.resolve().parent.name == FOLDER or ("recipe" in values and "source" not in values)


def _none_at(path: Path) -> str:
    near = difflib.get_close_matches(path.stem.lower(), sweep_names(), n=1)
    line = f" Did you mean {near[0]}?\n{TRY}evergreen sweep {near[0]}" if near else ""
    return f"expected the file of a sweep or a recipe, found none at {redacted(str(path))}.{line}"


def _none_called(words: str) -> str:
    sweeps, recipes = sweep_names(), recipe_names()
    near = difflib.get_close_matches(words.lower(), [*sweeps, *recipes], n=1)
    more = "" if not near or near[0] in sweeps else f" {_EXAMPLE}"
    line = f" Did you mean {near[0]}?\n{TRY}evergreen sweep {near[0]}{more}" if near else ""
    return (
        f"expected the name or path of a sweep or a recipe, received {redacted(repr(words))}; sweeps: "
        f"{', '.join(sweeps)}; recipes: {', '.join(recipes)}.{line}"
    )

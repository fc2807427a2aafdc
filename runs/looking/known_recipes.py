"""The recipes and sweeps that are there: those of the clone, and those in ``recipes/`` of the working folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evergreen.addresses import redacted
from evergreen.errors import BadRecipe
from evergreen.recipe import Recipe, load_recipe
from evergreen.recipe_files import folders, recipes_in
from evergreen.sections.sweep import Sweep
from evergreen.sweeping.naming import short_names
from evergreen.sweeping.over import over_text
from evergreen.sweeping.reading import FOLDER, load_sweep

_LONGEST = 100  # letters of the values of a path; of more, their number


@dataclass(frozen=True)
class Known:
    """One recipe, or one sweep.

    Attributes:
        name: its name; of a sweep, and of a file that is no valid recipe, the file's.
        file: where it is, absolute.
        title: one line for people; empty if it has none.
        source: where a recipe's images come from, in few words, without secrets; empty of a sweep.
        error: why it cannot be read, in one line; empty if it can.
        kind: recipe or sweep.
        recipe: of a sweep, the name or the path of its recipe.
        tries: of a sweep, what it tries, in few words.
    """

    name: str
    file: Path
    title: str = ""
    source: str = ""
    error: str = ""
    kind: Literal["recipe", "sweep"] = "recipe"
    recipe: str = ""
    tries: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**self.__dict__, "file": str(self.file)}


def files() -> list[Path]:
    """Return the files of recipes, sorted by name in each folder. Reads none of them."""
    return [path for folder in folders() for path in recipes_in(folder)]


def known_recipes() -> Iterator[Known]:
    """Yield what each of them says of itself."""
    for file in files():
        try:
            recipe = load_recipe(file)
        except BadRecipe as error:
            yield Known(file.stem, file, error=" ".join(str(error).split()))
        else:
            yield Known(recipe.name, file, recipe.title, source_in_words(recipe))


def known_sweeps() -> Iterator[Known]:
    """Yield what each sweep in a file says of itself; whether its values are valid is seen when it is asked for."""
    for file in (path for folder in folders() for path in sorted((folder / FOLDER).glob("*.yaml"))):
        try:
            sweep = load_sweep(file)
        except BadRecipe as error:
            yield Known(file.stem, file, error=" ".join(str(error).split()), kind="sweep")
        else:
            said = {"title": sweep.title, "recipe": redacted(sweep.recipe), "tries": _tried(sweep)}
            yield Known(file.stem, file, kind="sweep", **said)


def _tried(sweep: Sweep) -> str:
    """Return what a sweep tries: ``backbone [MobileNetV2, EfficientNetB0], magnitude 0.05..0.5; tpe, 12 trials``."""
    names = short_names(sweep.over)
    said = []
    for path, values in sweep.over.items():
        text = redacted(over_text(values))
        short = text if len(text) <= _LONGEST or not isinstance(values, tuple) else f"{len(values)} values"
        said.append(f"{names[path]} {short}")
    trials = f"; {sweep.method}, {sweep.trials} trials" if sweep.trials else ""
    return ", ".join(said) + trials


def source_in_words(recipe: Recipe) -> str:
    """Return where a recipe's images come from: ``kaggle OWNER/DATASET``, an address, a path; no secret."""
    said = recipe.model_dump(mode="json", exclude_none=True)["source"]
    return " + ".join(_in_words(one) for one in (said if isinstance(said, list) else [said]))


def _in_words(source: dict[str, Any]) -> str:
    kind, values = next(iter(source.items()))
    if urls := [file["url"] for file in values.get("files", ()) if isinstance(file, dict)]:
        return redacted(urls[0]) + (f" and {len(urls) - 1} more" if len(urls) > 1 else "")
    named = next((str(values[name]) for name in ("dataset", "path", "name") if name in values), "")
    return named if kind == "local" else f"{kind} {named}".strip()

"""The recipes that are there: those of the clone, and those in ``recipes/`` of the working folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evergreen.addresses import redacted
from evergreen.errors import BadRecipe
from evergreen.recipe import Recipe, load_recipe
from evergreen.recipe_files import folders


@dataclass(frozen=True)
class Known:
    """One recipe.

    Attributes:
        name: its name; of a file that is no valid recipe, the file's.
        file: where it is, absolute.
        title: one line for people; empty if it has none.
        source: where its images come from, in few words, without secrets.
        error: why it cannot be read, in one line; empty if it can.
    """

    name: str
    file: Path
    title: str = ""
    source: str = ""
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**self.__dict__, "file": str(self.file)}


def files() -> list[Path]:
    """Return the files of recipes, sorted by name in each folder. Reads none of them."""
    return [path for folder in folders() for path in sorted(folder.glob("*.yaml"))]


def known_recipes() -> Iterator[Known]:
    """Yield what each of them says of itself."""
    for file in files():
        try:
            recipe = load_recipe(file)
        except BadRecipe as error:
            yield Known(file.stem, file, error=" ".join(str(error).split()))
        else:
            yield Known(recipe.name, file, recipe.title, source_in_words(recipe))


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

"""A recipe is its name: its champion, title, classes and network are of its own data, whatever ``--source`` names."""

import json
import re
import shlex
from collections.abc import Iterator, Sequence

from evergreen.datasets.labelling.words import some
from evergreen.errors import BadInput
from evergreen.recipe import Recipe
from evergreen.recipe_files import Typed, name_like, unused
from evergreen.reports.labels import class_changes
from runs.releases import parts_of
from runs.tables import classes_of
from storage.artifacts import Ref
from storage.champions import Champions
from storage.errors import StoreError
from storage.store import Store


def remarks_on(recipe: Recipe, store: Store) -> list[str]:
    """Return what of a recipe may belong to other data than it is asked to take.

    Nothing where that is its own; nor where it has a champion, whose classes the images must have, and so are its data.

    Args:
        recipe: as it was asked for.
        store: whose champions count.
    """
    if not recipe.typed.elsewhere or Champions(store.root).current(recipe.name):
        return []
    return list(_of_other_data(recipe))


def hint_after(recipe: Recipe) -> str:
    """Return what to do, in a paragraph, where a recipe's labels do not fit images from elsewhere; else nothing."""
    if not recipe.typed.elsewhere:
        return ""
    return f"\n\nA recipe is its name. If these images are not {recipe.name}'s, {_ways(recipe)}"


def refuse_other_classes(recipe: Recipe, store: Store, dataset: Ref) -> None:
    """Refuse images of other classes than those of the champion under the same name, where they come from elsewhere.

    A champion that cannot be read refuses nothing: it is said where the classes are compared.

    Args:
        recipe: as it was asked for.
        store: whose champion it is.
        dataset: what carries the classes.

    Raises:
        BadInput: the classes are others; with what to type.
    """
    champion = Champions(store.root).current(recipe.name) if recipe.typed.elsewhere else None
    if champion is None:
        return
    try:
        before, now = classes_of(store, parts_of(store, champion)["model"]), classes_of(store, dataset)
    except StoreError:
        return
    changes = class_changes(before, now)
    if changes is None or not (changes["new"] or changes["gone"]):
        return
    raise BadInput(
        f"expected the classes of {recipe.name}'s champion in this store ({some(before)}), received {some(now)}: a "
        f"recipe is its name, and nothing was trained. For these images, {_ways(recipe)}"
    )


def _ways(recipe: Recipe) -> str:
    own = _line("new", [_name(recipe.typed.sources), *_sources(recipe.typed)])
    sets = [word for pair in recipe.typed.overrides for word in ("--set", pair)]
    source = _sources(recipe.typed) if recipe.typed.sources else []
    same = _line("retrain", [recipe.typed.recipe, *source, *sets, "--name", _name(recipe.typed.sources)])
    return f"make a recipe of their own:\n  {own}\nor keep these settings under another name:\n  {same}"


def _sources(typed: Typed) -> list[str]:
    """Return the words that name the same sources again."""
    return [word for text in typed.sources or ("PATH",) for word in ("--source", text)]


def _line(command: str, words: Sequence[str]) -> str:
    return shlex.join(["evergreen", command, *words])


def _name(sources: Sequence[str]) -> str:
    """Return a name for a recipe of other images, after their first folder or file: one that no recipe has."""
    return unused(name_like(_last(sources), 60))


def _last(sources: Sequence[str]) -> str:
    """Return the last name in the first path or address, without its suffixes."""
    return re.split(r"[/:]", next(iter(sources), "").rstrip("/"))[-1].partition(".")[0]


def _of_other_data(recipe: Recipe) -> Iterator[str]:
    typed = recipe.typed
    if recipe.title and not typed.sets("title"):
        pair = shlex.quote(f"title={json.dumps(_last(typed.sources) or 'Photos', ensure_ascii=False)}")
        yield f"the title is still {recipe.title!r}, of the recipe's own data; another one: --set {pair}"
    if recipe.repair.classes and not typed.sets("repair"):
        yield (
            f"the classes are still those that {recipe.name} declares ({some(recipe.repair.classes)}); those of the "
            "folders instead: --set 'repair.classes=[]'"
        )
    if not typed.sets("train") and not typed.sets("image"):
        yield (
            f"the network is still the one for {recipe.name}'s own data ({recipe.train.backbone} on images of "
            f"{recipe.image.height}x{recipe.image.width} pixels); one for these: "
            f"{_line('new', [_name(typed.sources), *_sources(typed)])}"
        )

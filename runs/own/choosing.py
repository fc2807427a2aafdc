"""From an inspection to a recipe for what it saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import yaml

from evergreen.choosing.facts import Facts, facts_of
from evergreen.choosing.rules import Choice, choose
from evergreen.choosing.writing import recipe_text, teacher_name, teacher_text, title_of
from evergreen.errors import BadDataset
from evergreen.images.processors import processors
from evergreen.overrides import overridden
from evergreen.recipe import Recipe, parse_recipe
from runs.tables import read_data, read_table

if TYPE_CHECKING:
    from storage.store import Store

TEACHERS = ("EfficientNetLite1", "EfficientNetLite2")


@dataclass(frozen=True)
class Chosen:
    """A recipe that is not written yet.

    Attributes:
        recipe: validated; without the teachers of ``files``, which must be written before they can be read.
        files: recipe's name -> text; the recipe itself comes last.
        facts: of the dataset.
        choice: what the rules chose.
        divided: class, in order -> split -> images, as the recipe divides them.
        remarks: what its author should know.
    """

    recipe: Recipe
    files: Mapping[str, str]
    facts: Facts
    choice: Choice
    divided: Mapping[str, Mapping[str, int]]
    remarks: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Split -> images, of all classes."""
        return dict(sum((Counter(sides) for sides in self.divided.values()), Counter()))


def chosen(
    store: Store,
    summary: Mapping[str, Any],
    name: str,
    source: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    overrides: Iterable[str],
    preset: str,
    day: date,
) -> Chosen:
    """Choose a recipe for the images that a run inspected.

    Args:
        store: of the run.
        summary: of the run, as run.json.
        name: of the recipe.
        source: its section, or those of several.
        overrides: ``dotted.path=value`` pairs, which win over the rules and are written down.
        preset: fast, default or best.
        day: for the first line of the file.

    Raises:
        BadDataset: the images cannot be divided, also not as the rules would.
        BadRecipe: an override does not fit.
    """
    outputs = {step["name"]: store.manifest(step["output"]).ref() for step in summary["steps"] if step["output"]}
    data = read_data(store, outputs["repair"], outputs["screen"], None, None)
    groups = read_table(store, outputs["repair"], "groups.csv")
    labelled, classes = data.splits.dataset, data.splits.classes
    if labelled.empty:
        raise BadDataset("expected labelled images, found none: evergreen new makes recipes for those")
    facts = facts_of(labelled, classes, not groups.empty, processors())
    choice = choose(facts, preset)
    values: dict[str, Any] = {"name": name, "title": title_of(name, len(classes)), "source": source}
    values |= {"repair": {"classes": list(classes)}, **choice.values}
    values, left_out = overridden(values, overrides, Recipe)
    about = f"{facts.images:,} images of {len(classes)} classes"
    files = _teachers(values, choice, about, day)
    if files:
        values["train"]["teacher"] = {"recipe": list(files)} | values["train"]["teacher"]
    text = recipe_text(values, choice, about, day)
    alone = yaml.safe_load(text)
    alone.get("train", {}).pop("teacher", None)
    recipe = parse_recipe(alone, f"{name}.yaml")
    divided = _divided(labelled, groups, classes, recipe)
    return Chosen(recipe, {**files, name: text}, facts, choice, divided, (*left_out, *recipe.remarks))


def _teachers(values: Mapping[str, Any], choice: Choice, about: str, day: date) -> dict[str, str]:
    """Return the recipes of the teachers that the rules chose: name -> text; none if the command line names others."""
    teacher = values["train"].get("teacher")
    if not teacher or teacher.get("recipe") or teacher.get("model"):
        return {}
    epochs = [phase["epochs"] for phase in choice.values["train"]["phases"]]
    return {
        teacher_name(values["name"], backbone): teacher_text(values, backbone, epochs, about, day)
        for backbone in TEACHERS
    }


def _divided(labelled: Any, groups: Any, classes: list[str], recipe: Recipe) -> dict[str, dict[str, int]]:
    from evergreen.datasets.split import split

    divided = split(labelled, groups, classes, recipe.split, recipe.seed, recipe.screen.near_duplicate_bits).dataset
    of_each = {label: divided.loc[divided["label"] == label, "split"].value_counts() for label in classes}
    return {label: {str(side): int(count) for side, count in counts.items()} for label, counts in of_each.items()}

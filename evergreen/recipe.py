"""The recipe: one frozen, validated model of what to retrain; values and why, no behaviour."""

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from evergreen.decisions.decision import NOTHING_DECIDED, Decisions
from evergreen.decisions.file import decisions_beside
from evergreen.errors import BadRecipe
from evergreen.overrides import attempts_on, overridden
from evergreen.recipe_files import NAME, Typed, read
from evergreen.remarks import earlier_spellings, too_small
from evergreen.sections.augment import Augment
from evergreen.sections.base import Section
from evergreen.sections.data import Balance, Image, Screen, Sources, Unpack
from evergreen.sections.defaults import defaults_of, with_defaults
from evergreen.sections.diagnose import Diagnose
from evergreen.sections.labels import Labels, Repair
from evergreen.sections.meant import sources_meant
from evergreen.sections.refusing.told import refused
from evergreen.sections.release import Evaluate, Export, Gate, RetrainWhen, Serve, Track, Verify, refuse_others
from evergreen.sections.split import Split
from evergreen.sections.teacher import refuse_other_classes
from evergreen.sections.training import Train
from evergreen.sections.trainings import completed

# What defaults were in earlier versions. Their records tell them among what a recipe said: one that left a value alone,
# and leaves it alone now, says what it said.
_FORMER_DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    "screen.max_megapixels": (50.0,),
    "unpack.max_entries": (200_000,),
    "unpack.max_gib": (20.0,),
}

# What a recipe reads beside its own fields: those of its teachers' recipes, as a section of this name.
TEACHING = "teaching"
DECISIONS = "decisions"  # and what people decided about single images, in a file beside the recipe's
# What of a teacher's recipe decides what it becomes; its seed and threads are its student's.
_TAUGHT_BY = ("train", "image", "augment", "balance", "repair.classes")


class Recipe(Section):
    """Everything that one retraining needs to know."""

    name: str = Field(pattern=NAME, description="Short name, also in the dashboard's keys.")
    title: str = Field("", max_length=120, description="One line for people.")
    seed: int = Field(42, ge=0, le=2**31 - 1, description="Seed of every random choice.")
    source: Sources = Field(
        description="Where labelled images come from; a list joins several (source.0, source.1): docs/labels.md."
    )
    unpack: Unpack = Field(Unpack(), description="How much an archive may hold.")
    repair: Repair = Field(Repair(), description="How folders become class names.")
    labels: Labels = Field(Labels(), description="Labels from file names or a table.")
    screen: Screen = Field(Screen(), description="Which files are images that can be used.")
    split: Split = Field(Split(), description="Train, validation and test.")
    image: Image = Field(Image(), description="How an image becomes the network's input.")
    augment: Augment = Field(Augment(), description="Random changes to training images.")
    balance: Balance = Field(Balance(), description="How classes of different sizes are weighed.")
    train: Train = Field(description="The network and its phases.")
    evaluate: Evaluate = Field(Evaluate(), description="How a model is judged.")
    diagnose: Diagnose = Field(Diagnose(), description="How wrong labels are found.")
    export: Export = Field(Export(), description="Which formats are written.")
    verify: Verify = Field(Verify(), description="What an export must show in its own runtime.")
    gate: Gate = Field(Gate(), description="When a model may become the champion.")
    retrain_when: RetrainWhen = Field(RetrainWhen(), description="When a scheduled run trains at all.")
    serve: Serve = Field(Serve(), description="How `evergreen serve` answers with its champion.")
    track: Track = Field(Track(), description="Experiment tracking.")

    _remarks: tuple[str, ...] = PrivateAttr(())
    _teachers: tuple["Recipe", ...] = PrivateAttr(())
    _decisions: Decisions = PrivateAttr(NOTHING_DECIDED)
    _typed: Typed = PrivateAttr(Typed())

    @property
    def remarks(self) -> tuple[str, ...]:
        """What its author should know: earlier spellings, what the network brought, pixels that are too few."""
        return self._remarks

    @property
    def typed(self) -> Typed:
        """How it was asked for."""
        return self._typed

    @property
    def decisions(self) -> Decisions:
        """What people decided about single images, as it stood when the recipe was read."""
        return self._decisions

    @property
    def teaching(self) -> "Teaching | None":
        """What is read for ``train.teacher``; None without one."""
        if self.train.teacher is None:
            return None
        return Teaching(self._teachers, self.screen.near_duplicate_bits)

    @model_validator(mode="after")
    def _sections_agree(self) -> Self:
        if self.repair.classes and (strange := set(self.balance.explicit) - set(self.repair.classes)):
            raise ValueError(f"balance.explicit names classes that repair.classes does not: {sorted(strange)}")
        refuse_others(self.gate, self.evaluate, self.export, self.serve)
        return self

    def sections(self, names: Iterable[str]) -> dict[str, Any]:
        """Return sections, and single values of some (``screen.range``), as JSON values, with every default."""
        return picked(self.values(), names)

    def values(self) -> dict[str, Any]:
        """Return every value as JSON values, with every default; under ``teaching`` what its teachers' recipes say.

        ``decisions`` counts what is decided about single images, and has one SHA-256 for all of it.
        """
        return self.model_dump(mode="json") | self._taught(exclude_defaults=False) | self._decided()

    def choices(self, names: Iterable[str]) -> dict[str, Any]:
        """Return what ``sections`` returns, without what equals its default, at any depth.

        That is what decides a step's output together with the code, whose ``format`` is raised where a default
        changes; so a field that is added later, and left alone, changes nothing.
        """
        said = self.model_dump(mode="json", exclude_defaults=True)
        if DECISIONS in (labels := said.get("labels", {})):
            del labels[DECISIONS]  # where they are written; what they say is beside it
            if not labels:
                del said["labels"]
        return picked(said | self._taught(exclude_defaults=True) | self._decided(), names)

    def _decided(self) -> dict[str, Any]:
        return {DECISIONS: made} if (made := self._decisions.as_choices()) else {}

    def _taught(self, *, exclude_defaults: bool) -> dict[str, Any]:
        if (teaching := self.teaching) is None:
            return {}
        said = {
            teacher.name: picked(teacher.model_dump(mode="json", exclude_defaults=exclude_defaults), _TAUGHT_BY)
            for teacher in teaching.recipes
        }
        return {TEACHING: {"near_duplicate_bits": teaching.near_duplicate_bits, **said}}


@dataclass(frozen=True)
class Teaching:
    """What a recipe with a teacher reads beside its own training.

    Attributes:
        recipes: of the teachers that are trained first, in their order.
        near_duplicate_bits: ``screen.near_duplicate_bits``: which images a teacher may not know.
    """

    recipes: tuple[Recipe, ...]
    near_duplicate_bits: int


def load_recipe(recipe: str | Path, overrides: Iterable[str] = (), source: str | Sequence[str] | None = None) -> Recipe:
    """Read a recipe, apply overrides, and validate the result.

    Args:
        recipe: a name in ``recipes/`` or the path of a YAML file.
        overrides: ``dotted.path=value`` pairs; the value is YAML.
        source: what replaces the recipe's source: a path, or an address as ``source_meant`` understands it; several
            are several sources.

    Raises:
        BadRecipe: the file cannot be read, a path does not exist, or a value is not allowed; or what is decided about
            single images cannot be read.
    """
    path, values = read(recipe)
    given = list(overrides)
    sources = (source,) if isinstance(source, str) else tuple(source or ())
    if sources:
        values["source"] = sources_meant(sources)
    values, said = overridden(values, given, Recipe, _refuse_its_teachers)
    found = parse_recipe(values, path.name)
    found._decisions, missing = decisions_beside(path, found.labels.decisions)
    found._remarks = (*said, *found._remarks, *missing)
    found._typed = Typed.of(recipe, given, sources)
    return found


def parse_recipe(values: Mapping[str, Any], origin: str) -> Recipe:
    """Validate a recipe given as plain values, and read the recipes of its teachers.

    Raises:
        BadRecipe: one line for each thing that is wrong, with the nearest known key for an unknown one; or a recipe
            cannot be a teacher.
    """
    recipe = _validated(values, origin)
    recipe._teachers = tuple(_teachers_of(recipe, origin))
    return recipe


def _refuse_its_teachers(recipe: Recipe) -> None:
    """Raise BadRecipe where a recipe's teachers cannot be its teachers."""
    for _ in _teachers_of(recipe, recipe.name):
        pass


def _teachers_of(recipe: Recipe, origin: str) -> Iterator[Recipe]:
    """Yield the recipes of a recipe's teachers."""
    known = {recipe.name}
    names = recipe.train.teacher.recipe if recipe.train.teacher else ()
    for name in names:
        listed = ", ".join("{}" if other == name else other for other in names)
        path, values = read(name, f"--set 'train.teacher.recipe=[{listed}]'")
        teacher = _validated(values, path.name, alone=path)
        where = f"{origin}: train.teacher.recipe: expected"
        if teacher.train.teacher is not None:
            raise BadRecipe(f"{where} recipes without a teacher of their own; {name} has one: name that one instead")
        if teacher.name in known:
            raise BadRecipe(f"{where} recipes of other names than this one's and each other's; two are {teacher.name}")
        if recipe.repair.classes and teacher.repair.classes:
            refuse_other_classes(teacher.name, teacher.repair.classes, recipe.repair.classes)
        known.add(teacher.name)
        yield teacher


def _validated(given: Mapping[str, Any], origin: str, alone: Path | None = None) -> Recipe:
    """Validate one recipe; of a teacher, whose fields ``--set`` does not reach, ``alone`` is its file."""
    values, filled = completed(given)
    try:
        recipe = Recipe.model_validate(values)
    except ValidationError as error:
        told = refused(
            error.errors(include_url=False), Recipe, None if alone else attempts_on(given, Recipe, _refuse_its_teachers)
        )
        shown = f"Seen alone, with lines to type: evergreen plan {shlex.quote(str(alone))}"
        last = shown if alone else "See docs/recipe.md for every field."
        raise BadRecipe(f"{origin} is not a valid recipe:\n{told}\n{last}") from None
    recipe._remarks = (*earlier_spellings(values, Recipe), *([filled] * bool(filled)), *too_small(recipe))
    return recipe


def picked(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return those of a recipe's JSON values that some names mean, nested as they were; what is not there is left out.

    Args:
        values: top-level fields.
        names: each a top-level field, or a value of a section: ``screen.range``.
    """
    found: dict[str, Any] = {}
    for name in sorted(names, reverse=True):  # a whole section after its parts
        section, _, field = name.partition(".")
        if not field and section in values:
            found[section] = values[section]
        elif field in (inside := values.get(section) or {}):
            found.setdefault(section, {})[field] = inside[field]
    return found


def in_full(values: Mapping[str, Any], names: Iterable[str] = ()) -> dict[str, Any]:
    """Return a recipe's JSON values, maybe of an earlier version, with the present defaults of what they leave out.

    Args:
        values: top-level fields.
        names: those that are wanted even where ``values`` lacks them altogether; of a section of which only single
            values are named (``screen.range``), no others.
    """
    sections = {name.partition(".")[0] for name in names}
    full = with_defaults(Recipe, values)
    if TEACHING in full:
        full[TEACHING] = {
            name: picked(with_defaults(Recipe, said), _TAUGHT_BY) if isinstance(said, Mapping) else said
            for name, said in full[TEACHING].items()
        }
    return picked(full, {*names, *(set(values) - sections)})


def brought_up(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe's values of an earlier version, with today's value where both are the default of their time.

    Where other teachers are named than then, what the recipes say of those that only one side has is today's, too: the
    names tell the difference.

    Args:
        then: nested JSON values, every default written out.
        now: the same of today, which it is to be compared with.
    """
    changed = dict(then)
    if (then.get("train") or {}).get("teacher") != (now.get("train") or {}).get("teacher"):
        before, today = changed.pop(TEACHING, {}), now.get(TEACHING, {})
        if today:
            changed[TEACHING] = {name: before.get(name, said) for name, said in today.items()}
    for path, former in _FORMER_DEFAULTS.items():
        section, field = path.split(".")
        old, new, default = changed.get(section) or {}, now.get(section) or {}, defaults_of(Recipe)[section][field]
        if old.get(field) in former and new.get(field) == default:
            changed[section] = {**old, field: default}
    return changed


def recipe_schema() -> str:
    """Return the JSON schema of a recipe as text, for editors."""
    schema = Recipe.model_json_schema() | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema["required"].remove("train")  # a network brings its own training where a recipe has none
    schema["$defs"]["Train"].pop("required")
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"

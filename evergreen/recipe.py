"""The recipe: one frozen, validated model of what to retrain; values and why, no behaviour."""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, Field, PrivateAttr, ValidationError, model_validator

from evergreen.addresses import redacted
from evergreen.errors import BadRecipe
from evergreen.paths import is_file, path_of
from evergreen.sections.augment import Augment
from evergreen.sections.base import Section
from evergreen.sections.data import Balance, Image, Screen, Source, Unpack
from evergreen.sections.defaults import defaults_of, sections_in, with_defaults
from evergreen.sections.labels import Labels, Repair
from evergreen.sections.meant import source_meant
from evergreen.sections.release import Evaluate, Export, Gate, RetrainWhen, Track, Verify
from evergreen.sections.split import Split
from evergreen.sections.training import Train

# What defaults were in earlier versions. Their records tell them among what a recipe said: one that left a value alone,
# and leaves it alone now, says what it said.
_FORMER_DEFAULTS: Mapping[str, tuple[Any, ...]] = {"screen.max_megapixels": (50.0,)}

RECIPES = Path(__file__).resolve().parent.parent / "recipes"


class Recipe(Section):
    """Everything that one retraining needs to know."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Short name, also in the dashboard's keys.")
    title: str = Field("", max_length=120, description="One line for people.")
    seed: int = Field(42, ge=0, le=2**31 - 1, description="Seed of every random choice.")
    source: Source = Field(description="Where labelled images come from.")
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
    export: Export = Field(Export(), description="Which formats are written.")
    verify: Verify = Field(Verify(), description="What an export must show in its own runtime.")
    gate: Gate = Field(Gate(), description="When a model may become the champion.")
    retrain_when: RetrainWhen = Field(RetrainWhen(), description="When a scheduled run trains at all.")
    track: Track = Field(Track(), description="Experiment tracking.")

    _remarks: tuple[str, ...] = PrivateAttr(())

    @property
    def remarks(self) -> tuple[str, ...]:
        """What its author should know: values that were read by an earlier spelling."""
        return self._remarks

    @model_validator(mode="after")
    def _weights_name_declared_classes(self) -> Self:
        if self.repair.classes and (strange := set(self.balance.explicit) - set(self.repair.classes)):
            raise ValueError(f"balance.explicit names classes that repair.classes does not: {sorted(strange)}")
        return self

    def sections(self, names: Iterable[str]) -> dict[str, Any]:
        """Return sections, and single values of some (``screen.range``), as JSON values, with every default."""
        return picked(self.model_dump(mode="json"), names)

    def choices(self, names: Iterable[str]) -> dict[str, Any]:
        """Return what ``sections`` returns, without what equals its default, at any depth.

        That is what decides a step's output together with the code, whose ``format`` is raised where a default
        changes; so a field that is added later, and left alone, changes nothing.
        """
        return picked(self.model_dump(mode="json", exclude_defaults=True), names)


def load_recipe(recipe: str | Path, overrides: Iterable[str] = (), source: str | None = None) -> Recipe:
    """Read a recipe, apply overrides, and validate the result.

    Args:
        recipe: a name in ``recipes/`` or the path of a YAML file.
        overrides: ``dotted.path=value`` pairs; the value is YAML.
        source: what replaces the recipe's source: a path, or an address as ``source_meant`` understands it.

    Raises:
        BadRecipe: the file cannot be read, a path does not exist, or a value is not allowed.
    """
    path = _path_of(recipe)
    values = _read_yaml(path)
    if source is not None:
        values["source"] = source_meant(source)
    for override in overrides:
        _apply(values, override)
    return parse_recipe(values, path.name)


def parse_recipe(values: Mapping[str, Any], origin: str) -> Recipe:
    """Validate a recipe given as plain values.

    Raises:
        BadRecipe: one line for each thing that is wrong, with the nearest known key for an unknown one.
    """
    try:
        recipe = Recipe.model_validate(values)
    except ValidationError as error:
        entries = error.errors()
        lines = "\n".join(f"  {_explain(entry)}" for entry in entries if not _follows(entry, entries))
        raise BadRecipe(f"{origin} is not a valid recipe:\n{lines}\nSee docs/recipe.md for every field.") from None
    recipe._remarks = tuple(_earlier_spellings(values))
    return recipe


def _earlier_spellings(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for every field of a section that was read by the name it had in an earlier version."""
    for name, given in values.items():
        section = next(sections_in(Recipe.model_fields[name].annotation), None)
        if section and issubclass(section, Section) and isinstance(given, Mapping):
            now = section.at_present(given)
            old = ", ".join(f"{name}.{field}: {_flow(given[field])}" for field in given if field not in now)
            new = ", ".join(f"{name}.{field}: {_flow(now[field])}" for field in now if field not in given)
            if old:
                yield f"{old} is an earlier spelling, and read as {new}: write that instead"


def _flow(value: Any) -> str:
    """Return a value as YAML in one line."""
    return json.dumps(value).replace('"', "")


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
    return picked(with_defaults(Recipe, values), {*names, *(set(values) - sections)})


def brought_up(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe's values of an earlier version, with today's value where both are the default of their time.

    Args:
        then: nested JSON values, every default written out.
        now: the same of today, which it is to be compared with.
    """
    changed = dict(then)
    for path, former in _FORMER_DEFAULTS.items():
        section, field = path.split(".")
        old, new, default = changed.get(section) or {}, now.get(section) or {}, defaults_of(Recipe)[section][field]
        if old.get(field) in former and new.get(field) == default:
            changed[section] = {**old, field: default}
    return changed


def recipe_schema() -> str:
    """Return the JSON schema of a recipe as text, for editors."""
    schema = Recipe.model_json_schema() | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def _path_of(recipe: str | Path) -> Path:
    by_path = path_of(recipe)
    if by_path.suffix in (".yaml", ".yml") or is_file(by_path):
        if not is_file(by_path):
            raise BadRecipe(f"expected a recipe file, found none at {redacted(str(by_path))}")
        return by_path
    if "/" not in str(recipe) and is_file(named := RECIPES / f"{recipe}.yaml"):
        return named
    names = sorted(path.stem for path in RECIPES.glob("*.yaml"))
    near = difflib.get_close_matches(str(recipe), names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    received = redacted(repr(str(recipe)))
    raise BadRecipe(f"expected a recipe's name or path, received {received}; there are: {', '.join(names)}.{hint}")


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice, where YAML itself lets the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        merge = "tag:yaml.org,2002:merge"  # of <<, which stands for the keys of another mapping
        keys = ["<<" if key.tag == merge else self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} is given twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadRecipe(f"{path} cannot be read as YAML: {redacted(str(error))}") from None
    if not isinstance(values, dict):
        raise BadRecipe(f"{path}: expected a mapping of sections, received {type(values).__name__}")
    return _nested(values, path)


def _nested(values: dict[Any, Any], path: Path) -> dict[str, Any]:
    """Return a recipe's values with lines such as ``screen.range: [0, 4095]``, as messages print them, in sections."""
    dotted = {key: value for key, value in values.items() if isinstance(key, str) and "." in key}
    nested = {key: value for key, value in values.items() if key not in dotted}
    for key, value in dotted.items():
        section, _, field = key.partition(".")
        inside = nested[section] = nested.get(section) or {}
        if not isinstance(inside, dict) or field in inside:
            raise BadRecipe(f"{path.name}: expected every value once, received {key} beside {section} with it")
        inside[field] = value
    return nested


def _apply(values: dict[str, Any], override: str) -> None:
    """Set one dotted path in nested values, making mappings on the way and replacing list items by index."""
    path, equals, text = override.partition("=")
    if not equals or not path:
        received = redacted(repr(override))
        raise BadRecipe(f"--set: expected path=value such as train.phases.0.epochs=3, received {received}")
    try:
        value = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        what = "the value" if path.startswith("source") else redacted(repr(text))  # it may be a secret
        reason = error.problem if isinstance(error, yaml.MarkedYAMLError) else type(error).__name__
        raise BadRecipe(f"--set {path}: {what} is not a YAML value: {reason}") from None
    parts = path.split(".")
    target: Any = values
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        index: Any = part
        if isinstance(target, list):
            if not part.isdigit() or int(part) >= len(target):
                raise BadRecipe(f"--set {path}: expected a number below {len(target)} in place of {part!r}")
            index = int(part)
        elif not isinstance(target, dict):
            raise BadRecipe(f"--set {path}: {part!r} has nothing below it to set")
        if following is None:
            target[index] = value
            return
        if isinstance(target, dict) and target.get(index) is None:
            target[index] = {}
        target = target[index]


def _follows(entry: Any, entries: Iterable[Any]) -> bool:
    """Whether pydantic calls a list too short just because it does not count its wrong items."""
    size = len(entry["loc"])
    return entry["type"] == "too_short" and any(
        len(other["loc"]) > size and other["loc"][:size] == entry["loc"] for other in entries
    )


def _explain(entry: Any) -> str:
    """Say one validation error in words."""
    location = ".".join(str(part) for part in entry["loc"]) or "recipe"
    if entry["type"] == "extra_forbidden":
        known = _keys_at(entry["loc"][:-1])
        near = difflib.get_close_matches(str(entry["loc"][-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
        return f"{location}: unknown key; {hint}"
    message = entry["msg"].removeprefix("Value error, ")
    received = entry.get("input")
    hidden = isinstance(received, dict | list | BaseModel) or "http" in entry["loc"]  # a secret, pasted there
    shown = "" if hidden else f"; received {redacted(repr(received))}"
    return f"{location}: {message}{shown}"


def _keys_at(location: tuple[int | str, ...]) -> list[str]:
    """Return the known keys of the section at a location in the recipe."""
    model: type[BaseModel] = Recipe
    for part in location:
        field = model.model_fields.get(str(part))
        if field is not None:
            model = next(sections_in(field.annotation), model)
    return list(model.model_fields)

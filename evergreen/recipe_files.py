"""From a recipe's file, and what a command line sets, to plain values."""

import difflib
import json
import re
import shlex
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, count
from pathlib import Path
from typing import Any

import yaml

from evergreen.addresses import redacted
from evergreen.errors import BadRecipe
from evergreen.paths import is_file, is_folder, path_of
from evergreen.sections.base import hyphenated
from evergreen.sections.refusing.told import TRY

NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"
RECIPES = Path(__file__).resolve().parent.parent / "recipes"
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
OWN = Path("recipes")  # of whoever runs it, below the working folder
LABELS_SUFFIX = ".labels.yaml"  # of the file beside a recipe with decisions about single images
_SHORTEST = "The shortest recipe is two lines:\nname: photos\nsource: {local: {path: photos}}"


def own_folder() -> Path:
    """Return where a person's recipes are: inside the clone the clone's, else ``recipes/`` of the working folder."""
    here = Path.cwd()
    return RECIPES if here.is_relative_to(RECIPES.parent) else here / OWN


def folders() -> tuple[Path, ...]:
    """Return the folders in which a recipe is found by its name, the first first."""
    return tuple(dict.fromkeys((own_folder(), RECIPES)))


@dataclass(frozen=True)
class Typed:
    """How a recipe was asked for: recipes of the same values are equal however that was.

    Attributes:
        recipe: its name or path.
        overrides: pairs, as ``--set`` takes them; no secrets.
        sources: what ``--source`` was given, each without a secret; none where it was not.
    """

    recipe: str = field(default="", compare=False)
    overrides: tuple[str, ...] = field(default=(), compare=False)
    sources: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, recipe: str | Path, overrides: Sequence[str], sources: Sequence[str]) -> "Typed":
        """Return what was typed, as it may be shown again."""
        return cls(str(recipe), tuple(map(redacted, overrides)), tuple(map(redacted, sources)))

    @property
    def elsewhere(self) -> bool:
        """Whether it names another source than the recipe's own."""
        return bool(self.sources) or self.sets("source")

    def sets(self, path: str) -> bool:
        """Whether a pair sets a field, or something in it."""
        names = [pair.partition("=")[0] for pair in self.overrides]
        return any(name == path or name.startswith(f"{path}.") for name in names)


def is_name(text: str) -> bool:
    """Whether a recipe can be called so."""
    return re.fullmatch(NAME, text) is not None


def read(recipe: str | Path, line: str = "evergreen retrain {}") -> tuple[Path, dict[str, Any]]:
    """Return the file of a recipe, and its values.

    Args:
        recipe: a name in ``recipes/`` or the path of a YAML file.
        line: what somebody may type who misspelled it, with ``{}`` in place of the name.

    Raises:
        BadRecipe: there is none, or it cannot be read.
    """
    path = _path_of(recipe, line)
    return path, _nested(mapping_in(path, "recipe", _SHORTEST), path)


def _path_of(recipe: str | Path, line: str) -> Path:
    by_path = path_of(recipe)
    if by_path.suffix.lower() in ARCHIVES and is_file(by_path):
        raise BadRecipe(_images_in(by_path, "an archive"))
    if by_path.suffix in (".yaml", ".yml") or is_file(by_path):
        if not is_file(by_path):
            raise BadRecipe(
                f"expected a recipe file, found none at {redacted(str(by_path))}.{_near(by_path.stem, line)}"
            )
        return by_path
    for folder in folders() if "/" not in str(recipe) else ():
        if is_file(named := folder / f"{recipe}.yaml"):
            return named
    if is_folder(by_path):
        raise BadRecipe(_images_in(by_path, "a folder"))
    received, known = redacted(repr(str(recipe))), ", ".join(recipe_names())
    raise BadRecipe(
        f"expected a recipe's name or path, received {received}; there are: {known}.{_near(str(recipe), line)}"
    )


def recipes_in(folder: Path) -> list[Path]:
    """Return the files of recipes in a folder, sorted by name; what is decided about their images is none."""
    return sorted(path for path in folder.glob("*.yaml") if not path.name.endswith(LABELS_SUFFIX))


def recipe_names() -> list[str]:
    """Return the names of all recipes, sorted."""
    return sorted({path.stem for folder in folders() for path in recipes_in(folder)})


def _near(name: str, line: str) -> str:
    """Return which recipe may have been meant, and the line to type."""
    near = difflib.get_close_matches(name.lower(), recipe_names(), n=1)
    return f" Did you mean {near[0]}?\n{TRY}{line.format(near[0])}" if near else ""


def name_like(text: str, most: int = 63) -> str:
    """Return a recipe's name after what somebody calls their photos, of so many letters at most."""
    return hyphenated(text)[:most] or "photos"


def name_for(path: Path) -> str:
    """Return a recipe's name for images at a path: one that no recipe has."""
    return unused(name_like(path.stem, 40))


def unused(name: str) -> str:
    """Return a name that no recipe has: this one, or with a number behind it."""
    known = recipe_names()
    return next(each for each in numbered(name) if each not in known)


def numbered(name: str) -> Iterator[str]:
    """Yield a name, then the same with 2, 3 and so on behind it; without end."""
    return chain([name], (f"{name}-{number}" for number in count(2)))


def _images_in(path: Path, what: str) -> str:
    """Return what to type for somebody who names images where a recipe is expected."""
    name, like = name_for(path), name_like(path.stem, 40)
    first = f"evergreen new {name} --source {shlex.quote(str(path))}; then: evergreen retrain {name}"
    way = f"First: {first}"
    if name != like:
        way = f"If they are those of {like}: evergreen retrain {like}; if not, first: {first}"
    return f"expected a recipe's name or path, received {what} of images, it seems. {way}"


def _no_text(path: Path, what: str) -> str:
    """Return what to type for somebody who names a file that is no text where a recipe is expected."""
    return (
        f"{path}: expected a {what} in YAML, received a file that is no text. If it is an image:\n"
        f"{TRY}evergreen predict {shlex.quote(str(path))}"
    )


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice, where YAML itself lets the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        merge = "tag:yaml.org,2002:merge"  # of <<, which stands for the keys of another mapping
        keys = ["<<" if key.tag == merge else self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} is given twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def yaml_value(text: str) -> Any:
    """Return what a text is as YAML, with a key given twice refused.

    Raises:
        yaml.YAMLError: it is none.
    """
    return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader


# The trials of a sweep read one recipe a thousand times, and the parser takes ten times as long as all the rest.
_known_text = lru_cache(maxsize=16)(yaml_value)


def mapping_in(path: Path, what: str, shortest: str) -> dict[str, Any]:
    """Return the mapping that a file in YAML holds; the caller's own, to be changed at will.

    Args:
        path: of the file.
        what: it is to be, in words.
        shortest: a sentence with the shortest that would do.

    Raises:
        BadRecipe: it cannot be read, or holds something else.
    """
    try:
        values = deepcopy(_known_text(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadRecipe(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadRecipe(_no_text(path, what)) from None
    except yaml.YAMLError as error:
        raise BadRecipe(f"{path} cannot be read as YAML: {redacted(problem_in(error))}") from None
    if not isinstance(values, dict):
        kind = "nothing" if values is None else "a list" if isinstance(values, list) else "a single value"
        raise BadRecipe(f"{path}: expected a mapping of sections, received {kind}. {shortest}")
    return values


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


class NoPlace(BadRecipe):
    """An override names no place, or no value.

    Attributes:
        override: as it was given.
        instead: one that has a place; empty if none is near.
    """

    def __init__(self, message: str, override: str, instead: str = "") -> None:
        super().__init__(message)
        self.override, self.instead = override, instead


def apply(values: dict[str, Any], override: str) -> None:
    """Set one dotted path in nested values, making mappings on the way and replacing list items by index.

    Args:
        values: changed in place.
        override: ``dotted.path=value``.

    Raises:
        NoPlace: an item is named that a list does not have, or something below a single value; or the value is no
            YAML.
    """
    path, equals, text = override.partition("=")
    if not equals or not path:
        raise NoPlace(f"--set: expected PATH=VALUE, received {redacted(repr(override))}", override)
    try:
        value = yaml_value(text)
    except yaml.YAMLError as error:
        what = "the value" if path.startswith("source") else redacted(repr(text))  # it may be a secret
        quoted = f"{path}={json.dumps(text, ensure_ascii=False)}"  # whoever has brackets in it may mean a text
        raise NoPlace(f"--set {path}: {what} is not a YAML value: {problem_in(error)}", override, quoted) from None
    parts = path.split(".")
    target: Any = values
    for at, part in enumerate(parts):
        index: Any = part
        above = ".".join(parts[:at])
        if isinstance(target, list):
            if not part.isdigit() or int(part) >= len(target):
                raise _no_item(override, parts, at, len(target))
            index = int(part)
        elif not isinstance(target, dict):
            words = f"--set {path}: {above} is a single value: there is no {part!r} in it"
            raise NoPlace(words, override, f"{above}={text}")
        if at == len(parts) - 1:
            target[index] = value
            return
        if isinstance(target, dict) and target.get(index) is None:
            target[index] = {}
        target = target[index]


def _no_item(override: str, parts: list[str], at: int, length: int) -> NoPlace:
    """Return what to raise where an item of a list is named that it does not have."""
    path, above, part = ".".join(parts), ".".join(parts[:at]), parts[at]
    numbers = "0" if length == 1 else f"0 to {length - 1}"
    if not length:
        return NoPlace(f"--set {path}: {above} is an empty list: expected it whole, as {above}=[...]", override)
    nearest_item = str(length - 1) if part.isdigit() else "0"
    rest = parts[at + 1 :] if part.isdigit() else parts[at:]
    instead = ".".join([*parts[:at], nearest_item, *rest])
    return NoPlace(
        f"--set {path}: {above} is a list of {length}: expected the number of an item, {numbers}; received {part!r}",
        override,
        f"{instead}={override.partition('=')[2]}",
    )


def problem_in(error: yaml.YAMLError) -> str:
    """Return what is no YAML, where, and no more of the parser's words than help."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return "it holds characters that YAML does not know"
    mark = error.problem_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
    found = error.problem or "it ends too early"
    if "'\\t'" in found:
        found = "a tab, where YAML wants spaces"
    elif "stream end" in found or "expected ',' or" in found:
        found = "a bracket, brace or quote is not closed"
    elif found.startswith("mapping values"):
        found = "a colon where no key may stand; does the line begin as far right as those around it?"
    return f"{where}{found}"

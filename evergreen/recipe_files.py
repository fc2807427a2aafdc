"""From a recipe's file, and what a command line sets, to plain values."""

import difflib
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from evergreen.addresses import redacted
from evergreen.errors import BadRecipe
from evergreen.paths import is_file, is_folder, path_of

NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"
RECIPES = Path(__file__).resolve().parent.parent / "recipes"
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
OWN = Path("recipes")  # of whoever runs it, below the working folder


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


def read(recipe: str | Path) -> tuple[Path, dict[str, Any]]:
    """Return the file of a recipe, and its values.

    Args:
        recipe: a name in ``recipes/`` or the path of a YAML file.

    Raises:
        BadRecipe: there is none, or it cannot be read.
    """
    path = _path_of(recipe)
    return path, _read_yaml(path)


def _path_of(recipe: str | Path) -> Path:
    by_path = path_of(recipe)
    if by_path.suffix.lower() in _ARCHIVES and is_file(by_path):
        raise BadRecipe(_images_in(by_path, "an archive"))
    if by_path.suffix in (".yaml", ".yml") or is_file(by_path):
        if not is_file(by_path):
            raise BadRecipe(f"expected a recipe file, found none at {redacted(str(by_path))}")
        return by_path
    for folder in folders() if "/" not in str(recipe) else ():
        if is_file(named := folder / f"{recipe}.yaml"):
            return named
    if is_folder(by_path):
        raise BadRecipe(_images_in(by_path, "a folder"))
    names = sorted({path.stem for folder in folders() for path in folder.glob("*.yaml")})
    near = difflib.get_close_matches(str(recipe), names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    received = redacted(repr(str(recipe)))
    raise BadRecipe(f"expected a recipe's name or path, received {received}; there are: {', '.join(names)}.{hint}")


def _images_in(path: Path, what: str) -> str:
    """Return what to type for somebody who names images where a recipe is expected."""
    name = re.sub("[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:40] or "photos"
    return (
        f"expected a recipe's name or path, received {what} of images, it seems. First: evergreen new {name} --source "
        f"{shlex.quote(str(path))}; then: evergreen retrain {name}"
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


def apply(values: dict[str, Any], override: str) -> None:
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

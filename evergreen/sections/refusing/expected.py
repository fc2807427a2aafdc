"""What a field of a recipe expects: in words, and as an example, from its type, its bounds and its default."""

import json
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from evergreen.addresses import redacted

# What a regular expression of the sections asks for. A person is shown these words, and never the expression.
PATTERNS: Mapping[str, tuple[str, str]] = {
    r"^[a-z0-9][a-z0-9-]{0,62}$": (
        "1 to 63 small letters, digits and hyphens, the first no hyphen",
        "my-photos",
    ),
    r"^https?://": ("an address that begins with http:// or https://", "https://example.org/photos.zip"),
    r"^(\$\{[A-Z_][A-Z0-9_]*\}|secret:[a-z0-9-]+)$": (
        "${NAME} of an environment variable, or secret:NAME of a Prefect Secret block, never the query itself",
        "${PHOTOS_QUERY}",
    ),
    r"^[0-9a-f]{64}$": ("a SHA-256: 64 digits of 0-9 and a-f", "0" * 64),
    r"^[\w-]+/[\w-]+$": ("OWNER/DATASET, as in the address of the dataset's page on Kaggle", "owner/dataset"),
    r"^(https?://|sqlite:///).+": ("http(s)://HOST or sqlite:///PATH", "sqlite:///mlflow.db"),
}
# Where neither a default nor the bounds are worth copying.
_EXAMPLES: Mapping[str, Any] = {
    "epochs": 10,
    "filters": 32,
    "units": 128,
    "accuracy": 0.99,
    "val_accuracy": 0.95,
    "brightness": [0.8, 1.2],
    "random_resolution": [0.8, 1.2],
    "range": [0, 4095],
    "magnitude": 0.2,
    "time_limit_minutes": 60,
    "max_age_days": 30,
    "explicit": {"cat": 1, "dog": 2},
    "rename": {"kitty": "cat"},
    "subsets": {"holdout": "test"},
    "classes": ["cat", "dog"],
    "source": {"local": {"path": "photos"}},
    "path": "photos",
    "warmup": 0.1,
    "weight_decay": 0.0005,
    "version": 1,
    "level": "first",
    "group": ["folder"],
    "pattern": r"(?P<label>[A-Za-z]+)_\d+",
    "names": "gbk",
    "teacher": {"recipe": ["chessman"]},
    "recipe": ["chessman"],
    "balance": {"weights": "balanced"},
}
_SHOWN = 80

Kind = tuple[Any, tuple[Any, ...]]


@dataclass(frozen=True)
class Place:
    """A place in a recipe.

    Attributes:
        path: from the top, items of lists by their number.
        annotation: the type there.
        bounds: of the field, as pydantic keeps them (``annotated_types``).
        field: what holds it; None at the top, for an item of a list, and for a value of a mapping.
    """

    path: tuple[int | str, ...]
    annotation: Any
    bounds: tuple[Any, ...] = ()
    field: FieldInfo | None = None

    @property
    def dotted(self) -> str:
        """The path, as ``--set`` takes it."""
        return ".".join(str(part) for part in self.path)

    @property
    def kinds(self) -> list[Kind]:
        """Each type that may be there, with its bounds."""
        return list(_kinds(self.annotation, self.bounds))

    @property
    def section(self) -> type[BaseModel] | None:
        """The section that may be there."""
        return next((kind for kind, _ in self.kinds if is_section(kind)), None)


def place_of(model: type[BaseModel], location: tuple[int | str, ...]) -> Place:
    """Return the place that a location of pydantic's means; its names for members of a union are no part of it."""
    here = Place((), model)
    for part in location:
        below = _below(here, part)
        if below is None:
            return here
        here = below
    return here


def expected(place: Place) -> str:
    """Return what is expected at a place, in words."""
    told = [word for kind, bounds in place.kinds for word in _words(kind, bounds, place)]
    *others, last = dict.fromkeys(told)
    return f"{', '.join(others)} or {last}" if others else last


def received(value: Any) -> str:
    """Return what stands there instead, in words; of lists and mappings, which may hold secrets, only their kind."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | str):
        text = redacted(repr(value))
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    if isinstance(value, Mapping | BaseModel):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list | tuple | set):
        return "a list" if value else "an empty list"
    return {"date": "a date", "datetime": "a time", "bytes": "bytes"}.get(type(value).__name__, "something else")


def example(place: Place) -> Any:
    """Return a value that may stand at a place, as plain YAML values."""
    name = str(place.path[-1]) if place.path else ""
    if place.field is not None and not place.field.is_required() and _is_plain(place.field.default):
        default = place.field.default
        return list(default) if isinstance(default, tuple) else default
    if name in _EXAMPLES:
        return _EXAMPLES[name]
    return _example(*place.kinds[0], place)


def is_section(kind: Any) -> bool:
    """Whether a type is a section of a recipe."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def list_item(kind: Any) -> Any:
    """Return the type of the items of a list of any length; None if a type is none."""
    arguments = get_args(kind)
    return arguments[0] if get_origin(kind) is tuple and arguments[-1] is Ellipsis else None


def limits(bounds: tuple[Any, ...]) -> dict[str, Any]:
    """Return bounds by name: ge, gt, le, lt, min_length, max_length, pattern."""
    names = ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")
    return {
        name: getattr(bound, name)
        for bound in bounds
        for name in names
        if getattr(bound, name, None) is not None and not callable(getattr(bound, name))
    }


def _kinds(annotation: Any, bounds: tuple[Any, ...]) -> Iterator[Kind]:
    if get_origin(annotation) is Annotated:
        inner, *notes = get_args(annotation)
        more = [bound for note in notes for bound in (note.metadata if isinstance(note, FieldInfo) else [note])]
        yield from _kinds(inner, (*bounds, *more))
    elif get_origin(annotation) in (Union, types.UnionType):
        for inner in get_args(annotation):
            yield from _kinds(inner, bounds)
    else:
        yield annotation, bounds


def _below(place: Place, part: int | str) -> Place | None:
    for kind, _ in place.kinds:
        path = (*place.path, part)
        if is_section(kind):
            if field := kind.model_fields.get(str(part)):
                return Place(path, field.annotation, tuple(field.metadata), field)
            continue
        origin: Any = get_origin(kind)  # mypy thinks that it could be a ParamSpec alone
        arguments = get_args(kind)
        if origin is tuple and isinstance(part, int):
            return Place(path, arguments[0])
        if origin is dict and part != "[key]":
            return Place(path, arguments[1])
    return None


def _words(kind: Any, bounds: tuple[Any, ...], place: Place) -> list[str]:
    """Return what a type allows, each alternative apart."""
    if get_origin(kind) is Literal:
        return [str(value) for value in get_args(kind)]
    return ["true", "false"] if kind is bool else [_word(kind, limits(bounds), bounds, place)]


def _word(kind: Any, within: Mapping[str, Any], bounds: tuple[Any, ...], place: Place) -> str:
    if kind is type(None):
        return "null"
    if kind in (int, float):
        return _number("a whole number" if kind is int else "a number", within)
    if kind is str:
        return _text(within)
    if list_item(kind) is not None:
        return f"a list{_length(within)} such as {flow(_example(kind, bounds, place))}"
    if get_origin(kind) is tuple:
        return "a list of two numbers, [low, high]"
    return f"a mapping such as {flow(_example(kind, bounds, place))}"


def _number(noun: str, within: Mapping[str, Any]) -> str:
    if {"ge", "le"} <= set(within):
        return f"{noun} from {_figure(within['ge'])} to {_figure(within['le'])}"
    words = {"gt": "above {}", "ge": "of {} or more", "le": "at most {}", "lt": "below {}"}
    told = [words[name].format(_figure(within[name])) for name in words if name in within]
    return f"{noun} {' and '.join(told)}".strip()


def _figure(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"


def _text(within: Mapping[str, Any]) -> str:
    if pattern := within.get("pattern"):
        return PATTERNS[str(pattern)][0]
    if longest := within.get("max_length"):
        return f"text of at most {longest} characters"
    return "text that is not empty" if within.get("min_length") else "text"


def _length(within: Mapping[str, Any]) -> str:
    least, most = within.get("min_length"), within.get("max_length")
    told = [f"{least} or more"] * bool(least) + [f"at most {most}"] * bool(most)
    return f" of {' and '.join(told)}" if told else ""


def _example(kind: Any, bounds: tuple[Any, ...], place: Place) -> Any:
    within, name = limits(bounds), str(place.path[-1]) if place.path else ""
    if name in _EXAMPLES:
        return _EXAMPLES[name]
    if is_section(kind):
        inside = {name: place_of(kind, (name,)) for name in kind.model_fields}
        needed = [name for name, place in inside.items() if place.field and place.field.is_required()]
        return {name: example(inside[name]) for name in needed or list(inside)[:1]}
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    if kind in (int, float):
        return _some_number(within)
    if kind is str:
        return PATTERNS[str(within["pattern"])][1] if "pattern" in within else "text"
    if (item := list_item(kind)) is not None:
        if place.field and isinstance(place.field.default, tuple) and _is_plain(place.field.default):
            return list(place.field.default)
        inner = Place((0,), item)
        return [_example(*inner.kinds[0], inner)]
    return {"name": _some_number(within)} if get_origin(kind) is dict else True if kind is bool else [0, 1]


def _some_number(within: Mapping[str, Any]) -> float:
    if "ge" in within:
        return float(within["ge"]) if isinstance(within["ge"], float) else int(within["ge"])
    return within.get("le", within.get("gt", 0) + 1)  # type: ignore[no-any-return]


def _is_plain(value: Any) -> bool:
    """Whether a default is worth showing: a number or a word, or a list of them."""
    return (isinstance(value, int | float | str) and value != "") or (
        isinstance(value, tuple) and bool(value) and all(_is_plain(item) for item in value)
    )


def flow(value: Any) -> str:
    """Return a plain value as YAML in one line, as ``--set`` takes it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_inside(name)}: {_inside(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inside(inner) for inner in value) + "]"
    if isinstance(value, str):
        return value if _reads_as(value, value) else json.dumps(value, ensure_ascii=False)
    return yaml.safe_dump(value).removesuffix("\n").removesuffix("\n...")


def _inside(value: Any) -> str:
    if isinstance(value, str) and not _reads_as(f"[{value}]", [value]):
        return json.dumps(value, ensure_ascii=False)
    return flow(value)


def _reads_as(text: str, value: Any) -> bool:
    try:
        return bool(yaml.safe_load(text) == value)
    except yaml.YAMLError:
        return False

"""What ``--over`` takes: ``PATH=[a, b]``, ``PATH=LOW..HIGH``, ``PATH=LOW..HIGH:log`` and ``PATH=LOW..HIGH:STEP``."""

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from evergreen.addresses import redacted
from evergreen.errors import BadRecipe
from evergreen.recipe_files import problem_in, yaml_value
from evergreen.sections.refusing.expected import flow
from evergreen.sections.refusing.told import TRY
from evergreen.sections.sweep import ValueRange

_NUMBER = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\s*\.\.\s*({_NUMBER})\s*((?::[^:]*)*)")
# What people write for a range elsewhere: 0.1-0.5, 0.1:0.5, 0.1...0.5, 0.1 to 0.5.
_NEARLY = re.compile(rf"({_NUMBER})\s*(?:-|:|to|\.\.\.|…)\s*({_NUMBER})((?::[^:]*)*)")
_HOW = "PATH=[a, b], PATH=LOW..HIGH, PATH=LOW..HIGH:log or PATH=LOW..HIGH:STEP"


def given_over(texts: Iterable[str]) -> dict[str, Any]:
    """Return what several ``--over`` say: dotted path -> a list, or a mapping as a range has it in a file.

    Nothing is validated but the form.

    Raises:
        BadRecipe: one is of no form that is known, or two name the same path; with the line to type.
    """
    found: dict[str, Any] = {}
    for text in texts:
        path, values = _pair(text)
        if path in found:
            both = [found[path], values]
            together = [value for one in both for value in (one if isinstance(one, list) else ())]
            listed = all(isinstance(one, list) for one in both)
            line = _try(path, list(dict.fromkeys(map(flow, together)))) if listed else ""
            raise BadRecipe(f"--over {path}: expected every path once, with all its values; received it twice{line}")
        found[path] = values
    return found


def over_line(path: str, values: Any) -> str:
    """Return the option that tries values: ``--over PATH=VALUES``, quoted for a shell.

    Args:
        path: dotted.
        values: as a ``Sweep`` has them, or as a file does.
    """
    return f"--over {shlex.quote(f'{path}={over_text(values)}')}"


def over_text(values: Any) -> str:
    """Return values as ``--over`` takes them behind the path."""
    if not isinstance(values, Mapping | ValueRange):
        return flow(list(values))
    says = values.model_dump() if isinstance(values, ValueRange) else values
    more = ":log" if says.get("log") else "" if says.get("step") is None else f":{number_text(says['step'])}"
    return f"{number_text(says['low'])}..{number_text(says['high'])}{more}"


def number_text(number: float) -> str:
    """Return a number as short as it can be read back."""
    return str(int(number)) if float(number).is_integer() and abs(number) < 1e15 else repr(float(number))


def _pair(text: str) -> tuple[str, Any]:
    """Return the path and the values of one ``--over``."""
    path, equals, said = (part.strip() for part in text.partition("="))
    if not equals or not path or not said:
        found = re.fullmatch(r"\s*([\w.]+)\s*[:\s]\s*(\S.*)", text)
        line = f"\n{TRY}--over {shlex.quote(f'{found[1]}={found[2]}')}" if found and _reads(found[2]) else ""
        shown = redacted(repr(text))
        raise BadRecipe(f"--over: expected {_HOW}; received {shown}{line or _example(path)}")
    return path, _values(path, said)


def _values(path: str, said: str) -> Any:
    if found := _RANGE.fullmatch(said):
        return _range(path, said, found)
    try:
        value = yaml_value(said)
    except yaml.YAMLError as error:
        quoted = "" if said.endswith("]") else ". If the shell divided it at a space, put it between quotes"
        raise BadRecipe(
            f"--over {path}: expected {_HOW}; received {redacted(said)!r}, which is not a YAML value: "
            f"{problem_in(error)}{quoted}{_closed(path, said)}"
        ) from None
    if isinstance(value, list) or (isinstance(value, dict) and {"low", "high"} & set(value)):
        return value
    raise BadRecipe(f"--over {path}: expected {_HOW}; received {redacted(said)!r}{_meant(path, said, value)}")


def _range(path: str, said: str, found: re.Match[str]) -> dict[str, Any]:
    values: dict[str, Any] = {"low": float(found[1]), "high": float(found[2])}
    for word in filter(None, (part.strip() for part in found[3].split(":"))):
        if word == "log":
            values["log"] = True
        elif re.fullmatch(_NUMBER, word) and "step" not in values:
            values["step"] = float(word)
        else:
            plain = _try(path, f"{found[1]}..{found[2]}")
            raise BadRecipe(f"--over {path}: expected :log or :STEP behind a range; received {redacted(said)!r}{plain}")
    return values


def _meant(path: str, said: str, value: Any) -> str:
    """Return the line that somebody may have meant who wrote neither a list nor a range."""
    if found := _NEARLY.fullmatch(said):
        return _try(path, f"{found[1]}..{found[2]}{found[3]}")
    if isinstance(value, str) and "," in value:
        return _try(path, [flow(yaml_value(word)) for word in filter(None, map(str.strip, value.split(",")))])
    return "" if isinstance(value, dict) else _try(path, [flow(value)])


def _closed(path: str, said: str) -> str:
    closed = f"{said.rstrip(', ')}]"
    return _try(path, closed) if said.startswith("[") else ""


def _reads(said: str) -> bool:
    """Whether text is of a form that is known."""
    try:
        _values("path", said)
    except BadRecipe:
        return False
    return True


def _try(path: str, values: str | list[str]) -> str:
    """Return the line to type, where it shows nothing that may be a secret and can be read."""
    said = values if isinstance(values, str) else f"[{', '.join(values)}]"
    text = f"{path}={said}"
    return f"\n{TRY}--over {shlex.quote(text)}" if redacted(text) == text and _reads(said) else ""


def _example(path: str) -> str:
    return _try(path if re.fullmatch(r"[a-z_]+(\.\w+)+", path) else "train.head.dropout", ["0.1", "0.3"])

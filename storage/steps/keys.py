"""Step keys: everything that decides a step's output, and nothing else.

The key is the SHA-256 of the parts as canonical JSON, so the parts are themselves a blob whose digest is the key:
a record needs only the key to answer later which inputs, values, code and libraries it stood for.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from storage.digests import canonical_json, sha256_bytes


@dataclass(frozen=True)
class KeyParts:
    """The parts of one step key.

    Attributes:
        step: the step's name.
        format: raised by hand when task wiring changes what the step publishes.
        inputs: upstream step -> digest of what is read of the artifact that it gave.
        recipe: what the recipe says, nested, without values that equal their default: a new field moves no key.
        code: project module or data file -> SHA-256 of its normalised text.
        libraries: distribution name -> version.
    """

    step: str
    format: int
    inputs: Mapping[str, str]
    recipe: Mapping[str, Any]
    code: Mapping[str, str]
    libraries: Mapping[str, str]

    def canonical(self) -> bytes:
        """Return the bytes whose digest is the key."""
        return canonical_json(vars(self))

    @property
    def key(self) -> str:
        """The step key, 64 hex digits."""
        return sha256_bytes(self.canonical())

    @classmethod
    def parse(cls, data: bytes) -> "KeyParts":
        """Read what ``canonical`` wrote."""
        return cls(**json.loads(data))


def differences(old: KeyParts, new: KeyParts) -> list[str]:
    """Say in words what differs between two keys of one step, the most telling first; empty if nothing that has a name.

    A changed recipe value reads ``train.phases.0.epochs: 5 -> 8``, changed code
    ``code of evergreen.vision.training.fit``. For a value that one key leaves to its default to be named, write the
    defaults out in both.
    """
    words = []
    if old.format != new.format:
        words.append(f"format of {new.step}: {old.format} -> {new.format}")
    words += [f"{path}: {before} -> {after}" for path, before, after in changed(old.recipe, new.recipe)]
    words += [f"{name} gave another result" for name, _, _ in _changed(old.inputs, new.inputs)]
    if code := [name for name, _, _ in _changed(old.code, new.code)]:
        words.append(f"code of {code[0]}" + (f" and {len(code) - 1} more" if len(code) > 1 else ""))
    return words + [f"{name} {before} -> {after}" for name, before, after in _changed(old.libraries, new.libraries)]


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return (dotted path, before, after) of every value that differs between two nested JSON values, by path.

    A value that one of them leaves out, or that is null there, is ``not set``.
    """
    return list(_changed(_flat(old), _flat(new)))


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in sorted({*old, *new}):
        before, after = old.get(name, "not set"), new.get(name, "not set")
        if before != after:
            yield name, before, after


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """Flatten nested JSON to ``{dotted path: leaf}``; empty lists and mappings are leaves, a null is not set."""
    if isinstance(value, Mapping) and value:
        pairs = [(str(name), item) for name, item in value.items()]
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        pairs = [(str(index), item) for index, item in enumerate(value)]
    else:
        return {} if value is None else {path: value}
    flat: dict[str, Any] = {}
    for name, item in pairs:
        flat |= _flat(item, f"{path}.{name}" if path else name)
    return flat

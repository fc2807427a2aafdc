"""What values that are swept over, and trials, are called where people read of them."""

from collections.abc import Iterable, Mapping
from typing import Any

from evergreen.sections.refusing.expected import flow

# What stands beside values in tables and pictures; a value of such a name keeps more of its path.
_TAKEN = {"trial", "state", "accuracy", "val_accuracy", "loss", "val_loss", "epoch", "epochs", "seconds"}


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """Return dotted path -> the shortest end of it that no other path has: ``train.backbone`` is ``backbone``.

    Args:
        paths: each once.
    """
    parts = {path: path.split(".") for path in paths}

    def end(path: str, length: int) -> str:
        return ".".join(parts[path][-length:])

    def alone(path: str, length: int) -> bool:
        return all(end(path, length) != end(other, length) for other in parts if other != path)

    def length(path: str) -> int:
        most = len(parts[path])
        return next((n for n in range(1, most) if alone(path, n) and end(path, n) not in _TAKEN), most)

    return {path: end(path, length(path)) for path in parts}


def shown(value: Any) -> str:
    """Return a value as people read it: a fraction with four digits, a name as it stands, all else as YAML."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else flow(value)


def trial_name(trial: Mapping[str, Any]) -> str:
    """Return what a trial is called: its number and its values, ``trial 3 (backbone MobileNetV2, magnitude 0.15)``.

    Args:
        trial: ``number`` and ``values``: dotted path -> value.
    """
    return f"trial {trial['number']}{in_brackets(trial['values'])}"


def in_brackets(values: Mapping[str, Any]) -> str:
    """Return `` (name value, name value)`` of dotted paths and values; empty if there are none."""
    names = short_names(values)
    said = ", ".join(f"{names[path]} {shown(value)}" for path, value in values.items())
    return f" ({said})" if said else ""

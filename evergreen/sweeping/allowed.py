"""What a sweep may not try, and what does instead."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from evergreen.addresses import redacted
from evergreen.sections.refusing.expected import flow

_IMAGES = (
    "decides which images validate, so the accuracies of two trials could not be compared: one value holds for all"
)
_NO_TRAINING = "changes nothing of a training, so every trial would be the same: one value holds for all"
_WORDS: Mapping[str, str] = {
    "source": f"{_IMAGES}, --source",
    **dict.fromkeys(("labels", "repair", "unpack", "screen", "split"), _IMAGES),
    **dict.fromkeys(
        ("name", "title", "gate", "track", "export", "verify", "evaluate", "diagnose", "retrain_when", "serve"),
        _NO_TRAINING,
    ),
    "seed": "decides how images are divided and how a training begins: seeds trains every trial once with each, and "
    "takes the mean",
    "train.threads": "belongs to the machine: a process computes on one number of threads, which holds for all trials",
    "train.devices": "belongs to the machine, and changes a model's last digits: one value holds for all trials",
}


def why_not(path: str) -> str:
    """Return why a field may not be tried, in words; empty if it may.

    Args:
        path: dotted.
    """
    return next((words for name, words in _WORDS.items() if path == name or path.startswith(f"{name}.")), "")


def instead(path: str, values: Sequence[Any]) -> str:
    """Return the option that does what can be done in place of trying a field; empty where there is none to show.

    Args:
        path: of a field that may not be tried.
        values: that were to be tried, the first the likeliest.
    """
    if path == "seed":
        return f"--seeds {','.join(map(str, values))}" if all(isinstance(value, int) for value in values) else ""
    if path.startswith("source") or not values:
        return ""
    if path == "name":
        return f"--name {shlex.quote(str(values[0]))}"
    pair = f"{path}={flow(values[0])}"
    return f"--set {shlex.quote(pair)}" if redacted(pair) == pair else ""

"""Why a training ended: each of its phases, and the whole."""

from collections.abc import Mapping
from typing import Any, Literal

Why = Literal["epochs", "patience", "stop_when", "time limit", "stopped", "not begun"]

_WHOLE = {
    "epochs": "every epoch was trained",
    "patience": "early_stopping found it no better",
    "stop_when": "it was good enough for stop_when",
    "time limit": "train.time_limit_minutes cut it short",
    "stopped": "it was stopped",
}


def is_cut(ended: Mapping[str, Any]) -> bool:
    """Whether the time limit alone ended a training."""
    return bool(ended["why"] == "time limit")


def with_words(ended: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``run.json`` says of a training's end: what ``words`` takes, and its ``words``."""
    return {**ended, "words": words(ended)}


def words(ended: Mapping[str, Any]) -> str:
    """Say in one line why a training ended.

    Args:
        ended: ``why`` of the whole; ``phases``, each with phase (from 1), epochs (whole ones), of (at most so many),
            midway (whether another was begun and not finished), why, and schedule where a learning rate had not come
            down by one yet. Where it was stopped while a teacher of its was trained: ``teacher``, all this of that
            one, and its name. ``devices``: how many trained together, if it were several.
    """
    if teacher := ended.get("teacher"):
        return f"it was stopped while its teacher {teacher['name']} was trained ({_phases(teacher)})"
    together = f", on {ended['devices']} devices" if "devices" in ended else ""
    return f"{_WHOLE[ended['why']]} ({_phases(ended)}){together}"


def _phases(ended: Mapping[str, Any]) -> str:
    return "; ".join(f"phase {phase['phase']}: {_of_phase(phase)}" for phase in ended["phases"])


def _of_phase(phase: Mapping[str, Any]) -> str:
    if phase["why"] == "not begun":
        return "not begun"
    if phase["why"] == "epochs":
        return f"all epochs, {phase['of']}"
    early = f", before its {phase['schedule']} learning rate had come down" if "schedule" in phase else ""
    part = " and part of one" if phase["midway"] else ""
    return f"{phase['epochs']} of {phase['of']} epochs{part}, {phase['why']}{early}"

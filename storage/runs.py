"""Runs: the folder that each leaves, and what its ``run.json`` says; the one place that reads and writes that file.

A ``run.json`` that is torn, or was put there by somebody else, is none: whoever looks through all runs passes it over.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from storage import disk
from storage.digests import is_digest
from storage.store import Store

FILE = "run.json"
# What a run may leave out, but not call by another kind of value.
_KINDS = {"settings": dict, "metrics": dict, "exports": list, "tracking": dict}


def run_folder(store: Store, run_id: str) -> Path:
    """Return the folder of one run."""
    return store.root / "runs" / run_id


def write_summary(store: Store, summary: Mapping[str, Any]) -> None:
    """Write a run's ``run.json`` into its folder, whole or not at all.

    Args:
        store: whose run it is.
        summary: JSON values; id, recipe, outcome, and steps: name and output of each, at least.

    Raises:
        StoreUnwritable: the store may not be written, or the disk is full.
    """
    text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
    with disk.explained(store.root):
        disk.replace(run_folder(store, summary["id"]) / FILE, text.encode())


def read_summary(store: Store, run_id: str) -> dict[str, Any] | None:
    """Return what the ``run.json`` of a run says, or None: there is none, it is torn, or it is not ours."""
    return _parsed(run_folder(store, run_id) / FILE) if "/" not in run_id else None


def summary_file(store: Store, run_id: str) -> Path | None:
    """Return the ``run.json`` of a run, whoever wrote it; None: there is none, or no folder can be called so."""
    path = run_folder(store, run_id) / FILE
    there = "/" not in run_id and os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises for ids that are too long
    return path if there else None


def summaries(store: Store, recipe: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield what the ``run.json`` of every run (of one recipe) says, the newest first."""
    for path in sorted((store.root / "runs").glob(f"*/{FILE}"), reverse=True):
        summary = _parsed(path)
        if summary is not None and recipe in (None, summary["recipe"]):
            yield summary


def _parsed(path: Path) -> dict[str, Any] | None:
    try:
        summary = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return summary if _is_ours(summary, path.parent.name) else None


def _is_ours(summary: Any, run_id: str) -> bool:
    """Whether a JSON value has what every reader of a ``run.json`` takes for granted."""
    if not isinstance(summary, dict) or summary.get("id") != run_id:
        return False
    steps = summary.get("steps")
    return (
        isinstance(summary.get("recipe"), str)
        and isinstance(summary.get("outcome"), str)
        and all(isinstance(summary.get(name, kind()), kind) for name, kind in _KINDS.items())
        and isinstance(steps, list)
        and all(_is_step(step) for step in steps)
    )


def _is_step(step: Any) -> bool:
    if not isinstance(step, dict) or not {"name", "output"} <= set(step):
        return False
    return isinstance(step["name"], str) and (step["output"] is None or is_digest(step["output"]))

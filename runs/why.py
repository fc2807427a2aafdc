"""Why a step ran: its key's parts against those of the nearest earlier record, in words and as a diff of code."""

import difflib
from dataclasses import dataclass

from evergreen.errors import BadInput
from evergreen.fold_steps import FOLD_STEPS, step_named
from evergreen.sections.refusing.lines import nearest_word
from evergreen.sections.refusing.told import TRY
from evergreen.steps import STEPS
from runs.keys import nearest_earlier
from runs.summaries.summary import run_summary
from storage.errors import StoreError
from storage.steps.keys import KeyParts
from storage.steps.records import Records
from storage.store import Store


@dataclass(frozen=True)
class Why:
    """The answer.

    Attributes:
        run: id of the run that is asked about.
        step: the step's name.
        state: what the step did in that run.
        reason: what the run itself said.
        differences: one line a part of the key that differs from the nearest earlier record; empty if there is none.
        diff: unified diff of the normalised code that differs; empty if none does.
    """

    run: str
    step: str
    state: str
    reason: str
    differences: list[str]
    diff: str


def why(store: Store, step: str, run_id: str | None) -> Why:
    """Compare the key of a step in a run with the nearest earlier record.

    Args:
        store: where runs and records are.
        step: the step's name.
        run_id: the run; None takes the newest that completed.

    Raises:
        BadInput: there is no such step or run, or the run did not reach the step.
    """
    if step_named(step) is None:
        names = [known.name for known in (*STEPS, *FOLD_STEPS)]
        near = nearest_word(step, names)
        hint = f"\n{TRY}evergreen why {near}" if near else ""
        raise BadInput(
            f"expected one of {', '.join(names)} (a fold with its number: 'fold 1'); received {step!r}{hint}"
        )
    summary = run_summary(store, run_id)
    entry = next((entry for entry in summary["steps"] if entry["name"] == step), None)
    if entry is None:
        raise BadInput(f"run {summary['id']} did not reach {step}")
    try:
        parts = KeyParts.parse(store.read_blob(entry.get("key") or ""))
    except StoreError as error:
        raise BadInput(f"the key of {step} in run {summary['id']} is no longer stored: {error}") from error
    nearest = nearest_earlier(parts, summary["settings"], Records(store), summary["recipe"])
    words, diff = (nearest.differences, _code_diff(store, nearest.parts, parts)) if nearest else ([], "")
    return Why(summary["id"], step, entry["state"], entry["reason"], words, diff)


def _code_diff(store: Store, old: KeyParts, new: KeyParts) -> str:
    lines: list[str] = []
    for name in sorted({*old.code, *new.code}):
        if old.code.get(name) != new.code.get(name):
            before, after = _text(store, old.code.get(name)), _text(store, new.code.get(name))
            lines += difflib.unified_diff(before, after, f"{name} (earlier)", f"{name} (this run)", lineterm="")
    return "\n".join(lines)


def _text(store: Store, digest: str | None) -> list[str]:
    if digest is None:
        return []
    try:
        return store.read_blob(digest).decode().splitlines()
    except StoreError:
        return ["# this code is no longer stored"]

"""Beside a run, the newest one of its recipe that splits groups of folders the other way: do they flatter the model?"""

from collections.abc import Mapping
from typing import Any

from evergreen.recipe import Recipe, in_full
from runs.tables import classes_of, read_table, table_file
from storage.errors import StoreError
from storage.runs import summaries
from storage.store import Store

# What decides how good a model is, beside its images; ``split`` counts without what it keeps together.
_DECIDES = ("seed", "split", "image", "augment", "balance", "train")


def the_other_way(store: Store, summary: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the comparison of a run with the newest one under the other setting of ``folder`` in ``split.group``.

    Args:
        store: whose runs they are.
        summary: of a run, as ``run.json`` says it: its id, recipe, outcome, steps, metrics and settings.

    Returns:
        None if it did not complete, its images have no groups, or no such run has the same classes; else the other's
        ``run``, the ``split`` that is compared, the accuracies ``together`` and ``mixed``, what else ``differs``, and
        all of it in ``words``.
    """
    if summary["outcome"] != "completed" or not summary["metrics"] or not _has_groups(store, summary):
        return None
    whole, classes = _keeps_groups(summary), _classes(store, summary)
    for other in summaries(store, summary["recipe"]):
        if other["id"] == summary["id"] or other["outcome"] != "completed" or "settings" not in other:
            continue
        judged = next((name for name in ("test", "validation") if name in summary["metrics"]), "")
        if _keeps_groups(other) != whole and judged in other.get("metrics", {}) and _classes(store, other) == classes:
            return _compared(summary, other, judged)
    return None


def _compared(summary: Mapping[str, Any], other: Mapping[str, Any], judged: str) -> dict[str, Any]:
    whole = _keeps_groups(summary)
    one, two = (summary, other) if whole else (other, summary)
    together, mixed = (run["metrics"][judged] for run in (one, two))
    named = ["this run" if run is summary else f"run {run['id']}" for run in (one, two)]
    words = (
        f"with each group of folders on one side ({named[0]}): {together['accuracy']:.1%} {judged} accuracy; "
        f"with their pictures mixed ({named[1]}): {mixed['accuracy']:.1%}: {_meaning(together, mixed)}"
    )
    differs = _differences(summary, other)
    if differs:
        words += f"; but the two also differ in {', '.join(differs)}"
    return {
        "run": other["id"],
        "split": judged,
        "together": together["accuracy"],
        "mixed": mixed["accuracy"],
        "differs": differs,
        "words": words,
    }


def _meaning(together: Mapping[str, Any], mixed: Mapping[str, Any]) -> str:
    if mixed["accuracy_low"] > together["accuracy_high"]:
        return "many pictures of few groups flatter a model, so believe the first"
    if mixed["accuracy"] > together["accuracy"]:
        return "the intervals overlap, so that may be chance"
    return "no sign that groups flatter this model"


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return what else may explain another accuracy: sections of the recipe, and the images themselves."""
    mine, theirs = (in_full(run["settings"], Recipe.model_fields) for run in (one, other))
    named = [name for name in _DECIDES if _without_groups(mine[name]) != _without_groups(theirs[name])]
    return [*named, *(["images"] if _output(one, "screen") != _output(other, "screen") else [])]


def _without_groups(section: Any) -> Any:
    return {name: value for name, value in section.items() if name != "group"} if isinstance(section, dict) else section


def _keeps_groups(summary: Mapping[str, Any]) -> bool:
    return "folder" in (in_full(summary["settings"], ("split",))["split"]["group"] or ())


def _has_groups(store: Store, summary: Mapping[str, Any]) -> bool:
    digest = _output(summary, "split")
    if digest is None:
        return False
    ref = store.manifest(digest).ref()
    return table_file(store, ref, "groups.csv") is not None and len(read_table(store, ref, "groups.csv")) > 0


def _classes(store: Store, summary: Mapping[str, Any]) -> list[str] | None:
    """Return the classes of a run, or None if what it split is no longer stored."""
    digest = _output(summary, "split")
    try:
        return sorted(classes_of(store, store.manifest(digest).ref())) if digest else None
    except StoreError:
        return None


def _output(summary: Mapping[str, Any], step: str) -> str | None:
    return next((entry["output"] for entry in summary["steps"] if entry["name"] == step), None)

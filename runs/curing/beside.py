"""A model and the one that it was to cure, side by side: what each change costs them, and their accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evergreen.judging.advice import quoted
from evergreen.judging.judged import judged_split
from evergreen.judging.metrics import gap_interval
from runs.looking.comparing import on_the_same_images
from storage.runs import read_summary
from storage.store import Store

_MEASURED = (
    *("count", "before", "accuracy", "accuracy_low", "accuracy_high"),
    *("lost", "lost_low", "lost_high", "leans_on"),
)
_CLEAN = ("accuracy", "accuracy_low", "accuracy_high", "count")


def cured(store: Store, noted: Mapping[str, Any], summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``run.json`` says of a cure, under ``cure``.

    Args:
        store: where both runs are.
        noted: what the run was given: ``run``, ``sets`` and ``cures``, as ``Chosen.as_json`` returns them.
        summary: what ``run.json`` says of the run so far: id, steps, outcome, metrics, shortcuts.

    Returns:
        ``noted`` and ``recipe``, the lines for the recipe's file; ``options``, the same as ``--set``; ``changes``, each
        with ``name``, ``before`` and ``after`` (what the table of shortcuts has of it, or null) and ``gained`` (by how
        much accuracy on changed images rose, with ``gained_low`` and ``gained_high``, or null); ``accuracy``, with
        ``split``, ``before``, ``after`` and, where both judged the same images, ``gain``, ``gain_low``, ``gain_high``;
        ``words``. Without the last three if the run did not come so far, or the earlier one is gone.
    """
    found = {
        **noted,
        "recipe": as_yaml(noted["sets"]),
        "options": " ".join(f"--set {quoted(pair)}" for pair in noted["sets"]),
    }
    before = read_summary(store, noted["run"])
    if not before or not summary.get("shortcuts") or not before.get("shortcuts"):
        return found
    changes = _changes(before["shortcuts"]["changes"], summary["shortcuts"]["changes"])
    accuracy = _accuracy(store, before, summary)
    return found | {"changes": changes, "accuracy": accuracy, "words": _words(noted, changes, accuracy)}


def as_yaml(sets: Sequence[str]) -> str:
    """Return pairs as the lines of a recipe that say the same; a value that is a section or a list is one line."""
    nested: dict[str, Any] = {}
    for pair in sets:
        path, _, text = pair.partition("=")
        *above, last = path.split(".")
        place = nested
        for name in above:
            place = place.setdefault(name, {})
        place[last] = text
    return "\n".join(_lines(nested))


def _lines(nested: Mapping[str, Any], indent: str = "") -> list[str]:
    lines = []
    for name, value in nested.items():
        if isinstance(value, Mapping):
            lines += [f"{indent}{name}:", *_lines(value, f"{indent}  ")]
        else:
            lines.append(f"{indent}{name}: {value}")
    return lines


def _changes(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return both tables as one, in the order of the newer; what one alone tried has null at the other."""
    olds, news = ({row["name"]: row for row in rows} for rows in (before, after))
    rows = []
    for name in dict.fromkeys((*news, *olds)):
        old, new = olds.get(name), news.get(name)
        rows.append({"name": name, "before": _measured(old), "after": _measured(new), **_gained(old, new)})
    return rows


def _measured(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if row is None or row["lost"] is None else {name: row[name] for name in _MEASURED}


def _gained(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> dict[str, float | None]:
    """Return how much more accurate the newer is on changed images, and the 95 % interval of that.

    Not how much less it loses: a model that is worse at images as they are has less to lose. The interval is as of
    different images, for single answers to changed images are not kept.
    """
    if old is None or new is None or old["lost"] is None or new["lost"] is None:
        return dict.fromkeys(("gained", "gained_low", "gained_high"))
    low, high = gap_interval(*({name: side[name] for name in _CLEAN[:3]} for side in (new, old)))
    return {"gained": new["accuracy"] - old["accuracy"], "gained_low": low, "gained_high": high}


def _accuracy(store: Store, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the accuracy of both on judged images as they are; None where one was judged on none."""
    if not before.get("metrics") or not after.get("metrics"):
        return None
    split = judged_split(after["metrics"])
    if split not in before["metrics"]:
        return None
    sides = (
        {name: metrics[name] for name in _CLEAN} for metrics in (before["metrics"][split], after["metrics"][split])
    )
    found: dict[str, Any] = {"split": split, **dict(zip(("before", "after"), sides, strict=True))}
    gain = on_the_same_images(store, before, after)
    low, high = gain.gain_interval if gain else (None, None)
    return found | {"gain": gain.gain if gain else None, "gain_low": low, "gain_high": high}


def _words(noted: Mapping[str, Any], changes: Sequence[Mapping[str, Any]], accuracy: Mapping[str, Any] | None) -> str:
    answered = {name for one in noted["cures"] for name in one["changes"]}
    lost = [
        f"{row['name']} {100 * row['before']['lost']:.1f} before, {100 * row['after']['lost']:.1f} after "
        f"({100 * row['after']['lost_low']:.1f} to {100 * row['after']['lost_high']:.1f})"
        for row in changes
        if row["name"] in answered and row["before"] and row["after"]
    ]
    sentences = [f"Points of accuracy lost: {', '.join(lost)}."] if lost else []
    if accuracy:
        shares = f"{accuracy['before']['accuracy']:.1%} before, {accuracy['after']['accuracy']:.1%} after"
        same = (
            f": {100 * accuracy['gain']:+.1f} points on the same {accuracy['after']['count']:,} images "
            f"({100 * accuracy['gain_low']:+.1f} to {100 * accuracy['gain_high']:+.1f})"
            if accuracy["gain"] is not None
            else ", of different images"
        )
        sentences.append(f"Accuracy of {accuracy['split']} images as they are: {shares}{same}.")
    still = [row["name"] for row in changes if row["name"] in answered and row["after"] and row["after"]["leans_on"]]
    if accuracy and accuracy["gain"] is not None and accuracy["gain_high"] < 0:
        sentences.append("That is the price: a longer training, a larger network or less of it may lower it.")
    sentences += [f"It still leans: {', '.join(still)}."] if still else []
    return " ".join(sentences)

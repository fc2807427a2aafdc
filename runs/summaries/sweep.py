"""What ``run.json`` says of a sweep; all of it is in ``sweep.json`` beside it."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

# How a run ends that was a sweep.
SWEPT = "swept"


def sweep_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``run.json`` says of a sweep, under ``sweep``.

    Args:
        found: values of ``sweep.json``.

    Returns:
        ``name``, ``method``, ``outcome``, ``planned``, ``trials`` (state -> how many), ``best`` (its number),
        ``values``, ``val_accuracy``, ``model`` (SHA-256, of the first seed), ``lead`` (over, difference, low, high),
        ``flattered_by`` (at most, 0-1), ``validation``, ``next`` and ``words``; null where there is no such thing.
    """
    from evergreen.sweeping.found import winner_in_words  # late: NumPy

    best = next((trial for trial in found["trials"] if trial["number"] == found["best"]), None)
    lead = found["lead"]
    said = [winner_in_words(found["trials"]), lead["words"] if lead else "", found["optimism"]]
    return {
        "name": found["name"],
        "method": found["method"],
        "outcome": found["outcome"],
        "planned": found["planned"],
        "trials": dict(sorted(Counter(trial["state"] for trial in found["trials"]).items())),
        "best": found["best"],
        "values": best["values"] if best else None,
        "val_accuracy": best["val_accuracy"] if best else None,
        "model": best["seeds"][0]["model"] if best and best["seeds"] else None,
        "lead": {name: lead[name] for name in ("over", "difference", "low", "high")} if lead else None,
        "flattered_by": found["flattered_by"],
        "validation": found["validation"],
        "next": found["next"],
        "words": "; ".join(sentence for sentence in said if sentence),
    }

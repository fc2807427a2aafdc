"""What a run says of how its model was judged: how it fits and what to try, and what its probabilities are worth."""

import shlex
from collections.abc import Mapping
from typing import Any

from evergreen.judging.advice import Try, to_try
from evergreen.judging.calibration import in_words
from evergreen.judging.cures import cures
from evergreen.recipe import Recipe
from runs.curing.choosing import as_typed
from runs.tables import CALIBRATION, read_json
from storage.artifacts import Ref
from storage.store import Store

_GOOD_FIT, _UNDERFIT = "good fit", "underfit"


def verdict_of(
    store: Store, recipe: Recipe, outputs: Mapping[str, Ref], comparison: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return how a model fits, and what of its recipe to try where it does not, or leans on something.

    A model that fits, and is no better than always answering the largest class, has learned too little all the same.
    Empty if nobody judged it.

    Args:
        store: where bytes rest.
        recipe: the run's.
        outputs: step -> what it published.
        comparison: what ``run.json`` says of it.
    """
    if "evaluate" not in outputs:
        return {}
    found: dict[str, Any] = read_json(store, outputs["evaluate"], "verdict.json")
    poor = found["verdict"] == _GOOD_FIT and comparison is not None and comparison.get("worth") is False
    tries = to_try(_UNDERFIT if poor else found["verdict"], recipe.train, recipe.augment)
    return found | {"to_try": [one.as_json() for one in tries] + _cures(store, recipe, outputs["evaluate"])}


def _cures(store: Store, recipe: Recipe, evaluation: Ref) -> list[dict[str, Any]]:
    """Return what answers to what a model leans on, and the command that does all of it."""
    changes = read_json(store, evaluation, "shortcuts.json")["changes"]
    augment, most = recipe.augment, recipe.gate.max_shortcut_loss
    tries = [Try(one.why, one.sets).as_json() for one in cures(changes, augment, augment, recipe.image, most)]
    if any(one["sets"] for one in tries):
        again = shlex.join([*as_typed(recipe), "--cure"])
        tries.append({"why": "against what it leans on, before and after side by side", "sets": [], "command": again})
    return tries


def calibration_of(store: Store, outputs: Mapping[str, Ref]) -> dict[str, Any] | None:
    """Return what a model's probabilities are worth, and that in words; None if nobody judged it."""
    if "evaluate" not in outputs:
        return None
    found: dict[str, Any] = read_json(store, outputs["evaluate"], CALIBRATION)
    return found | {"words": in_words(found)}

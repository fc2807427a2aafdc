"""How much each value that was swept over decides validation accuracy."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

LEAST_TRIALS = 4
_TREES = 64
_SHUFFLES = 10
_SEED = 20_251

METHOD = (
    f"A random forest of {_TREES} trees learns validation accuracy from the values of the trials that ended; a value "
    "counts by how much of what the forest knows is lost when that value is shuffled among the trials (permutation "
    "importance, Breiman 2001, by scikit-learn). Shares of 1, seeded. It says which values mattered within what was "
    "tried, not beyond; of few trials, small shares are chance."
)


def importance(trials: Sequence[Mapping[str, Any]], over: Mapping[str, Any]) -> dict[str, float] | None:
    """Return the share of each value, 0-1, largest first and 1 together; None where nothing can be said.

    A forest, as in functional ANOVA (Hutter, Hoos & Leyton-Brown 2014, ICML 32, 754-762; Optuna's default), but judged
    by scikit-learn's permutation importance (Breiman 2001, Machine Learning 45, 5-32) rather than by code of our own.
    Equal trials in equal order give equal shares.

    Args:
        trials: those that ended, with ``values`` and ``val_accuracy``; pruned ones did not, and are not to be given.
        over: dotted path -> ``choices``, or ``low``, ``high`` and ``log``.

    Returns:
        None of fewer than 4 trials, of fewer than 2 values that differ, and where all accuracies are equal.
    """
    varying = [path for path in over if len({_code(trial["values"].get(path)) for trial in trials}) > 1]
    accuracies = [float(trial["val_accuracy"]) for trial in trials]
    if len(trials) < LEAST_TRIALS or len(varying) < 2 or max(accuracies) == min(accuracies):
        return None
    lost = _lost(*_table(trials, over, varying), accuracies)
    whole = sum(lost.values())
    if whole <= 0:
        return None
    shares = {path: round(lost.get(path, 0.0) / whole, 4) for path in over}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _table(
    trials: Sequence[Mapping[str, Any]], over: Mapping[str, Any], paths: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Return a row a trial and a column a value, and which columns hold codes of choices, where others hold numbers."""
    import pandas as pd

    columns: dict[str, list[Any]] = {}
    coded = []
    for path in paths:
        column = [trial["values"].get(path) for trial in trials]
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in column):
            columns[path] = [math.log(value) if over[path].get("log") else float(value) for value in column]
        else:
            columns[path] = [_code(value) for value in column]
            coded.append(path)
    return pd.DataFrame(columns), coded


def _lost(table: pd.DataFrame, choices: list[str], accuracies: Sequence[float]) -> dict[str, float]:
    """Return column -> how much of the forest's R² is lost when the column is shuffled, 0 at least."""
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    coded = make_column_transformer((OneHotEncoder(sparse_output=False), choices), remainder="passthrough")
    forest = make_pipeline(coded, RandomForestRegressor(_TREES, random_state=_SEED))
    forest.fit(table, accuracies)
    found = permutation_importance(forest, table, accuracies, n_repeats=_SHUFFLES, random_state=_SEED)
    return {name: max(0.0, float(lost)) for name, lost in zip(table, found.importances_mean, strict=True)}


def _code(value: Any) -> str:
    return json.dumps(value, sort_keys=True)

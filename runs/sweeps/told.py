"""What a sweep says of itself: ``sweep.json``, while it goes on and once it has ended."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evergreen.reports.sweeps.page import page
from evergreen.sweeping.found import FOUND, found, ranking
from evergreen.sweeping.space import Space
from evergreen.sweeping.states import PRUNED
from evergreen.sweeping.values import overrides_of
from runs.sweeps.threads import shared_out

if TYPE_CHECKING:
    import numpy as np

    from runs.sweeps.sweeping import Sweeping

_TWO = 2
_FILE = "sweep.json"


@dataclass(frozen=True)
class About:
    """What is known of a sweep before its first trial.

    Attributes:
        id: of the run.
        name: what it is called: its file's name, or the recipe's.
        where: where trials run, in words.
        validation: how many images every trial is judged by.
        notes: what whoever reads of it should know.
        threads: on how many each training computes.
        began: when, UTC.
    """

    id: str
    name: str
    where: str
    validation: int
    notes: Sequence[str]
    threads: int
    began: datetime


def told(
    about: About,
    sweeping: Sweeping,
    outcome: str = "running",
    right: Mapping[int, np.ndarray | None] | None = None,
    earlier: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what ``sweep.json`` says.

    Args:
        about: what was known before.
        sweeping: with its trials as they are now.
        outcome: running, completed, stopped or out of budget.
        right: as ``sweeping.found.found`` takes it; None while it goes on, when nothing is tested.
        earlier: what it found of the very same trials before, in place of ``right``.
    """
    space, trials = sweeping.space, [trial.as_json() for trial in sweeping.trials]
    sweep = space.sweep
    over = {path: one.as_json() for path, one in space.dimensions.items()}
    values = earlier or (_best(trials) if right is None else found(trials, over, about.validation, right))
    best = next((trial for trial in trials if trial["number"] == values["best"]), None)
    return {
        "id": about.id,
        "name": about.name,
        "recipe": space.base.name,
        "title": sweep.title or space.base.title,
        "method": sweep.method,
        "prune": sweep.prune,
        "parallel": sweep.parallel,
        "threads": about.threads,
        "seeds": list(sweeping.seeds),
        "search_seed": sweep.seed,
        "where": about.where,
        "over": over,
        "began": about.began.isoformat(timespec="seconds"),
        "seconds": round(sweeping.seconds, 3),
        "outcome": outcome,
        "planned": space.trials,
        "trials": trials,
        "validation": about.validation,
        **values,
        "notes": list(about.notes),
        "next": line_for(space, best["values"]) if best else "",
    }


def again(space: Space, last: Mapping[str, Any], run: str) -> dict[str, Any]:
    """Return what ``sweep.json`` says of a run that finds all answered: what an earlier one found, as it is asked now.

    Args:
        space: of the sweep.
        last: values of the earlier one.
        run: its id.
    """
    best = next((trial for trial in last["trials"] if trial["number"] == last["best"]), None)
    return {
        **last,
        "id": run,
        "name": space.sweep.name,
        "title": space.sweep.title or space.base.title,
        "began": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": 0.0,
        "next": line_for(space, best["values"]) if best else "",
    }


def asked_of(trials: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the trials whose answers the lead is tested on: the best, and the one after it."""
    return ranking(trials)[:_TWO]


def pairs_of(space: Space, values: Mapping[str, Any]) -> list[str]:
    """Return a trial's combination as ``--set`` takes it, so that a retraining finds the trial's model.

    Args:
        space: of the sweep.
        values: of the trial.
    """
    also, _ = shared_out(space)
    return [*space.sweep.set, *overrides_of(values), *also]


def words_for(space: Space, values: Mapping[str, Any]) -> list[str]:
    """Return what stands behind ``evergreen`` in the line that retrains a trial's combination.

    Args:
        space: of the sweep.
        values: of the trial.
    """
    sweep = space.sweep
    sources = [word for source in sweep.sources for word in ("--source", source)]
    pairs = [word for pair in pairs_of(space, values) for word in ("--set", pair)]
    return ["retrain", sweep.recipe, *pairs, *sources]


def line_for(space: Space, values: Mapping[str, Any]) -> str:
    """Return the line that retrains a trial's combination; for the arguments see ``words_for``."""
    return shlex.join(["evergreen", *words_for(space, values)])


def _best(trials: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what can be said while trials run: who leads, and nothing that a later one would move."""
    ranked = ranking(trials)
    pruned = sum(trial["state"] == PRUNED for trial in trials)
    best = ranked[0]["number"] if ranked else None
    return dict.fromkeys(FOUND) | {"best": best, "optimism": "", "importance_method": "", "pruned": pruned}


def written(folder: Path, values: Mapping[str, Any]) -> None:
    """Write ``sweep.json`` and ``sweep.html``.

    Args:
        folder: of the run.
        values: what ``told`` returned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _FILE).write_text(json.dumps(values, ensure_ascii=False, indent=2), encoding="utf-8")
    (folder / "sweep.html").write_bytes(page(values))


def read_written(folder: Path) -> dict[str, Any] | None:
    """Return what ``written`` wrote into a run's folder; None if there is nothing."""
    try:
        values: dict[str, Any] = json.loads((folder / _FILE).read_bytes())
    except FileNotFoundError:
        return None
    return values

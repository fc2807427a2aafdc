"""What sweeps leave as ``sweep.json``, made up: a grid, a search by tpe, a single trial, and one where all failed."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import cache, wraps
from itertools import product
from typing import Any

import numpy as np

from evergreen.sweeping.found import found

VALIDATION = 383
BACKBONE, MAGNITUDE = "train.backbone", "augment.magnitude"
RATE, DROPOUT, UNITS = "train.phases.0.learning_rate", "train.head.dropout", "train.head.units"
_BACKBONES = {"MobileNetV2": 0.74, "EfficientNetB0": 0.79}
_MAGNITUDES = (0.05, 0.15, 0.25, 0.35, 0.5)


Sweep = Callable[[], dict[str, Any]]


def _made_once(make: Sweep) -> Sweep:
    """Let each call have a copy of its own of what is made once."""
    made = cache(make)

    @wraps(make)
    def copied() -> dict[str, Any]:
        return deepcopy(made())

    return copied


def trial(
    number: int, values: Mapping[str, Any], accuracy: float, *, state: str = "trained", why: str = "", epochs: int = 12
) -> dict[str, Any]:
    """Return a trial that came to an accuracy, with its epochs; a pruned one has as many as it got, a failed one none.

    Args:
        number: of the trial; its seed.
        values: dotted path -> value.
        accuracy: on validation, of the kept epoch.
        state: trained, reused, pruned, failed, running or waiting.
        why: of a pruned or failed one.
        epochs: how many were trained.
    """
    random = np.random.default_rng(number)
    history = [] if state in ("failed", "waiting") else _history(random, accuracy, epochs)
    kept = max(history, key=lambda row: row["val_accuracy"], default={})
    numbers = {name: kept.get(name) for name in ("val_accuracy", "val_loss", "accuracy", "loss")}
    seed = {"seed": 42, "state": state, "val_accuracy": numbers["val_accuracy"], "key": f"{number:064x}"}
    return {
        "number": number, "values": dict(values), "state": state, "why": why, **numbers,
        "epoch": kept.get("epoch"), "epochs": len(history), "seconds": round(2.6 * len(history), 1),
        "began_at": round(31.5 * number, 1),
        "seeds": [seed | {"model": f"{number + 1:064x}" if state in ("trained", "reused") else None}],
        "history": history,
    }  # fmt: skip


def _history(random: np.random.Generator, accuracy: float, epochs: int) -> list[dict[str, Any]]:
    """Return epochs of one phase that rise to an accuracy, and reach it in the last but two."""
    rows = []
    for epoch in range(1, epochs + 1):
        toward = 1 - np.exp(-3.0 * epoch / epochs)
        peak = epoch == max(1, epochs - 2)
        noise = 0 if peak else -abs(random.normal(0, 0.008)) - 0.004
        validation = accuracy if peak else min(accuracy - 0.003, accuracy * (0.45 + 0.56 * toward)) + noise
        training = min(0.995, validation * 0.97 + 0.1 * epoch / epochs)
        rows.append(
            {
                "phase": 1,
                "epoch": epoch,
                "loss": round(float(1.7 * (1.02 - training)), 4),
                "accuracy": round(float(training), 4),
                "val_loss": round(float(1.9 * (1.03 - validation)), 4),
                "val_accuracy": round(float(validation), 4),
            }
        )
    return rows


def sweep(
    trials: Sequence[dict[str, Any]],
    over: Mapping[str, Any],
    right: Mapping[int, np.ndarray] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return the values of ``sweep.json``, with what was found in the trials.

    Args:
        trials: of ``trial``.
        over: dotted path -> choices or range.
        right: of each trial, which validation images it is right about; made up from its accuracy if not given.
        more: other values than the usual ones.
    """
    right = answers(trials) if right is None else right
    return {
        "id": "20261130-010000-abcdef", "name": "tsel-backbones", "recipe": "tsel", "title": "Screws of three kinds",
        "method": "grid", "prune": "none", "parallel": 1, "threads": 2, "seeds": [42], "search_seed": 0,
        "where": "this machine, 1 worker", "over": dict(over), "began": "2026-11-30T01:00+00:00", "seconds": 345.6,
        "outcome": "completed", "planned": len(trials), "trials": list(trials), "validation": VALIDATION,
        **found(trials, over, VALIDATION, right), "notes": [], "next": "evergreen retrain tsel", **more,
    }  # fmt: skip


def answers(trials: Sequence[Mapping[str, Any]], images: int = VALIDATION) -> dict[int, np.ndarray]:
    """Return of each trial with an accuracy, (N,) bool: hard images are hard for all, and some fall either way."""
    hard = np.random.default_rng(7).random(images)
    found = {}
    for one in trials:
        if one["val_accuracy"] is not None:
            own = hard + np.random.default_rng(100 + one["number"]).normal(0, 0.08, images)
            right = np.zeros(images, bool)
            right[np.argsort(own, kind="stable")[: round(one["val_accuracy"] * images)]] = True
            found[one["number"]] = right
    return found


@_made_once
def grid() -> dict[str, Any]:
    """Return two backbones by five magnitudes: eight ended, three of them reused; one was pruned, one failed."""
    trials = []
    for number, (backbone, magnitude) in enumerate(product(_BACKBONES, _MAGNITUDES)):
        accuracy = round((_BACKBONES[backbone] - 0.9 * (magnitude - 0.22) ** 2) * VALIDATION) / VALIDATION
        values = {BACKBONE: backbone, MAGNITUDE: magnitude}
        if number == 4:
            one = trial(number, values, accuracy - 0.2, state="pruned", why="below half of the others", epochs=3)
        elif number == 9:
            why = "TrainingDiverged: the loss became nan (validation nan) in epoch 2"
            one = trial(number, values, 0, state="failed", why=why)
        else:
            one = trial(number, values, accuracy, state="reused" if number in (0, 1, 5) else "trained")
        trials.append(one)
    over = {BACKBONE: {"choices": list(_BACKBONES)}, MAGNITUDE: {"choices": list(_MAGNITUDES)}}
    best = found(trials, over, VALIDATION, {})["best"]
    sets = " ".join(f"--set {path}={value}" for path, value in trials[best]["values"].items())
    return sweep(
        trials, over, prune="successive-halving", next=f"evergreen retrain tsel {sets}",
        notes=["train.threads was auto: the sweep set 2, as one worker ran on 2 cores"],
    )  # fmt: skip


@_made_once
def tpe() -> dict[str, Any]:
    """Return 24 trials over rate, dropout and dense units: the rate decides most, five were pruned."""
    random = np.random.default_rng(3)
    trials = []
    for number in range(24):
        rate = float(10 ** random.uniform(-4, -2))
        dropout, units = round(float(random.uniform(0, 0.6)), 6), int(random.choice([0, 64, 128, 256]))
        accuracy = 0.83 - 0.09 * (np.log10(rate) + 2.9) ** 2 - 0.12 * (dropout - 0.3) ** 2 + 0.00004 * units
        accuracy = round((accuracy + random.normal(0, 0.006)) * VALIDATION) / VALIDATION
        values = {RATE: rate, DROPOUT: dropout, UNITS: units}
        if number > 6 and accuracy < 0.8:
            why = "its validation accuracy was not among the better half"
            one = trial(number, values, accuracy - 0.1, state="pruned", why=why, epochs=3 + number % 3)
        else:
            one = trial(number, values, accuracy)
        trials.append(one)
    over = {
        RATE: {"low": 1e-4, "high": 1e-2, "log": True, "step": None},
        DROPOUT: {"low": 0.0, "high": 0.6, "log": False, "step": None},
        UNITS: {"choices": [0, 64, 128, 256]},
    }
    return sweep(trials, over, name="tsel", method="tpe", prune="successive-halving", seconds=612.0)


def single() -> dict[str, Any]:
    """Return a sweep of one trial."""
    return sweep([trial(0, {MAGNITUDE: 0.15}, 300 / VALIDATION)], {MAGNITUDE: {"choices": [0.15]}})


def all_failed() -> dict[str, Any]:
    """Return a sweep of three trials of which none ended."""
    why = "TrainingDiverged: the loss became nan (validation nan) in epoch 1"
    trials = [trial(n, {RATE: rate}, 0, state="failed", why=why) for n, rate in enumerate((0.1, 0.3, 1.0))]
    return sweep(trials, {RATE: {"choices": [0.1, 0.3, 1.0]}}, next="")


HOSTILE = ("</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a|b\n`c`\x1b[2J", "{{ 7 * 7 }} ]]>")


@_made_once
def hostile() -> dict[str, Any]:
    """Return a sweep whose values, names and reasons are a stranger's text that means something elsewhere."""
    trials = [trial(n, {BACKBONE: name, RATE: 10.0 ** -(n + 1)}, 0.6 + 0.05 * n) for n, name in enumerate(HOSTILE)]
    trials.append(trial(4, {BACKBONE: HOSTILE[0], RATE: 1e-3}, 0, state="failed", why=HOSTILE[1]))
    trials.append(trial(5, {BACKBONE: HOSTILE[2], RATE: 1e-3}, 0.4, state="pruned", why=HOSTILE[0], epochs=2))
    over = {BACKBONE: {"choices": list(HOSTILE)}, RATE: {"low": 1e-4, "high": 0.1, "log": True, "step": None}}
    return sweep(trials, over, title=HOSTILE[0], name=HOSTILE[1], notes=[HOSTILE[2]], next=f"evergreen {HOSTILE[3]}")

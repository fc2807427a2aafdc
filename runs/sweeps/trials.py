"""What is known of the trials of a sweep, while it goes on and once it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evergreen.sweeping.states import FAILED, PRUNED, REUSED, TRAINED, WAITING
from runs.sweeps.work import SHOWN, Outcome, epochs_told
from runs.tables import read_rows
from storage.steps.records import Record
from storage.store import Store


@dataclass(frozen=True)
class Fitted:
    """One training of a trial.

    Attributes:
        seed: the recipe's.
        state: trained, reused, pruned or failed.
        model: SHA-256 of the model's artifact; None if there is none.
        key: the step key that it stands under, or would; None if it is not known.
        seconds: that it took now; 0 of one that is reused.
        why: in words, of one that was pruned or failed.
        metrics: loss, accuracy, val_loss and val_accuracy of the epoch that was kept; empty if there is no model.
        epoch: that was kept, from 1, over all phases; None if there is no model.
        history: what was known after each epoch.
        again: of one that failed, whether the next sweep tries it again.
    """

    seed: int
    state: str
    model: str | None = None
    key: str | None = None
    seconds: float = 0.0
    why: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    epoch: int | None = None
    history: tuple[Mapping[str, Any], ...] = ()
    again: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return what ``sweep.json`` says of it."""
        accuracy = self.metrics.get("val_accuracy")
        return {"seed": self.seed, "state": self.state, "val_accuracy": accuracy, "model": self.model, "key": self.key}


def fitted_of(store: Store, seed: int, record: Record, known: bool) -> Fitted:
    """Return what a model's own history says of its training.

    Args:
        store: where the model is.
        seed: of its recipe.
        record: of the step ``train``.
        known: whether it was there before the trial asked for it.
    """
    rows = list(read_rows(store, record.output, "history.csv"))
    history = tuple(
        {"phase": int(row["phase"]), "epoch": int(row["epoch"])} | {name: round(float(row[name]), 6) for name in SHOWN}
        for row in rows
    )
    kept = next(index for index, row in enumerate(rows) if row["kept"] == "True")
    return Fitted(
        seed,
        REUSED if known else TRAINED,
        record.output.sha256,
        record.key,
        0.0 if known else record.seconds,
        metrics={name: history[kept][name] for name in SHOWN},
        epoch=kept + 1,
        history=history,
    )


def unfinished(seed: int, outcome: Outcome, told: Path, key: str | None = None) -> Fitted:
    """Return what is known of a training that was pruned or failed.

    Args:
        seed: of its recipe.
        outcome: how it ended.
        told: where its epochs stand.
        key: that its model would have stood under; None if it is not known.
    """
    history = tuple(epochs_told(told))
    return Fitted(seed, outcome.how, None, key, outcome.seconds, outcome.why, history=history, again=outcome.again)


@dataclass
class Trial:
    """One combination of values: what is known of it so far.

    Attributes:
        number: from 0.
        values: dotted path -> value.
        state: waiting, running, trained, reused, pruned or failed.
        told: where the epochs of its first training stand.
        epochs: of a whole training.
        began_at: seconds since the sweep began.
        fitted: its trainings that have ended, a seed each.
        why: in words, if it was pruned or failed.
    """

    number: int
    values: Mapping[str, Any]
    state: str
    told: Path
    epochs: int
    began_at: float = 0.0
    fitted: list[Fitted] = field(default_factory=list)
    why: str = ""

    def mean(self, name: str) -> float | None:
        """Return a metric of the kept epochs, averaged over the seeds; None until all have ended well."""
        values = [one.metrics.get(name) for one in self.fitted]
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known and len(known) == len(values) else None

    def settle(self) -> None:
        """Take the state of the trial from those of its trainings, once the last of them has ended."""
        bad = next((one for one in self.fitted if one.state in (PRUNED, FAILED)), None)
        if bad:
            self.state, self.why = bad.state, bad.why
        else:
            self.state = REUSED if all(one.state == REUSED for one in self.fitted) else TRAINED

    def as_json(self) -> dict[str, Any]:
        """Return what ``sweep.json`` says of it."""
        first = self.fitted[0] if self.fitted else None
        # One that an earlier sweep pruned, or that failed in it, has its epochs where its process wrote them down.
        history = list(first.history) if first else epochs_told(self.told) if self.state != WAITING else []
        metrics: Mapping[str, float | None] = {}
        if self.state in (TRAINED, REUSED):
            metrics = {name: self.mean(name) for name in SHOWN}
        elif self.state == PRUNED and history:  # it might have won: luck with its images counts (found.optimism)
            metrics = max(history, key=lambda row: row["val_accuracy"])
        return {
            "number": self.number,
            "values": dict(self.values),
            "state": self.state,
            "why": self.why,
            "again": any(one.again for one in self.fitted),
            **{name: metrics.get(name) for name in reversed(SHOWN)},
            "epoch": first.epoch if first else None,
            "epochs": len(history),
            "seconds": round(sum(one.seconds for one in self.fitted), 3),
            "began_at": round(self.began_at, 3),
            "seeds": [one.as_json() for one in self.fitted],
            "history": history,
        }

"""Runs as a list tells of them: when, of which recipe, how it ended, how good its model is, who is champion."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal

from evergreen.errors import BadInput
from evergreen.judging.judged import judged_split
from evergreen.sections.refusing.told import TRY
from evergreen.sweeping.states import RUNNING, WAITING
from runs.run import Flow
from storage.champions import Champions
from storage.errors import StoreError
from storage.runs import summaries
from storage.store import Store

Mark = Literal["champion", "earlier", ""]

_ID_TIME = "%Y%m%d-%H%M%S"


@dataclass(frozen=True)
class Row:
    """One run.

    Attributes:
        id: of the run.
        began: UTC, ISO 8601; empty for an id that says no time.
        recipe: the recipe's name.
        outcome: as ``run.json`` says it.
        split: which images the accuracy is of: test, validation, or folds; empty without one.
        accuracy: 0-1; None if the run did not come so far.
        interval: (low, high) of 95 %, 0-1; None without one.
        images: how many the accuracy is of; 0 without one.
        error: why it failed, its first line; empty if it did not.
        release: SHA-256 of what it bundled; None if it did not come so far.
        mark: whether that release is the recipe's champion, or was once.
        trials: of a sweep, how many trials have ended, in words; empty of any other run.
        command: what a stopped run goes on by.
    """

    id: str
    began: str
    recipe: str
    outcome: str
    split: str = ""
    accuracy: float | None = None
    interval: tuple[float, float] | None = None
    images: int = 0
    error: str = ""
    release: str | None = None
    mark: Mark = ""
    trials: str = ""
    command: Flow = "retrain"

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self) | {"interval": list(self.interval) if self.interval else None}


@dataclass(frozen=True)
class Listed:
    """Some runs, the newest first, and how many more there are."""

    rows: list[Row]
    more: int


def listed(store: Store, recipe: str | None, most: int) -> Listed:
    """Return the newest runs.

    Args:
        store: whose.
        recipe: only this recipe's; None takes all.
        most: how many, 1 or more.

    Raises:
        BadInput: no run is of that recipe.
    """
    found = summaries(store, recipe)
    some = list(islice(found, most))
    if recipe and not some:
        known = sorted({summary["recipe"] for summary in summaries(store)})
        raise BadInput(f"expected a recipe that has runs in {store.root}: {', '.join(known) or 'none has any'}; "
                       f"received {recipe!r}\n{TRY}evergreen runs")  # fmt: skip
    holders = _Holders(store)
    return Listed([row_of(summary, holders) for summary in some], sum(1 for _ in found))


def marked(store: Store, summary: Mapping[str, Any]) -> Row:
    """Return one run's row, with whether it is champion."""
    return row_of(summary, _Holders(store))


def row_of(summary: Mapping[str, Any], holders: "_Holders | None" = None) -> Row:
    """Return one run's row.

    Args:
        summary: what ``run.json`` says of it.
        holders: who is champion; None marks nobody.
    """
    release = next((step["output"] for step in summary["steps"] if step["name"] == "bundle"), None)
    split, values = _judged(summary)
    known = "accuracy_low" in values
    return Row(
        id=summary["id"],
        began=began(summary["id"]),
        recipe=summary["recipe"],
        outcome=summary["outcome"],
        split=split,
        accuracy=values.get("accuracy"),
        interval=(values["accuracy_low"], values["accuracy_high"]) if known else None,
        images=values.get("count", 0),
        error=str(summary.get("error", "")).split("\n")[0],
        release=release,
        mark=holders.mark(summary["recipe"], release) if holders and release else "",
        trials=_trials(summary.get("sweep")),
        command=summary["flow"] if "flow" in summary else _flow_of(summary),
    )


def _flow_of(summary: Mapping[str, Any]) -> Flow:
    """Return what a run was of that does not say it: one before 0.3."""
    ran = {step["name"] for step in summary["steps"]}
    return "sweep" if "sweep" in summary else "folds" if "deal" in ran and "train" not in ran else "retrain"


def began(run_id: str) -> str:
    """Return when a run began, UTC, ISO 8601, as its id says; empty if it says no time."""
    try:
        return datetime.strptime(run_id[:15], _ID_TIME).replace(tzinfo=UTC).isoformat()
    except ValueError:
        return ""


def ago(then: str, now: datetime | None = None) -> str:
    """Return how long ago something was, in words; a date if that is over a fortnight; empty for an empty time."""
    if not then:
        return ""
    time = datetime.fromisoformat(then)
    seconds = ((now or datetime.now(UTC)) - time).total_seconds()
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86_400)
    if days >= 14:
        return time.date().isoformat()
    if days:
        return f"{days} day{'s' if days > 1 else ''} ago"
    return f"{hours} h ago" if hours else f"{minutes} min ago" if minutes > 0 else "just now"


def _judged(summary: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return which images judge a run's model, and what they say; nothing if it did not come so far."""
    metrics, folds = summary.get("metrics") or {}, summary.get("folds")
    if metrics and (split := judged_split(metrics)) in metrics:
        return split, metrics[split]
    if (sweep := summary.get("sweep")) and sweep["val_accuracy"] is not None:
        return "validation", {"accuracy": sweep["val_accuracy"], "count": sweep["validation"]}
    return ("folds", folds) if folds else ("", {})


def _trials(sweep: Mapping[str, Any] | None) -> str:
    """Return how many trials of a sweep have ended: ``6 trials``, or ``2 of 6 trials``."""
    if sweep is None:
        return ""
    ended = sum(count for state, count in sweep["trials"].items() if state not in (RUNNING, WAITING))
    planned = sweep["planned"]
    return f"{'' if ended == planned else f'{ended} of '}{planned} trial{'' if planned == 1 else 's'}"


class _Holders:
    """Who is champion of each recipe, and who was; each asked once."""

    def __init__(self, store: Store) -> None:
        self._champions = Champions(store.root)
        self._known: dict[str, tuple[str | None, set[str]]] = {}

    def mark(self, recipe: str, release: str) -> Mark:
        """Return whether a release is a recipe's champion, or was."""
        if recipe not in self._known:
            self._known[recipe] = self._asked(recipe)
        current, earlier = self._known[recipe]
        return "champion" if release == current else "earlier" if release in earlier else ""

    def _asked(self, recipe: str) -> tuple[str | None, set[str]]:
        try:
            state = self._champions.state(recipe)
        except StoreError:  # no recipe of ours can be called so, or its history is damaged: champions says which
            return None, set()
        return state.current, {holder.release for holder in state.earlier}


def newest(store: Store) -> Iterator[dict[str, Any]]:
    """Yield ``run.json`` of runs that retrained, or tried to, the newest first; inspections are none."""
    return (summary for summary in summaries(store) if summary["outcome"] not in ("inspected", "dry run"))

"""One run: which recipe, which store, and a journal of what each step did. Knows no Prefect."""

import threading
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Literal, Protocol

from evergreen.recipe import Recipe
from storage.artifacts import Ref
from storage.steps.records import Record, Records
from storage.store import Store

if TYPE_CHECKING:
    from evergreen.vision.training.fit import EpochReport

State = Literal["ran", "reused", "failed", "stopped", "would run", "unknown"]


Flow = Literal["retrain", "inspect", "folds", "sweep", "doctor"]


@dataclass(frozen=True)
class Entry:
    """What one step did in one run.

    Attributes:
        name: the step.
        state: ran, reused, failed or stopped; in a plan also would run or unknown.
        reason: why, in words.
        seconds: wall time of the step's body; 0 if it did not run.
        output: what it published, if anything.
        key: the step key, if it was known.
        inputs: upstream step -> digest of what it gave.
    """

    name: str
    state: State
    reason: str
    seconds: float = 0.0
    output: Ref | None = None
    key: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values; ``output`` is the artifact's digest."""
        output = self.output.sha256 if self.output else None
        return self.__dict__ | {"output": output, "inputs": dict(self.inputs), "seconds": round(self.seconds, 3)}


class Listener(Protocol):
    """Who wants to hear of a run while it goes on: a terminal, say."""

    def started(self, run: "Run") -> None:
        """A run starts."""

    def began(self, step: str, reason: str) -> None:
        """A step's body starts."""

    def ended(self, entry: Entry) -> None:
        """A step ran, was reused, failed, or was stopped."""

    def download(self, name: str, done: int, total: int | None) -> None:
        """So many bytes of a file are here, of so many if that is known."""

    def note(self, text: str) -> None:
        """A step has something to say."""

    def epoch(self, report: "EpochReport") -> None:
        """Training finished an epoch."""

    def sweep(self, found: Mapping[str, Any]) -> None:
        """The trials of a sweep stand so: values of ``sweep.json``."""


# Set by a command that shows progress; a worker has none.
listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def say(text: str) -> None:
    """Tell whoever listens what a step has to say."""
    if hearing := listener.get():
        hearing.note(text)


class Journal:
    """What the steps of one run did, in the order in which they ended.

    Attributes:
        entries: step -> what it did.
        decision: whether the run went on to training, why, and what changed; None if it did not come so far.
        drift: how new images stand beside those that the earlier model was judged by, as docs/run-json.md has it; None
            where nobody compared them.
        class_changes: how the run's classes differ from the champion's; None if they do not, or it did not come so far.
        refused: of an inspection, why the split refuses the images; None if it divided them.
        training: of a training that was stopped, how far it came; None if none was.
        flow: what the run is of: retrain, inspect, folds, sweep or doctor.
        sweep: of a sweep, what ``sweep.json`` says; None of any other run, or before the first trial.
        cure: of a run that is to cure what an earlier model leans on, what ``runs.curing.choosing`` chose; else None.
        no_room: what found no room in the caches, a sentence each.
        remarks: what the recipe's author should know, beside the recipe's own remarks: it depends on the store.
        leases: what became of steps of which one machine of a remote does each at a time, as ``run.json`` says it; of
            those at which no other machine was there is nothing.
        checkpoint_bytes: how much of checkpoints was put there while trainings went on.

    Not a dataclass: Prefect looks for results inside those, and would draw an edge from every earlier step.
    """

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.decision: dict[str, Any] | None = None
        self.drift: dict[str, Any] | None = None
        self.class_changes: dict[str, Any] | None = None
        self.refused: str | None = None
        self.training: dict[str, Any] | None = None
        self.flow: Flow = "retrain"
        self.sweep: dict[str, Any] | None = None
        self.cure: dict[str, Any] | None = None
        self.no_room: list[str] = []
        self.remarks: list[str] = []
        self.leases: list[dict[str, Any]] = []
        self.checkpoint_bytes = 0
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        """Note a step and tell the listener."""
        with self._lock:
            self.entries[entry.name] = entry
        if hearing := listener.get():
            hearing.ended(entry)


@dataclass(frozen=True)
class Run:
    """What every task is given.

    Attributes:
        store: where bytes rest.
        recipe: what to retrain; a task's own copy holds only the sections that its step reads.
        id: of the run.
        name: the recipe's, for what a task shows of itself; never for what it publishes.
        journal: what the steps did.
        made_by: records of another store, of models that teach in a step which is done for that one.
    """

    store: Store
    recipe: Recipe
    id: str
    name: str = ""
    journal: Journal = field(default_factory=Journal, compare=False, repr=False)
    made_by: tuple[Record, ...] = field(default=(), compare=False, repr=False)

    @cached_property
    def records(self) -> Records:
        """The step records of the run's store."""
        return Records(self.store)

    @classmethod
    def new(cls, store: Store, recipe: Recipe) -> "Run":
        """Return a run with a fresh id."""
        return cls(store, recipe, new_id(), recipe.name)


def new_id() -> str:
    """Return a fresh id of a run: UTC time to the second, then six random hex digits."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{token_hex(3)}"

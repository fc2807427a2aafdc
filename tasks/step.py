"""From a plain function to a Prefect task whose cache is the step records.

Prefect decides; the records are the only memory. The cache key is the step key, the result file is the record, and a
record that cannot be relied on is removed before Prefect looks: never a pickle, never a stale hit.
"""

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from prefect import Task
from prefect.cache_policies import CachePolicy
from prefect.context import TaskRunContext
from prefect.serializers import Serializer
from prefect.transactions import IsolationLevel

from evergreen.errors import EvergreenError
from evergreen.fold_steps import called, numbered, step_named, trains
from evergreen.images.processors import of_this_step
from evergreen.step import Step
from runs.kept.checkpoints import unchanged
from runs.keys import code_of, given, key_parts, only, why_it_runs
from runs.run import Entry, Run, State, listener
from runs.shared.leasing import Turn, turn_at
from runs.stopped import go_on_unless_told, stopped_by
from storage.artifacts import Ref
from storage.errors import StoreError
from storage.steps.keys import KeyParts
from storage.steps.records import SERIALIZER, Record
from tasks.causes import name_of
from tasks.leasing import MADE_ELSEWHERE, said, taking_turns
from tasks.locks import FlockLockManager
from tasks.owed import settle
from tasks.telling import told_of

StepFunction = Callable[..., Ref]


@dataclass
class Execution:
    """One call of one step: its key, what an earlier execution gave for it, and whether its body ran."""

    run: Run
    step: Step
    parts: KeyParts
    given: dict[str, str]
    earlier: Ref | None
    reason: str
    locks: FlockLockManager
    seconds: float | None = None
    remark: str = ""
    measured: dict[str, Any] = field(default_factory=dict)
    turn: Turn | None = None  # among the machines of a remote
    theirs: Record | None = None  # of what one of those made meanwhile

    @property
    def title(self) -> str:
        """What people read of it: its step, and of a fold how many there are."""
        return f"{self.step.name} of {self.run.recipe.evaluate.folds}" if self.step.number else self.step.name

    def keep_key(self) -> None:
        """Keep what the key stands for, the code too."""
        self.run.store.put_blob(self.parts.canonical())
        for text in code_of(self.step).values():
            self.run.store.put_blob(text.encode())

    def record(self, output: Ref) -> Record:
        """Return the record of this execution."""
        return Record(
            step=self.step.name,
            key=self.parts.key,
            output=output,
            inputs=self.given,
            recipe=self.run.recipe.name,
            run=self.run.id,
            seconds=round(self.seconds or 0, 3),
            finished=datetime.now(UTC).isoformat(timespec="milliseconds"),
            settings=self.run.recipe.sections(self.step.recipe),
            measured=self.measured,
        )


_execution: ContextVar[Execution] = ContextVar("execution")

# Who does the body of a step that fits a network, where that is not this process; None: this process shall.
Elsewhere = Callable[[Execution, Mapping[str, Ref]], Ref | None]
elsewhere: ContextVar[Elsewhere | None] = ContextVar("elsewhere", default=None)


class StepKey(CachePolicy):
    """The key of the step that is being called, computed before Prefect starts the task: it cannot raise here."""

    def compute_key(
        self, task_ctx: TaskRunContext, inputs: dict[str, Any], flow_parameters: dict[str, Any], **kwargs: Any
    ) -> str | None:
        """Return the step key, 64 hex digits."""
        return _execution.get().parts.key


class RecordSerializer(Serializer):
    """Writes a step's result as its record, in JSON, and reads back the reference alone."""

    type: Literal["evergreen-record"] = SERIALIZER  # type: ignore[assignment]

    def dumps(self, obj: Any) -> bytes:
        """Return the record of the execution that returned ``obj``."""
        execution = _execution.get()
        return (execution.theirs or execution.record(obj)).dumps()

    def loads(self, blob: bytes) -> Any:
        """Return the reference in a record.

        Raises:
            ValueError, KeyError, TypeError, BadReference: it is no record; Prefect takes that as a miss.
        """
        return Record.loads(blob).output


class StepTask:
    """A step of the table, bound to its function and its Prefect task.

    Calling it inside a flow runs the task, or reuses its record, and notes in the run's journal which and why.
    """

    def __init__(self, step: Step, fn: StepFunction, retries: int) -> None:
        self.step = step
        self.fn = fn
        self.retries = retries
        self.task: Task[..., Any] = Task(
            fn=_timed(fn),
            name=step.name,
            description=(fn.__doc__ or "").strip() or None,
            cache_policy=StepKey(),
            refresh_cache=not step.cached,
            persist_result=True,
            result_serializer=RecordSerializer(),
            cache_result_in_memory=False,
            retries=retries,
            retry_delay_seconds=[2.0**attempt for attempt in range(retries)],
            retry_jitter_factor=0.5 if retries else None,
            retry_condition_fn=_may_pass,
        )

    def __call__(self, run: Run, **inputs: Ref) -> Ref:
        """Run or reuse the step for these inputs and return what it published."""
        go_on_unless_told()
        execution = _prepare(run, called(self.step, run.recipe.evaluate.folds), inputs)
        try:
            task: Callable[..., Any] = self.task.with_options(
                task_run_name=lambda: name_of(execution),
                result_storage=run.records.folder,
                cache_policy=StepKey().configure(
                    isolation_level=IsolationLevel.SERIALIZABLE, lock_manager=execution.locks
                ),
            )
            with within(execution), taking_turns(execution.turn):
                output: Ref = task(run, **inputs)
        except BaseException as error:
            run.journal.add(_broken_off(execution, error))
            raise
        run.journal.add(_ended(execution, output))
        return output

    def numbered(self, number: int) -> "StepTask":
        """Return the task of one fold, from 1, with a key of its own; its body asks ``number_of_this_step``."""
        return StepTask(numbered(self.step, number), self.fn, self.retries)


def step(name: str, *, retries: int = 0) -> Callable[[StepFunction], StepTask]:
    """Turn a function ``(run, **inputs) -> Ref`` into the task of a row of the step table.

    Args:
        name: the step's name.
        retries: how often a failure that may pass (the network, the disk) is tried again.
    """
    row = step_named(name)
    if row is None:
        raise KeyError(f"no row of the step table is called {name!r}")
    return lambda fn: StepTask(row, fn, retries)


def parts_of_this_step() -> KeyParts:
    """Return the parts of the key of the step whose body is running."""
    return _execution.get().parts


def number_of_this_step() -> int:
    """Return which fold the step is of whose body is running, from 1."""
    return _execution.get().step.number


def remark(text: str) -> None:
    """Say, from inside a step's body, what a person should know of this execution; it stands where the reason does."""
    _execution.get().remark = text


def measured(values: dict[str, Any]) -> None:
    """Keep, from inside a step's body, what it found of the machine and the moment: in the record, not in the output.

    Args:
        values: JSON values.
    """
    _execution.get().measured = values


def execution_of(run: Run, step: str, inputs: Mapping[str, Ref]) -> Execution:
    """Return a call of a step that is about to be made: its key, and what an earlier one gave; as for ``made``."""
    row = step_named(step)
    if row is None:
        raise KeyError(f"no row of the step table is called {step!r}")
    return _prepare(run, row, dict(inputs))


@contextmanager
def within(execution: Execution) -> Iterator[None]:
    """Let what is done and written be of this call."""
    token = _execution.set(execution)
    try:
        with told_of(execution.title):
            yield
    finally:
        _execution.reset(token)


def _prepare(run: Run, step: Step, inputs: dict[str, Ref]) -> Execution:
    parts = key_parts(step, run.recipe, run.store, inputs)
    locks = FlockLockManager(run.store.root / "locks")
    earlier = run.records.read(parts.key)
    if earlier:
        reason = step.asks or unchanged(run.store, parts, earlier.output)
        return Execution(run, step, parts, given(step, inputs, parts), earlier.output, reason, locks)
    reason = why_it_runs(parts, run.records, run.recipe)
    turn = turn_at(run, step.name, parts, said)
    # Not while another run is writing it.
    if locks.acquire_lock(parts.key, run.id, acquire_timeout=0):
        run.records.discard_unreliable(parts.key)
        locks.release_lock(parts.key, run.id)
    return Execution(run, step, parts, given(step, inputs, parts), None, reason, locks, turn=turn)


def _timed(fn: StepFunction) -> StepFunction:
    """Wrap a step's function: keeps what its key stands for, tells the listener, takes the time."""

    @functools.wraps(fn)
    def body(run: Run, **inputs: Ref) -> Ref:
        execution = _execution.get()
        if hearing := listener.get():
            hearing.began(execution.title, execution.reason if execution.step.cached else "asked on every run")
        execution.keep_key()
        if execution.turn and (theirs := execution.turn.wait()):
            execution.theirs, execution.remark = theirs, MADE_ELSEWHERE
            return theirs.output
        settle(run, execution.step, inputs)
        if execution.step.asks and (told := run.records.read(execution.parts.key)):
            execution.earlier = told.output  # another run may have asked while this one waited for its turn
        threads = of_this_step.set(int(execution.parts.libraries.get("threads", 0)) or None)
        began = time.monotonic()
        try:
            send = elsewhere.get() if trains(execution.step.name) else None
            sent = send(execution, inputs) if send else None
            output = sent or fn(replace(run, recipe=only(run.recipe, execution.step.recipe)), **inputs)
        finally:
            of_this_step.reset(threads)
        if execution.seconds is None:  # else whoever did it has said
            execution.seconds = time.monotonic() - began
        return output

    return body


def _ended(execution: Execution, output: Ref) -> Entry:
    """Return the entry of a step that gave its output."""
    if execution.seconds is not None and output != execution.earlier:
        return _entry(execution, "ran", execution.reason, output)
    if execution.seconds is None and execution.earlier and execution.step.cached:
        return _entry(execution, "reused", execution.reason, output)
    reason = "nothing changed" if execution.earlier or execution.remark else "another run made it meanwhile"
    return _entry(execution, "reused", reason, output)


def _broken_off(execution: Execution, error: BaseException) -> Entry:
    """Return the entry of a step that failed, or that was stopped."""
    stopped = stopped_by(error)
    why = f"by {stopped.name}" if stopped else f"{type(error).__name__}: {error}"
    return _entry(execution, "stopped" if stopped else "failed", "; ".join(filter(None, (why, execution.remark))))


def _entry(execution: Execution, state: State, reason: str, output: Ref | None = None) -> Entry:
    reason = execution.remark if execution.remark and state not in ("failed", "stopped") else reason
    name, key = execution.step.name, execution.parts.key
    return Entry(name, state, reason, execution.seconds or 0.0, output, key, execution.given)


def _may_pass(task: Any, task_run: Any, state: Any) -> bool:
    """Whether trying again may help: our own errors and mistakes in the code are final, the system's may pass."""
    try:
        state.result()
    except (EvergreenError, StoreError, AttributeError, NameError, TypeError):
        return False
    except Exception:  # noqa: BLE001 - anything else may pass
        return True
    return False

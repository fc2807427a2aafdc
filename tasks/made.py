"""A step that is done elsewhere, under its own key and lock: its record is the one that a run would have written."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from prefect.filesystems import LocalFileSystem
from prefect.results import ResultStore

from runs.run import Run
from runs.shared.opening import behind_of
from runs.stopped import go_on_unless_told
from storage.artifacts import Ref
from storage.steps.keys import KeyParts
from storage.steps.records import Record
from tasks.leasing import taking_turns
from tasks.step import Execution, RecordSerializer, execution_of, within

_HEEDS_EVERY_SECONDS = 1.0
Make = Callable[[KeyParts], Ref]


def made(run: Run, step: str, inputs: Mapping[str, Ref], make: Make) -> tuple[Record, bool]:
    """Return a step's record, and whether it was there; if not, have the output made, while nobody else makes it.

    With a remote nobody is no other machine either, and of a step that trains the output is put there at once.

    Args:
        run: its store, its recipe, and its id, which is noted.
        step: a row of the step table.
        inputs: parameter name -> artifact.
        make: publishes the output; what it raises goes through, and leaves no record.

    Raises:
        Stopped: a signal came while somebody else made it.
    """
    execution = execution_of(run, step, inputs)
    key = execution.parts.key
    while not execution.locks.acquire_lock(key, run.id, acquire_timeout=_HEEDS_EVERY_SECONDS):
        go_on_unless_told()  # it waits in a thread, which no signal interrupts
    try:
        if record := run.records.read(key):
            return _brought(run, record), True
        execution.keep_key()
        with taking_turns(execution.turn):
            if execution.turn and (theirs := execution.turn.wait()):
                return _brought(run, theirs), True
            began = time.monotonic()
            output = make(execution.parts)
            execution.seconds = time.monotonic() - began
            _write(execution, output)
        return execution.record(output), False
    finally:
        execution.locks.release_lock(key, run.id)


def _brought(run: Run, record: Record) -> Record:
    """Bring what another machine made: processes that judge it know no remote."""
    if behind := behind_of(run.store):
        behind.bring_all(record.output)
    return record


def _write(execution: Execution, output: Ref) -> None:
    """Write a record as Prefect does where it runs the step itself: in its envelope, by its own hand."""
    store = ResultStore(
        result_storage=LocalFileSystem(basepath=str(execution.run.records.folder)),
        serializer=RecordSerializer(),
        lock_manager=execution.locks,
    )
    with within(execution):
        record = store.create_result_record(output, execution.parts.key)
        store.persist_result_record(record, execution.run.id)

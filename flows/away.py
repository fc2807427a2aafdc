"""Steps that fit a network where --on or EVERGREEN_DASK says, in place of this process; several at once if asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import TypeVar

from evergreen.cluster import Address, Cluster, address_of, said_by_option
from evergreen.images.processors import processors
from flows.say import say
from runs.away.hands import OnDask
from runs.run import Run
from runs.spread.staying import stays
from runs.tables import read_table
from storage.artifacts import Ref
from tasks.step import Execution, elsewhere
from tasks.travelling import step_sent

K = TypeVar("K")
_MOST = 10_000  # at once: the scheduler has them wait
_TABLES = ("dataset", "dealt")  # what a training takes its images from


class _Sender:
    """Sends steps to a cluster; it is asked for once the first of them must run, so what is reused needs none."""

    def __init__(self, address: Address, processes: int) -> None:
        self._address, self._processes = address, processes
        self._lock, self._closed = threading.Lock(), False
        self._hands: OnDask | None = None

    def __call__(self, execution: Execution, inputs: Mapping[str, Ref]) -> Ref | None:
        table = next((inputs[name] for name in _TABLES if name in inputs), None)
        if table and self.keeps(execution.run, table):
            say(f"{execution.title} is trained by this machine: its backbone stays frozen, and features are spread")
            return None
        return step_sent(self._opened(), execution, inputs)

    def keeps(self, run: Run, table: Ref) -> bool:
        """Whether a training of the images in a table stays here, for its features are what a cluster computes."""
        return not self._address.ours and stays(run.recipe, lambda: len(read_table(run.store, table)))

    def _opened(self) -> OnDask:
        with self._lock:
            if self._closed:
                raise EOFError("the run is being stopped")
            if self._hands is None:
                self._hands = OnDask(Cluster(self._address, self._processes), _MOST)
                say(f"trainings of this run are done by {self._hands.where}")
            return self._hands

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._hands:
                self._hands.close()


_sender: ContextVar[_Sender | None] = ContextVar("sender", default=None)


@contextmanager
def sending(on: str | None = None, parallel: int = 1) -> Iterator[None]:
    """Let the steps that fit a network be done by a cluster, if one is named.

    A scheduler that the option names also has the images and features of this run spread over its workers, as
    EVERGREEN_DASK would.

    Args:
        on: ``dask`` for a cluster of this machine, the address of a scheduler, or None for what EVERGREEN_DASK says.
        parallel: how many trainings there are, at most: a cluster of this machine has no more workers than that.

    Raises:
        BadInput: an address that is none, or that strangers may reach.
    """
    address = address_of(on)
    if address is None:
        yield
        return
    sender = _Sender(address, min(parallel, processors()))
    spreads = address if on and not address.ours else None
    tokens = elsewhere.set(sender), _sender.set(sender), said_by_option.set(spreads)
    try:
        yield
    finally:
        elsewhere.reset(tokens[0])
        _sender.reset(tokens[1])
        said_by_option.reset(tokens[2])
        sender.close()


def each(run: Run, table: Ref, work: Mapping[K, Callable[[], Ref]], ended: Callable[[K], object]) -> dict[K, Ref]:
    """Do several trainings, one after the other in this process, or all at once elsewhere; return what each gave.

    Elsewhere one that fails does not end the others: what they do is kept. Then the error of the first is raised.

    Args:
        run: whose trainings they are.
        table: of their images.
        work: in order.
        ended: is called as each ends well.
    """
    sender = _sender.get()
    if sender is None or sender.keeps(run, table):
        return dict(_in_turn(work, ended))
    with ThreadPoolExecutor(max_workers=len(work)) as pool:
        begun: dict[Future[Ref], K] = {pool.submit(copy_context().run, do): key for key, do in work.items()}
        try:
            for future in as_completed(begun):
                if future.exception() is None:
                    ended(begun[future])
        except BaseException:
            sender.close()  # else the threads would wait for it, and this for them
            raise
    return {key: future.result() for future, key in begun.items()}


def _in_turn(work: Mapping[K, Callable[[], Ref]], ended: Callable[[K], object]) -> Iterable[tuple[K, Ref]]:
    for key, do in work.items():
        yield key, do()
        ended(key)

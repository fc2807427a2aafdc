"""Steps that fit a network where EVERGREEN_DASK says, in place of this process; several at once where that is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import TypeVar

from evergreen.cluster import Address, Cluster, address_of
from flows.say import say
from runs.away.hands import OnDask
from storage.artifacts import Ref
from tasks.away import step_sent
from tasks.step import Execution, elsewhere

K = TypeVar("K")
_MOST = 10_000  # at once: the scheduler has them wait


class _Sender:
    """Sends steps to a cluster; it is asked for once the first of them must run, so what is reused needs none."""

    def __init__(self, address: Address) -> None:
        self._address, self._lock, self._closed = address, threading.Lock(), False
        self._hands: OnDask | None = None

    def __call__(self, execution: Execution, inputs: Mapping[str, Ref]) -> Ref:
        return step_sent(self._opened(), execution, inputs)

    def _opened(self) -> OnDask:
        with self._lock:
            if self._closed:
                raise EOFError("the run is being stopped")
            if self._hands is None:
                self._hands = OnDask(Cluster(self._address), _MOST)
                say(f"trainings of this run are done by {self._hands.where}")
            return self._hands

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._hands:
                self._hands.close()


_sender: ContextVar[_Sender | None] = ContextVar("sender", default=None)


@contextmanager
def sending() -> Iterator[None]:
    """Let the steps that fit a network be done by the cluster that EVERGREEN_DASK names, if it is set.

    Raises:
        BadInput: it holds no address that may be used.
    """
    address = address_of()
    if address is None:
        yield
        return
    sender = _Sender(address)
    tokens = elsewhere.set(sender), _sender.set(sender)
    try:
        yield
    finally:
        elsewhere.reset(tokens[0])
        _sender.reset(tokens[1])
        sender.close()


def each(work: Mapping[K, Callable[[], Ref]], ended: Callable[[K], object]) -> dict[K, Ref]:
    """Do several things, one after the other in this process, or all at once elsewhere; return what each gave.

    Elsewhere one that fails does not end the others: what they do is kept. Then the error of the first is raised.

    Args:
        work: in order.
        ended: is called as each ends well.
    """
    sender = _sender.get()
    if sender is None:
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

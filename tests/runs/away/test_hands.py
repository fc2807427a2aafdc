"""runs.away.hands: who does what a sweep asks for, and one thing at a time in each process."""

import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest
from dask_here import cluster_here
from fake_dask import Dask
from toy_tasks import Pid, until

from evergreen.cluster import Address, Cluster, address_of
from evergreen.errors import BadInput
from runs.away.hands import OnDask, hands_of
from runs.away.line import tell
from runs.away.workers import ProcessLost, Workers


def test_without_an_address_it_is_processes_of_this_machine(tmp_path: Path) -> None:
    found = hands_of(None, 3, tmp_path / "log")
    assert isinstance(found, Workers)
    assert found.where == "this machine, 3 workers"


def test_an_address_that_strangers_may_reach_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected tls"):
        hands_of("tcp://scheduler:8786", 1, tmp_path)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with cluster_here(threads=4) as address:
        yield address


@pytest.fixture
def hands(scheduler: str) -> Iterator[OnDask]:
    found = OnDask(Cluster(Address(scheduler)), 8)
    yield found
    found.close()


@dataclass(frozen=True)
class Alone:
    """Says how many of it are at work."""

    at_work: ClassVar[list[int]] = []

    def do(self) -> int:
        Alone.at_work.append(1)
        time.sleep(0.01)
        found = len(Alone.at_work)
        Alone.at_work.pop()
        return found


def test_a_worker_of_several_threads_does_one_thing_at_a_time(hands: OnDask) -> None:
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(hands.do, [Alone()] * 4))
    assert done == [1] * 4, "two at once would seed TensorFlow for each other"


@dataclass(frozen=True)
class Asks:
    """Asks where work is to be done."""

    def do(self) -> Address | None:
        return address_of()


def test_a_worker_sends_nothing_on_for_it_would_wait_for_its_own_place(
    hands: OnDask, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERGREEN_DASK", scheduler)
    assert address_of() == Address(scheduler, "EVERGREEN_DASK")
    assert hands.do(Asks()) is None


@dataclass(frozen=True)
class Tells:
    """Tells numbers, and what was answered to the one that was not liked."""

    def do(self) -> str:
        for number in range(5):
            try:
                tell({"number": number}, lambda message: pytest.fail("there is a line"))
            except ValueError as error:
                return f"{number}: {error}"
        return "all were heard"


def test_what_a_task_tells_is_heard_where_it_was_sent_and_answered_before_it_goes_on(hands: OnDask) -> None:
    heard: dict[str, list[int]] = {"a": [], "b": []}

    def hear(who: str, most: int, message: Any) -> None:
        heard[who].append(message["number"])
        if message["number"] == most:
            raise ValueError("enough")

    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(hands.do, Tells(), partial(hear, "a", 2))
        two = threads.submit(hands.do, Tells(), partial(hear, "b", 9))
        assert (one.result(30), two.result(30)) == ("2: enough", "all were heard")
    assert heard == {"a": [0, 1, 2], "b": [0, 1, 2, 3, 4]}


@dataclass(frozen=True)
class Learns:
    """Tells for ever, until that is not wanted any more."""

    file: Path

    def do(self) -> None:
        try:
            while True:
                tell({"learned": 1}, print)
                self.file.with_suffix(".begun").write_text("yes")
                time.sleep(0.05)
        except Exception as error:
            self.file.write_text(type(error).__name__)
            raise


def test_whoever_leaves_has_what_it_sent_end_by_itself(hands: OnDask, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(hands.do, Learns(tmp_path / "ended"), lambda message: None)
        until(tmp_path / "ended.begun")
        hands.close()
        assert isinstance(running.exception(30), EOFError)
    assert until(tmp_path / "ended") == "NoLongerWanted", "though nobody could tell it"
    with pytest.raises(EOFError):
        hands.do(Pid())


def test_a_client_that_is_closed_under_a_question_lets_whoever_asked_go() -> None:
    """Its loop has stopped, so nothing that is asked of it is ever answered."""
    begun = threading.Event()

    def result(timeout: float | None = None) -> None:
        begun.set()
        if timeout is None:
            threading.Event().wait(20)
        time.sleep(timeout or 0)
        raise TimeoutError

    future = SimpleNamespace(add_done_callback=lambda _: None, done=begun.is_set, result=result, status="finished")
    client = SimpleNamespace(subscribe_topic=lambda *_: None, submit=lambda *_, **__: future)
    cluster = SimpleNamespace(client=client, where="", address=SimpleNamespace(ours=True), close=lambda: None)
    left = OnDask(cast(Any, cluster), 1)
    future.done = lambda: True
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(left.do, Pid())
        assert begun.wait(10)
        left.close()
        assert isinstance(running.exception(10), EOFError)


def test_what_kills_its_workers_is_said_and_the_cluster_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dask = Dask(2)
    monkeypatch.setitem(sys.modules, "distributed", dask)
    found = hands_of("dask", 2, tmp_path)
    assert (found.where, found.ours) == ("Dask at this machine, 2 workers", True)
    with pytest.raises(ProcessLost, match="one after the other: three died"):
        found.do(Pid())
    found.close()
    assert dask.open == 0
    monkeypatch.setenv("EVERGREEN_DASK", "tcp://127.0.0.1:8786")
    found = hands_of(None, 2, tmp_path)
    assert (found.where, found.ours) == ("Dask at tcp://127.0.0.1:8786, 2 workers", False)

"""runs.spread.shards: every shard comes back, done or not, whatever becomes of the cluster."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from evergreen.cluster import Address, Cluster
from evergreen.errors import BadInput, DecodersUnavailable
from runs.spread import shards
from runs.spread.shards import DIED, spread

distributed = pytest.importorskip("distributed", reason="make setup EXTRAS=dask")


class Future:
    def __init__(self, key: str, what: Any) -> None:
        self.key, self.what = key, what

    def add_done_callback(self, call: Callable[[Any], None]) -> None:
        if self.done():
            call(self)

    def done(self) -> bool:
        return self.what not in ("never", "dies")

    def cancel(self) -> None:
        self.what = "cancelled"

    def result(self, timeout: float) -> Any:
        if isinstance(self.what, Exception):
            raise self.what
        return self.what


class Client:
    """A client whose shards end at once, as what ``do`` returns: an answer, what went wrong, or ``never``."""

    status = "running"

    def __init__(self) -> None:
        self.workers = {"tcp://127.0.0.1:1": 1}
        self.sent = 0
        self.cancelled: list[Any] = []

    def nthreads(self) -> dict[str, int]:
        return self.workers

    def submit(self, do: Callable[[Any], Any], shard: Any, pure: bool, priority: int) -> Future:
        assert not pure
        assert priority > 0, "trainings that wait would come first"
        self.sent += 1
        future = Future(str(self.sent), do(shard))
        if future.what == "dies":
            for expected in (True, False, False):
                told = {"action": "remove-worker", "expected": expected, "processing-tasks": [future.key, "another's"]}
                self.heard((0.0, told))
        return future

    def subscribe_topic(self, topic: str, heard: Callable[[Any], None]) -> None:
        assert topic == "all"
        self.heard = heard

    def unsubscribe_topic(self, topic: str) -> None:
        del self.heard

    def cancel(self, futures: list[Any]) -> None:
        self.cancelled += futures


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(shards, "_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(shards, "_NOBODY_SECONDS", 0.1)
    return Client()


def _cluster(client: Client) -> Cluster:
    return cast(Cluster, SimpleNamespace(client=client, where="Dask", address=Address("tcp://127.0.0.1:1")))


def done(client: Client, do: Callable[[int], Any], many: int = 5) -> list[tuple[int, Any, str]]:
    cluster = _cluster(client)
    numbers = iter(range(many))
    return [(one.shard, one.answer, one.why) for one in spread(cluster, do, lambda: next(numbers, None))]


def test_every_shard_comes_back_with_its_answer_and_few_are_under_way(client: Client) -> None:
    assert done(client, lambda number: number * 2) == [(number, number * 2, "") for number in range(5)]
    cluster = _cluster(client)
    client.sent, numbers = 0, iter(range(100))
    next(spread(cluster, lambda number: number, lambda: next(numbers, None)))
    assert client.sent == 2


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (distributed.KilledWorker("task", SimpleNamespace(address="tcp://127.0.0.1:1"), 1), DIED),
        ("dies", DIED),
        (OSError("no space left"), "OSError: no space left"),
        (DecodersUnavailable("no AVIF"), "DecodersUnavailable: no AVIF"),
        (TimeoutError("late"), "their answers do not arrive"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value)[:4],
)
def test_a_shard_that_nobody_does_is_given_back_and_costs_no_other(client: Client, error: Any, why: str) -> None:
    assert sorted(done(client, lambda number: error if number == 1 else "done", 3)) == [
        (0, "done", ""),
        (1, None, why),
        (2, "done", ""),
    ]


def test_another_program_on_a_worker_is_refused_in_words(client: Client) -> None:
    with pytest.raises(
        BadInput, match=r"Dask: expected the program of this machine .*, received ImportError: no runs"
    ) as raised:
        done(client, lambda _: ImportError("no runs"))
    assert str(raised.value).endswith("with dask of its .venv, or leave --on out")


def test_without_a_worker_or_a_scheduler_everything_is_given_back(client: Client) -> None:
    client.workers = {}
    assert {why for _, _, why in done(client, lambda _: "never")} == {"the cluster has no worker any more"}
    client.workers = {"tcp://127.0.0.1:1": 1}

    def gone(number: int) -> Any:
        if number == 1:
            client.status = "connecting"
            return distributed.CancelledError("1")
        return "done"

    found = done(client, gone)
    assert [shard for shard, _, _ in found] == [0, 1, 2, 3, 4]
    assert {why for _, _, why in found} == {"", "the scheduler does not answer any more"}


def test_workers_that_are_at_other_work_are_waited_for_and_not_without_end(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "_SILENT_SECONDS", 0.3)
    found = done(client, lambda number: "never" if number else "done", 4)
    assert found[0] == (0, "done", "")
    assert [shard for shard, _, _ in found] == [0, 1, 2, 3]
    assert all("they may be at other work" in why for _, _, why in found[1:])
    assert len(client.cancelled) == 2


def test_who_stops_asking_leaves_no_work_behind(client: Client) -> None:
    cluster = _cluster(client)
    answers = spread(cluster, lambda number: number or "done", iter(range(1, 9)).__next__)
    next(answers)
    answers.close()
    assert [future.key for future in client.cancelled] == ["2"]

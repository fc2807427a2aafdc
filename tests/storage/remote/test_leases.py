"""storage.remote.leases: one of many has it, a dead one's is taken over, and no machine's clock is believed."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from storage.remote.leases import LEASES, Claim, Holder
from storage.remote.objects import Objects, opened

KEY = "ab" * 32


class Clock:
    """A machine's monotonic clock, which only a test moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def objects(remote_address: str) -> Objects:
    return opened(remote_address)


@pytest.fixture
def folder(shared_folder: str) -> Objects:
    return opened(shared_folder)


def claim(objects: Objects, host: str, clock: Clock, seconds: float = 60, place: str | None = None) -> Claim:
    return Claim(objects, KEY, Holder("0" * 32, host, 7, f"run-{host}", place or host), seconds, clock)


def _version(objects: Objects) -> dict[str, Any]:
    known = objects.get_tagged(f"{LEASES}/{KEY}")
    assert known is not None
    told: dict[str, Any] = json.loads(known[0])
    return told


def test_one_has_it_until_it_ends_and_then_the_next(objects: Objects) -> None:
    clock = Clock()
    one, other = claim(objects, "desk", clock), claim(objects, "laptop", clock)
    assert one.take() is None
    held = other.take()
    assert held is not None
    assert (held.holder.host, held.holder.run, held.seconds, held.ended) == ("desk", "run-desk", 60, False)
    assert held.taken < held.until
    assert one.renew()
    assert one.end(made=True)
    clock.now = 1
    made = other.take(even_if_made=False)
    assert made is not None
    assert made.made
    assert other.take() is None, "what it made is gone"
    assert other.over is None, "it had ended"
    assert not one.renew()
    assert one.lost_to is not None
    assert one.lost_to.holder.host == "laptop"


def test_of_many_who_wait_for_a_dead_one_exactly_one_takes_it_over(objects: Objects) -> None:
    dead = claim(objects, "dead", Clock())
    assert dead.take() is None
    clocks = [Clock() for _ in range(6)]
    waiting = [claim(objects, f"host-{number}", clock) for number, clock in enumerate(clocks)]
    assert all(one.take() for one in waiting)
    for clock in clocks:
        clock.now = 60
    with ThreadPoolExecutor(6) as pool:
        had = list(pool.map(lambda one: one.take(), waiting))
    [winner] = [one for one, lease in zip(waiting, had, strict=True) if lease is None]
    assert winner.over is not None
    assert winner.over.holder.host == "dead"
    assert {lease.holder.host for lease in had if lease} <= {"dead", _version(objects)["holder"]["host"]}
    assert winner.renew()
    assert not dead.renew()


def test_a_lease_ends_by_ones_own_clock_alone_whatever_the_times_in_it_say(folder: Objects) -> None:
    held = claim(folder, "desk", Clock(), seconds=30)
    assert held.take() is None
    told = folder.get_tagged(f"{LEASES}/{KEY}")
    assert told is not None
    long_ago = json.loads(told[0]) | {"taken": "1999-01-01T00:00:00+00:00", "until": "1999-01-01T00:00:30+00:00"}
    assert folder.put_if(f"{LEASES}/{KEY}", json.dumps(long_ago).encode(), told[1])
    clock = Clock()
    clock.now = 1e6  # up for long before it looks
    other = claim(folder, "laptop", clock, seconds=5)  # the term is the holder's, not its own
    assert other.take()
    for _ in range(4):  # renewed in time: four times 25 s are not one term
        clock.now += 25
        assert held.renew()
        assert other.take()
    clock.now += 29.9
    assert other.take()
    clock.now += 0.1
    assert other.take() is None


def test_who_looks_late_or_slowly_waits_a_whole_term_from_its_first_look(
    folder: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert claim(folder, "desk", Clock()).take() is None
    clock = Clock()
    other = claim(folder, "laptop", clock)
    get = folder.get_tagged

    def slowly(name: str) -> Any:
        found = get(name)
        clock.now += 50  # the answer is as old as that
        return found

    monkeypatch.setattr(folder, "get_tagged", slowly)
    assert other.take()
    assert other.take(), "asked right after the first answer came"
    assert other.take(), "50 s after it"
    assert other.take() is None


def test_what_a_killed_process_of_the_same_place_left_is_taken_at_once(folder: Objects) -> None:
    assert claim(folder, "desk", Clock()).take() is None
    assert claim(folder, "desk", Clock(), place="another store there").take()
    again = claim(folder, "desk", Clock())
    assert again.take() is None
    assert again.over is not None


def test_a_holder_that_slept_knows_it_and_puts_nothing_over_the_new_one(objects: Objects) -> None:
    clock = Clock()
    slept, other = claim(objects, "desk", Clock()), claim(objects, "laptop", clock)
    assert slept.take() is None
    assert other.take()
    clock.now = 60
    assert other.take() is None
    before = _version(objects)
    assert not slept.renew()
    assert not slept.end(made=True)
    assert _version(objects) == before
    assert slept.lost_to is not None
    assert slept.lost_to.holder.host == "laptop"


def test_an_answer_that_got_lost_is_found_out(folder: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    put, one = folder.put_if, claim(folder, "desk", Clock())
    monkeypatch.setattr(folder, "put_if", lambda *given: put(*given) and False)
    assert one.take() is None
    assert one.renew()
    monkeypatch.setattr(folder, "put_if", put)
    assert one.end(made=False)
    assert _version(folder)["ended"]


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"holder": 1}'], ids=["empty", "list", "nothing", "number"])
def test_one_that_says_nothing_is_somebodys_for_a_term_of_ones_own(folder: Objects, data: bytes) -> None:
    assert folder.put_if(f"{LEASES}/{KEY}", data, None)
    clock = Clock()
    one = claim(folder, "desk", clock, seconds=10)
    lease = one.take()
    assert lease is not None
    assert lease.holder.host == "somebody"
    clock.now = 10
    assert one.take() is None


@pytest.mark.parametrize(("stated", "waits"), [(1e9, 86_400), (-5, 1), (float("nan"), 60)])
def test_a_term_out_of_all_bounds_is_brought_into_them(folder: Objects, stated: float, waits: float) -> None:
    assert claim(folder, "desk", Clock()).take() is None
    told = folder.get_tagged(f"{LEASES}/{KEY}")
    assert told is not None
    assert folder.put_if(f"{LEASES}/{KEY}", json.dumps(json.loads(told[0]) | {"seconds": stated}).encode(), told[1])
    clock = Clock()
    other = claim(folder, "laptop", clock)
    assert other.take()
    clock.now = waits - 0.5
    assert other.take()
    clock.now = waits
    assert other.take() is None


def test_a_lease_that_somebody_deleted_is_put_again(folder: Objects) -> None:
    one = claim(folder, "desk", Clock())
    assert one.take() is None
    folder.delete([one.name for one in folder.list_tagged(LEASES)])
    assert one.renew()
    assert claim(folder, "laptop", Clock()).take()

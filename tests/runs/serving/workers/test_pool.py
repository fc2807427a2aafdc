"""runs.serving.workers.pool: a full line refuses, a lost process is replaced, an image that takes one down is known."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from served import MIXED_UP, RIGHT, SIDE, network, picture

from evergreen.errors import BadInput
from runs.serving.answers import Answered, Busy, TooSlow, WorkerLost
from runs.serving.workers import place as places
from runs.serving.workers import pool as pools
from runs.serving.workers import process as processes
from runs.serving.workers import spares
from runs.serving.workers.place import Model, Place
from runs.serving.workers.pool import Pool

RED = picture("red")


def model(folder: Path, name: str, order: tuple[int, int, int] = RIGHT, most: float = 150) -> Model:
    (folder / name).mkdir()
    (folder / name / "model.tflite").write_bytes(network(order))
    fed = {"height": SIDE, "width": SIDE, "resize": "squash", "interpolation": "area"}
    return Model(name, folder / name, fed, (most, 30.0, None))


def with_pool(work: Callable[[Pool], Awaitable[None]], workers: int = 1, waiting: int = 4, seconds: float = 30) -> None:
    async def all_of_it() -> None:
        pool = Pool(workers, waiting, seconds, lambda _: None)
        await pool.start()
        try:
            await work(pool)
        finally:
            await pool.stop()

    asyncio.run(all_of_it())


async def answer(pool: Pool, images: list[bytes], name: str = "a", seconds: float = 30) -> list[int]:
    found = await pool.answer(name, images, seconds)
    return [max(range(3), key=one.scores.__getitem__) for one in found]


async def until(true: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "never true"
        await asyncio.sleep(0.02)


def test_each_image_is_answered_by_the_model_that_was_asked_in_the_order_of_the_request(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        for name, order in (("a", RIGHT), ("b", MIXED_UP)):
            await pool.open(model(tmp_path, name, order))
        images = [picture(colour) for colour in ("red", "green", "blue")] * 5
        right, mixed = await asyncio.gather(answer(pool, images, "a"), answer(pool, images, "b"))
        assert right == [2, 1, 0] * 5
        assert mixed == [0, 1, 2] * 5

    with_pool(work, workers=2, waiting=100)


@pytest.mark.parametrize(("workers", "busy"), [(1, 0), (2, 0), (3, 0), (4, 1), (9, 2)])
def test_it_is_quiet_as_long_as_three_of_four_workers_have_nothing_to_do(workers: int, busy: int) -> None:
    pool = Pool(workers, 4, 30, lambda _: None)
    for count, quiet in ((busy, True), (busy + 1, False)):
        pool._places = [SimpleNamespace(alive=True, busy=number < count) for number in range(workers)]  # type: ignore[misc]
        assert pool.quiet is quiet


def test_a_full_line_refuses_at_once_and_says_when_to_come_again(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        await pool.open(model(tmp_path, "a"))
        waiting = asyncio.create_task(answer(pool, [RED] * 12))  # more than may wait, where nobody else does
        while pool.waiting <= 4:  # at every turn: between two looks of ``until`` all of them may be answered
            assert not waiting.done()
            await asyncio.sleep(0)
        assert not pool.idle
        with pytest.raises(Busy, match="images wait already, 4 may") as refused:
            await pool.answer("a", [RED], 30)
        assert (refused.value.status, (refused.value.retry_after or 0) >= 1) == (429, True)
        assert await waiting == [2] * 12
        assert await answer(pool, [RED]) == [2]
        await until(lambda: pool.idle)

    with_pool(work)


def test_a_killed_process_fails_no_more_than_its_request_and_is_replaced_with_its_models(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        await pool.open(model(tmp_path, "a"))
        before = set(pool.pids)

        async def one() -> str:
            try:
                assert await answer(pool, [RED]) == [2]
            except WorkerLost as lost:
                assert "SIGKILL" in str(lost)
                return "lost"
            return "answered"

        work = [asyncio.create_task(one()) for _ in range(100)]
        await asyncio.sleep(0.05)
        os.kill(min(before), signal.SIGKILL)
        said = await asyncio.gather(*work)
        assert said.count("lost") <= 1
        await until(lambda: len(pool.pids) == 2 and set(pool.pids) != before)
        assert pool.lost == 1
        assert [await answer(pool, [RED]) for _ in range(8)] == [[2]] * 8

    with_pool(work, workers=2, waiting=1000)


def test_a_process_that_dies_while_it_idles_costs_no_request(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        await pool.open(model(tmp_path, "a"))
        (before,) = pool.pids
        os.kill(before, signal.SIGKILL)
        await until(lambda: pool.pids and pool.pids != [before])
        assert await answer(pool, [RED]) == [2]

    with_pool(work)


def test_a_request_that_takes_too_long_leaves_the_line(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        await pool.open(model(tmp_path, "a"))
        (pid,) = pool.pids
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(TooSlow, match=r"not answered within 0\.2 s"):
            await pool.answer("a", [RED] * 3, 0.2)
        assert pool.waiting == 0
        os.kill(pid, signal.SIGCONT)
        assert await answer(pool, [picture("blue")]) == [0], "the answer to what was given up is nobody else's"

    with_pool(work)


def test_a_process_that_hangs_is_ended(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        await pool.open(model(tmp_path, "a"))
        (before,) = pool.pids
        os.kill(before, signal.SIGSTOP)
        with pytest.raises(TooSlow, match="the image took over 1 s"):
            await pool.answer("a", [RED], 30)
        assert await answer(pool, [RED]) == [2]
        assert pool.pids != [before]

    with_pool(work, seconds=1)


def test_an_image_that_took_a_process_down_by_itself_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "OWN_FAULT", {signal.SIGKILL})

    async def work(pool: Pool) -> None:
        await pool.open(model(tmp_path, "a"))
        (pid,) = pool.pids
        os.kill(pid, signal.SIGSTOP)
        lost = asyncio.create_task(pool.answer("a", [b"hostile"], 30))
        await asyncio.sleep(0.1)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(WorkerLost):
            await lost
        (found,) = await pool.answer("a", [b"hostile"], 30)
        assert found.error.startswith("cannot be used: the process that answered ended (SIGKILL")
        assert pool.lost == 1

    with_pool(work)


def test_what_is_remembered_of_such_images_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "_MOST_REMEMBERED", 3)

    async def work(pool: Pool) -> None:
        for number in range(5):
            pool._remember(str(number), "why")
        assert list(pool._took_down) == ["2", "3", "4"]

    with_pool(work)


def test_a_model_whose_golden_answers_are_wrong_is_opened_nowhere(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        seen: list[Answered] = []

        def judge(answers: object) -> str:
            seen.extend(answers)  # type: ignore[call-overload]
            return "they are wrong"

        with pytest.raises(BadInput, match="they are wrong"):
            await pool.open(model(tmp_path, "a"), [RED, b"none"], judge)
        assert [bool(one.error) for one in seen] == [False, True]
        with pytest.raises(pools.NotAnswered):
            await pool.answer("a", [RED], 30)

    with_pool(work)


def test_whoever_waits_when_the_service_ends_is_told(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        await pool.open(model(tmp_path, "a"))
        os.kill(pool.pids[0], signal.SIGSTOP)
        asked = asyncio.create_task(pool.answer("a", [RED] * 2, 30))
        await until(lambda: pool.waiting == 1)
        pid = pool.pids[0]
        stopping = asyncio.create_task(pool.stop())
        await asyncio.sleep(0.05)
        os.kill(pid, signal.SIGCONT)
        with pytest.raises(WorkerLost, match="the service ends"):
            await asked
        await stopping

    with_pool(work)


def test_a_slow_image_costs_its_own_request_and_no_swap_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spares, "SLOW_SECONDS", 0.2)
    monkeypatch.setattr(spares, "QUIET_SECONDS", 0.5)

    async def work(pool: Pool) -> None:
        await pool.open(model(tmp_path, "a"))
        (usual,) = pool.pids
        os.kill(usual, signal.SIGSTOP)
        slow = asyncio.create_task(answer(pool, [RED]))
        await until(lambda: not pool.idle and not pool.waiting)
        assert await answer(pool, [picture("blue")] * 3) == [0] * 3
        await pool.open(model(tmp_path, "b", MIXED_UP))
        assert await answer(pool, [picture("blue")], "b") == [2]
        assert not slow.done()
        assert len(pool.pids) == 2
        os.kill(usual, signal.SIGCONT)
        assert await slow == [2]
        await until(lambda: pool.pids == [usual])
        assert await answer(pool, [RED], "b") == [0], "what was opened meanwhile is open there, too"
        assert pool.lost == 0

    with_pool(work)


def test_no_more_processes_are_added_than_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spares, "SLOW_SECONDS", 0.2)

    async def work(pool: Pool) -> None:
        await pool.open(model(tmp_path, "a"))
        stopped = [*pool.pids]
        os.kill(stopped[0], signal.SIGSTOP)
        asked = [asyncio.create_task(answer(pool, [RED])) for _ in range(3)]
        await until(lambda: len(pool.pids) == 2)
        await until(lambda: sum(task.done() for task in asked) == 2)
        stopped += [pid for pid in pool.pids if pid not in stopped]
        os.kill(stopped[1], signal.SIGSTOP)
        asked += [asyncio.create_task(answer(pool, [RED])) for _ in range(3)]
        await asyncio.sleep(1.5)
        assert (len(pool.pids), pool.waiting) == (2, 2)
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        assert await asyncio.gather(*asked) == [[2]] * 6

    with_pool(work)


def test_a_model_is_proved_by_a_process_that_runs(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        os.kill(pool.pids[0], signal.SIGKILL)
        await pool.open(model(tmp_path, "a"))
        assert await answer(pool, [RED] * 4) == [2] * 4
        await until(lambda: len(pool.pids) == 2)

    with_pool(work, workers=2)


def test_a_swap_that_is_given_up_holds_no_process(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        await pool.open(model(tmp_path, "a"))
        await until(lambda: all("a" in place._opened for place in pool._places))
        for pid in pool.pids:
            os.kill(pid, signal.SIGSTOP)
        slow = [asyncio.create_task(answer(pool, [RED])) for _ in range(2)]
        await until(lambda: not pool.idle and not pool.waiting)
        opening = asyncio.create_task(pool.open(model(tmp_path, "b")))
        await asyncio.sleep(0.1)
        opening.cancel()
        for pid in pool.pids:
            os.kill(pid, signal.SIGCONT)
        assert await asyncio.gather(*slow) == [[2]] * 2
        assert await answer(pool, [RED] * 4) == [2] * 4

    with_pool(work, workers=2)


@pytest.mark.parametrize("ticks", range(8))
def test_whenever_waiting_for_a_free_place_is_given_up_none_stays_locked(ticks: int) -> None:
    async def work() -> None:
        made = [Place(number, 1.0, lambda _: None) for number in range(2)]
        waiting = asyncio.create_task(places._first(made))
        for _ in range(ticks):
            await asyncio.sleep(0)
        waiting.cancel()
        (found,) = await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.sleep(0.01)
        assert [place for place in made if place.lock.locked()] == ([found] if isinstance(found, Place) else [])

    asyncio.run(work())

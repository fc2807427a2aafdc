"""runs.serving.trying.shadow: who is asked second, when, and what is counted if not."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from evergreen.sections.data import Image, Screen
from runs.serving.answers import Answered, Answers, Asked, Release, WorkerLost
from runs.serving.trying import shadow as module
from runs.serving.trying.shadow import Shadow


def release(name: str) -> Release:
    return Release("r", name, name, "tflite-int8", ("x", "y"), Image(), Screen(), 0.5)


OLD, NEW, NEXT = release("old"), release("new"), release("next")


class Service:
    """Answers x for one release and y for any other; a test says whether somebody waits."""

    def __init__(self) -> None:
        self.quiet, self.champion = True, OLD
        self.asked: list[tuple[str, bytes]] = []
        self.at_once = self.most_at_once = 0

    def release_of(self, _recipe: str) -> Release:
        return self.champion

    async def answer(self, _recipe: str, images: Sequence[bytes], which: str, *, heard: bool) -> Answers:
        assert not heard, "nobody else is told of what a shadow asks"
        assert self.quiet
        self.asked += [(which, data) for data in images]
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if images[0] == b"kills":
            raise WorkerLost("as the test says")
        scores = (1.0, 0.0) if which == "old" else (0.0, 1.0)
        found = Answered("s", error="bad") if images[0] == b"bad for one" else Answered("s", scores)
        return Answers(release(which), (found,), 0.1)


def asked(*images: bytes, by: Release = OLD, canary: bool = False) -> Asked:
    scores = (1.0, 0.0) if by is OLD else (0.0, 1.0)
    found = tuple(Answered("s", error="bad") if one == b"bad" else Answered("s", scores) for one in images)
    return Asked(Answers(by, found, 0.1, canary), images, "t")


def shadow(service: Service) -> Shadow:
    return Shadow(service, {"r": NEW})  # type: ignore[arg-type]


def outcomes(made: Shadow) -> dict[str, Any]:
    (pair,) = made.of("r")
    return {name: count for name, count in pair.outcomes().items() if count}


def test_the_challenger_is_asked_what_the_champion_answered_one_image_at_a_time() -> None:
    service = Service()
    made = shadow(service)

    async def work() -> None:
        await asyncio.gather(*(made.heard(asked(b"1", b"bad", b"2")) for _ in range(3)))

    asyncio.run(work())
    assert service.asked == [("new", b"1"), ("new", b"2")] * 3
    assert service.most_at_once == 1
    assert outcomes(made) == {"differed": 6}


def test_the_champion_is_asked_what_a_canary_answered_and_each_keeps_its_place() -> None:
    service = Service()
    made = shadow(service)
    asyncio.run(made.heard(asked(b"1", by=NEW, canary=True)))
    assert service.asked == [("old", b"1")]
    assert made.of("r")[0].as_json()["classes"] == [{"label": "x", "images": 1, "agreed": 0, "instead": {"y": 1}}]


def test_nothing_is_asked_while_somebody_waits_and_what_finds_no_room_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_MOST_IMAGES", 4)
    monkeypatch.setattr(module, "_MOST_BYTES", 1000)
    service = Service()
    made = shadow(service)

    async def work() -> None:
        service.quiet = False
        begun = [asyncio.create_task(made.heard(asked(b"x" * 600))) for _ in range(2)]
        begun += [asyncio.create_task(made.heard(asked(b"y"))) for _ in range(5)]
        await asyncio.sleep(0.05)
        assert service.asked == []
        assert outcomes(made) == {"not_asked": 3}
        service.quiet = True
        await asyncio.gather(*begun)
        assert [data[:1] for _, data in service.asked] == [b"x", b"y", b"y", b"y"]
        service.quiet = False
        last = asyncio.create_task(made.heard(asked(b"z")))
        await asyncio.sleep(0.02)
        made.close()
        await last
        await made.heard(asked(b"z"))

    asyncio.run(work())
    assert outcomes(made) == {"differed": 4, "not_asked": 5}


def test_no_answer_and_a_refusal_are_counted_and_the_next_is_asked() -> None:
    made = shadow(Service())

    async def work() -> None:
        for data in (b"kills", b"bad for one", b"1"):
            await made.heard(asked(data))

    asyncio.run(work())
    assert outcomes(made) == {"failed": 1, "refused": 1, "differed": 1}


def test_each_champion_has_its_counts_and_a_challenger_that_was_promoted_is_compared_no_more() -> None:
    service = Service()
    made = shadow(service)

    async def work() -> None:
        await made.heard(asked(b"1"))
        await made.heard(asked(b"1", by=NEXT))
        service.champion = NEW
        await made.heard(asked(b"1", by=NEW))
        await made.heard(asked(b"1", by=NEW, canary=True))

    asyncio.run(work())
    assert [pair.champion.release for pair in made.of("r")] == ["next", "old"]
    assert [pair.outcomes()["agreed"] for pair in made.all()] == [1, 0]

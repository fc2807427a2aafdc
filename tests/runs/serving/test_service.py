"""runs.serving.service: who is champion answers, and the next one from the moment that it may."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from served import MIXED_UP, RECIPE, RIGHT, Served, picture

from evergreen.errors import BadInput
from runs.serving.answers import Answers, Asked, NotServed
from runs.serving.service import Service
from runs.serving.settings import Settings
from storage.digests import sha256_bytes

Said = list[str]


def run(
    root: Path, work: Callable[[Service, Said], Awaitable[None]], *recipes: str, workers: int = 1, **limits: object
) -> Said:
    """Do something with a service that has started, and stop it."""
    said: Said = []

    async def all_of_it() -> None:
        service = Service(Settings(root, recipes, workers=workers, **limits), said.append)  # type: ignore[arg-type]
        try:
            await service.start()
            await work(service, said)
        finally:
            await service.stop()

    asyncio.run(all_of_it())
    return said


def label(answers: Answers) -> str:
    return str(answers.top(answers.images[0], 1)[0]["label"])


async def until(true: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "never true"
        await asyncio.sleep(0.02)


def test_a_champion_answers_and_says_who_it_is(served: Served) -> None:
    release = served.release("one")
    served.promote(release)

    async def work(service: Service, _said: Said) -> None:
        answers = await service.answer(RECIPE, [picture("red"), b"none", picture("blue", kind="JPEG")])
        assert [bool(one.error) for one in answers.images] == [False, True, False]
        assert answers.images[1].error.startswith("not a readable image")
        assert [answers.top(answers.images[at], 1)[0]["label"] for at in (0, 2)] == ["red", "blue"]
        assert (answers.release.release, answers.release.proved, answers.canary) == (release, None, False)
        assert answers.release.since == served.champions.state(RECIPE).champion.since  # type: ignore[union-attr]
        assert answers.unsure(answers.images[0]) is False
        with pytest.raises(NotServed, match="no such recipe is served here; these are: colours"):
            await service.answer("others", [picture("red")])

    said = run(served.store.root, work)
    assert any("not proved" in line for line in said), "a champion of before there were golden images is said to be so"


def test_a_champion_that_gives_its_golden_answers_is_proved(served: Served) -> None:
    served.promote(served.release("one", golden=True))

    async def work(service: Service, said: Said) -> None:
        assert service.release_of(RECIPE).proved is True
        assert any("tflite-float32; 3 golden images" in line for line in said)

    run(served.store.root, work)


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (None, "open: colours: release [0-9a-f]{12}: tflite-float32; 3 golden images"),
        ({"format": "tflite-float32"}, "tflite-float32, as the recipe says; 3 golden images"),
        ({"format": "tflite-int8"}, "REFUSED: .*expected tflite-int8 among its exports, which are tflite-float32; run"),
    ],
)
def test_the_release_says_in_which_format_its_recipe_wants_it_to_answer(
    served: Served, says: dict[str, str] | None, words: str
) -> None:
    served.promote(served.release("other", recipe="another"), "another")  # so that there is something to serve
    served.promote(served.release("one", golden=True, serve=says))

    async def work(_service: Service, said: Said) -> None:
        assert any(re.search(words, line) for line in said)

    run(served.store.root, work)


def test_an_image_that_is_too_large_here_is_refused_and_proves_the_release_all_the_same(served: Served) -> None:
    served.promote(served.release("one", golden=True))

    async def work(service: Service, _said: Said) -> None:
        assert service.release_of(RECIPE).proved is True
        (found,) = (await service.answer(RECIPE, [picture("red")])).images
        assert "over the limit of 1e-05" in found.error

    run(served.store.root, work, most_megapixels=1e-5)


def test_what_is_left_of_golden_images_that_were_forgotten_proves_a_release_and_nothing_of_them_takes_it(
    served: Served,
) -> None:
    one, none = served.release("one", golden=True), served.release("wrong", MIXED_UP, golden=True)
    left = served.release("none left", golden=True)
    served.store.blob_path(sha256_bytes(picture("red"))).unlink()
    served.promote(one)

    async def work(service: Service, said: Said) -> None:
        assert service.release_of(RECIPE).proved is True
        assert any("tflite-float32; 2 golden images, 1 no longer stored" in line for line in said)
        served.promote(none)
        await until(lambda: service.line(RECIPE).refused)
        assert "expected blue (0.9" in service.line(RECIPE).refused[none]
        for colour in ("green", "blue"):
            served.store.blob_path(sha256_bytes(picture(colour))).unlink()
        served.promote(left)
        await until(lambda: service.release_of(RECIPE).proved is None)

    run(served.store.root, work)


def test_golden_images_that_nobody_can_read_refuse_their_release_alone(served: Served) -> None:
    good, bad = served.release("good", golden=True), served.release("bad", golden=True, told={"images": [{}]})
    served.promote(good)

    async def work(service: Service, _said: Said) -> None:
        served.promote(bad)
        await until(lambda: service.line(RECIPE).refused)
        assert "golden.json: expected images and answers to them" in service.line(RECIPE).refused[bad]
        served.roll_back()
        await until(lambda: not service.line(RECIPE).refused)  # who is champion is still looked at

    run(served.store.root, work)


def test_promotion_and_rollback_are_taken_while_requests_go_on_and_none_is_mixed_up(served: Served) -> None:
    right, wrong = served.release("right"), served.release("mixed up", MIXED_UP)
    served.promote(right)
    expected = {right: "red", wrong: "blue"}

    async def work(service: Service, _said: Said) -> None:
        answered: list[str] = []
        stop = asyncio.Event()

        async def client() -> None:
            while not stop.is_set():
                answers = await service.answer(RECIPE, [picture("red")])
                assert label(answers) == expected[answers.release.release]
                answered.append(answers.release.release)

        clients = [asyncio.create_task(client()) for _ in range(4)]
        for turn in range(6):
            (served.promote if turn % 2 == 0 else lambda _: served.roll_back())(wrong)
            now = wrong if turn % 2 == 0 else right
            # What was begun two swaps ago may be answered only now, and by the same release.
            await until(lambda now=now: service.release_of(RECIPE).release == now)
            before = len(answered)
            await until(lambda now=now, before=before: now in answered[before:])
        stop.set()
        await asyncio.gather(*clients)
        assert service.line(RECIPE).swaps == 6
        assert service.pool.lost == 0

    run(served.store.root, work, RECIPE, workers=2)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"data": b"no model"}, "LiteRT does not open it"),
        ({"labels": ("red", "green", "blue")}, "expected the labels"),
        ({"order": MIXED_UP, "golden": True}, "expected blue (0.9"),
    ],
    ids=["no model", "permuted labels", "permuted answers"],
)
def test_a_release_that_cannot_answer_is_not_taken_and_the_old_one_stays_loudly(
    served: Served, fault: dict[str, object], words: str
) -> None:
    good, bad = served.release("good"), served.release("bad", **fault)  # type: ignore[arg-type]
    served.promote(good)

    async def work(service: Service, said: Said) -> None:
        served.promote(bad)
        await until(lambda: service.line(RECIPE).refused)
        answers = await service.answer(RECIPE, [picture("green")])
        assert (label(answers), answers.release.release) == ("green", good)
        refused = service.line(RECIPE).as_json()["refused"]
        assert list(refused) == [bad]
        assert words in refused[bad]
        assert any("REFUSED" in line and good[:12] in line for line in said)
        served.roll_back()
        await until(lambda: not service.line(RECIPE).refused)
        assert service.ready
        assert service.line(RECIPE).swaps == 0

    run(served.store.root, work, RECIPE)


def test_what_answered_before_stays_open_and_what_came_before_that_is_let_go(served: Served) -> None:
    releases = [served.release(str(number), order) for number, order in enumerate((RIGHT, MIXED_UP, (1, 2, 0)))]
    served.promote(releases[0])

    async def work(service: Service, _said: Said) -> None:
        line = service.line(RECIPE)
        for release in (*releases[1:], *releases):  # each again after it was let go
            served.promote(release)
            await until(lambda release=release: line.current.release == release)
            assert label(await service.answer(RECIPE, [picture("red")])) in ("red", "blue", "green")
        with pytest.raises(NotServed):
            line.named(releases[0])
        folders = [path.name for path in line.folder.iterdir()]
        await until(lambda: len(list(line.folder.iterdir())) == 2)
        assert any(releases[2][:16] in name for name in folders)

    run(served.store.root, work, RECIPE)


def test_every_recipe_with_a_champion_is_served_and_those_that_get_one_later(served: Served) -> None:
    served.promote(served.release("one"))

    async def work(service: Service, _said: Said) -> None:
        assert service.recipes == [RECIPE]
        served.promote(served.release("other", recipe="others"), "others")
        await until(lambda: service.recipes == [RECIPE, "others"] and service.ready)

    run(served.store.root, work)


def test_a_pin_is_seen(served: Served) -> None:
    from storage.champions import Event

    release = served.release("one")
    served.promote(release)

    async def work(service: Service, _said: Said) -> None:
        seen = served.champions.state(RECIPE)
        assert seen.champion
        served.champions.commit(RECIPE, seen, Event("pinned", release, seen.champion.model, "as the test says"))
        await until(lambda: service.line(RECIPE).as_json()["pinned"])

    run(served.store.root, work, RECIPE)


def test_without_a_champion_there_is_nothing_to_serve_and_that_is_said(served: Served) -> None:
    served.release("one")

    async def never(_service: Service, _said: Said) -> None:
        raise AssertionError("it started")

    with pytest.raises(BadInput, match="expected a champion of colours"):
        run(served.store.root, never, RECIPE)


def test_listeners_are_told_after_the_answer_and_a_failing_one_breaks_nothing(served: Served) -> None:
    served.promote(served.release("one"))
    heard: list[Asked] = []

    async def listener(asked: Asked) -> None:
        heard.append(asked)

    async def failing(_asked: Asked) -> None:
        raise ValueError("no")

    async def work(service: Service, said: Said) -> None:
        service.listeners += [failing, listener]
        await service.answer(RECIPE, [picture("red")])
        await service.answer(RECIPE, [picture("red")], service.release_of(RECIPE).release)  # nobody is told of this one
        await until(lambda: heard and any("ValueError: no" in line for line in said))
        assert [asked.images for asked in heard] == [[picture("red")]]

    run(served.store.root, work, RECIPE)


def test_somebody_may_choose_which_open_release_answers(served: Served) -> None:
    champion, other = served.release("champion"), served.release("other", MIXED_UP)
    served.promote(champion)

    async def work(service: Service, _said: Said) -> None:
        await service.line(RECIPE).hold(other)
        service.choose = lambda _recipe, images: other if images[0] == picture("red") else None
        chosen, usual = [await service.answer(RECIPE, [picture(colour)]) for colour in ("red", "green")]
        assert (chosen.release.release, chosen.canary, label(chosen)) == (other, True, "blue")
        assert (usual.release.release, usual.canary) == (champion, False)

    run(served.store.root, work, RECIPE)

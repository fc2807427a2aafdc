"""runs.serving.trying.trial: real workers, a challenger that mixed two classes up, shadow and canary."""

import asyncio
import json
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from served import MIXED_UP, RECIPE, Served, picture

from evergreen.errors import BadInput
from runs.serving.answers import Asked
from runs.serving.service import Service
from runs.serving.settings import Settings
from runs.serving.trying import trial as module
from runs.serving.trying.trial import Trial, Tried

Work = Callable[[Service, Trial], Awaitable[None]]


def tried(root: Path, what: Tried, work: Work | None = None) -> list[str]:
    said: list[str] = []

    async def all_of_it() -> None:
        service = Service(Settings(root, (RECIPE,), workers=1), said.append)
        try:
            await service.start()
            trial = Trial(service, what, said.append)
            await trial.start()
            if work:
                await work(service, trial)
            await trial.stop()
        finally:
            await service.stop()

    asyncio.run(all_of_it())
    return said


async def until(true: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "never true"
        await asyncio.sleep(0.02)


def images(trial: Trial) -> int:
    return sum(pair.images for pair in trial.shadow.all())


def test_a_shadow_answers_nobody_and_its_report_says_where_it_differs(served: Served, tmp_path: Path) -> None:
    champion, other = served.release("champion"), served.release("other", MIXED_UP)
    served.promote(champion)

    async def work(service: Service, trial: Trial) -> None:
        for colour in ("red", "green", "blue", "green"):
            answers = await service.answer(RECIPE, [picture(colour)])
            assert (answers.release.release, answers.canary) == (champion, False)
        await until(lambda: images(trial) == 4)
        registry = CollectorRegistry()
        registry.register(trial)
        text = generate_latest(registry).decode()
        about = f'challenger="{other[:12]}",champion="{champion[:12]}"'
        for outcome in ("agreed", "differed"):
            assert f'evergreen_shadow_images_total{{{about},outcome="{outcome}",recipe="colours"}} 2.0' in text
        assert "evergreen_shadow_compute_seconds_total" in text

    said = tried(served.store.root, Tried((other[:12],), folder=tmp_path / "reports"), work)
    assert said[-1].startswith("shadow: colours: they agree on 50.00 % of 4 images: ")
    page = Path(said[-1].rpartition(": ")[2])
    assert page.is_relative_to(tmp_path / "reports")
    assert page.is_file()
    (pair,) = json.loads((page.parent / "shadow.json").read_text(encoding="utf-8"))["compared"]
    assert [(row["label"], row["instead"]) for row in pair["classes"]] == [
        ("blue", {"red": 1}),
        ("green", {}),
        ("red", {"blue": 1}),
    ]
    assert pair["challenger"]["release"] == other


def test_a_canary_answers_its_share_and_says_so_and_is_compared_as_well(served: Served) -> None:
    champion, other = served.release("champion"), served.release("other", MIXED_UP)
    served.promote(champion)
    heard: list[Asked] = []

    async def listen(asked: Asked) -> None:
        heard.append(asked)

    async def work(service: Service, trial: Trial) -> None:
        service.listeners.append(listen)
        sizes = [(20 + number, 12) for number in range(30)]
        by: dict[bytes, str] = {}
        for _ in range(2):
            for size in sizes:
                data = picture("red", size)
                answers = await service.answer(RECIPE, [data])
                expected = (other, True, "blue") if answers.canary else (champion, False, "red")
                label = answers.top(answers.images[0], 1)[0]["label"]
                assert (answers.release.release, answers.canary, label) == expected
                assert by.setdefault(data, answers.release.release) == answers.release.release
        assert set(by.values()) == {champion, other}
        await until(lambda: images(trial) == 60)
        assert len(heard) == 60, "what a shadow asks is told nobody"
        (pair,) = trial.shadow.all()
        assert (pair.agreed, pair.as_json()["classes"][0]["label"]) == (0, "red")
        served.promote(other)
        await until(lambda: service.release_of(RECIPE).release == other)
        answers = [await service.answer(RECIPE, [picture("red", size)]) for size in sizes]
        assert not any(one.canary for one in answers), "it is the champion now"

    said = tried(served.store.root, Tried((other,), 0.5), work)
    (first,) = [words for words in said if f"challenger {other[:12]} answers 50% and is compared: " in words]
    assert Path(first.rpartition(": ")[2]).is_file()


def test_reports_are_written_now_and_then_and_what_cannot_be_written_is_said(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WRITE_SECONDS", 0.05)
    served.promote(served.release("champion"))
    other = served.release("other", MIXED_UP)

    async def work(service: Service, trial: Trial) -> None:
        await until(lambda: list((tmp_path / "reports").glob("*/shadow.html")))
        await service.answer(RECIPE, [picture("red")])
        await until(lambda: '"images": 1' in next((tmp_path / "reports").glob("*/shadow.json")).read_text("utf-8"))

    tried(served.store.root, Tried((other,), folder=tmp_path / "reports"), work)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(BadInput, match=r"the report cannot be written: .*--shadow-report"):
        tried(served.store.root, Tried((other,), folder=tmp_path / "file"))

    async def spoil(service: Service, _trial: Trial) -> None:
        shutil.rmtree(tmp_path / "later")
        (tmp_path / "later").write_text("", encoding="utf-8")
        await service.answer(RECIPE, [picture("red")])

    said = tried(served.store.root, Tried((other,), folder=tmp_path / "later"), spoil)
    assert "the report cannot be written" in said[-1]


def test_a_challenger_that_cannot_answer_is_refused_before_anything_is_served(served: Served) -> None:
    served.promote(served.release("champion"))
    elsewhere = served.release("elsewhere", recipe="others")
    with pytest.raises(BadInput, match="is of others, which is not served: colours"):
        tried(served.store.root, Tried((elsewhere,)))
    broken = served.release("broken", data=b"no model")
    with pytest.raises(BadInput, match="of colours is refused"):
        tried(served.store.root, Tried((broken,)))

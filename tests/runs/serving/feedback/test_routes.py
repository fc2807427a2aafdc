"""runs.serving.feedback.routes: POST /feedback, asked as anybody may ask it."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from kept_answers import asked, digest, release
from prometheus_client import CollectorRegistry, generate_latest

from runs.serving.answers import Answers, NotServed, Release
from runs.serving.feedback import routes as module
from runs.serving.feedback.counts import Counts
from runs.serving.feedback.keeper import Keeper
from runs.serving.feedback.log import Log
from runs.serving.feedback.routes import MOST_BYTES, Limit, routes

X = digest(b"x")
SAID = {"recipe": "pets", "sha256": X, "label": "dog"}


class Service:
    """Serves one recipe."""

    recipes = ("pets",)

    def release_of(self, recipe: str) -> Release:
        if recipe != "pets":
            raise NotServed("no such recipe is served here")
        return release()

    async def answer(self, recipe: str, images: Any) -> Answers:
        raise AssertionError("nobody is asked")


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    keeper = Keeper(tmp_path, share=1.0)
    keeper.hear(asked(b"x"))
    keeper.close()
    return keeper


@pytest.fixture
def client(keeper: Keeper) -> TestClient:
    app = FastAPI()
    app.include_router(routes(keeper, Service()))
    return TestClient(app)


def test_a_truth_is_kept_once_and_trains_nothing(client: TestClient, keeper: Keeper) -> None:
    first = client.post("/feedback", json={**SAID, "by": "Anna"})
    assert first.status_code == 200
    told = first.json()
    assert (told["label"], told["new"], told["trains"]) == ("dog", True, "not before a person confirmed it")
    again = client.post("/feedback", json={**SAID, "by": "Anna"})
    assert again.json() == {**told, "new": False}
    assert len(list(Log(keeper.root, "pets").lines("truths"))) == 1
    assert client.post("/feedback", json={**SAID, "label": "zebra", "new_class": True}).json()["new_class"]


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({**SAID, "sha256": digest(b"y")}, 404, "no answer about an image"),
        ({**SAID, "recipe": "plants"}, 404, "no such recipe"),
        ({**SAID, "recipe": "../pets"}, 404, "no such recipe"),
        ({**SAID, "sha256": "../../x"}, 422, "expected a SHA-256"),
        ({**SAID, "label": "zebra"}, 422, "expected a class of the model (cat, dog)"),
        ({**SAID, "label": "../../x", "new_class": True}, 422, "expected the name of a class"),
        ({**SAID, "by": "x" * 101}, 422, "by: expected up to 100"),
        ({**SAID, "new_class": 1}, 422, "new_class: expected true or false"),
        ({**SAID, "label": None}, 422, "label: expected a text"),
        ({**SAID, "path": "x"}, 422, "received 'path'"),
        ({"recipe": "pets", "sha256": X}, 422, "label is missing"),
        ([SAID], 400, "expected an object"),
        ("text", 400, "expected an object"),
    ],
)
def test_what_is_no_truth_is_answered_with_what_was_expected(
    client: TestClient, keeper: Keeper, said: Any, status: int, words: str
) -> None:
    found = client.post("/feedback", json=said)
    assert (found.status_code, words in found.json()["error"]) == (status, True)
    assert list(Log(keeper.root, "pets").lines("truths")) == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 3000, "application/json", 400),
        (
            b'{"recipe": "pets", "sha256": "%s", "label": "\\ud800", "new_class": true}' % X.encode(),
            "application/json",
            422,
        ),
        (json.dumps(SAID).encode(), "text/plain", 415),
        (json.dumps(SAID).encode(), "application/x-www-form-urlencoded", 415),
        (b" " * (MOST_BYTES + 1), "application/json", 413),
    ],
    ids=["half", "no UTF-8", "deep", "half a letter", "text", "form", "large"],
)
def test_malformed_bodies_are_refused(client: TestClient, body: bytes, kind: str, status: int) -> None:
    assert client.post("/feedback", content=body, headers={"Content-Type": kind}).status_code == status


def test_it_is_asked_so_often_and_no_more(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 2)
    monkeypatch.setattr(module, "PER_SECOND", 0.001)
    app = FastAPI()
    app.include_router(routes(Keeper(Path(client.base_url.path or "/tmp") / "none"), Service()))  # noqa: S108
    hurried = TestClient(app)
    assert [hurried.post("/feedback", json=SAID).status_code for _ in range(3)] == [404, 404, 429]
    assert hurried.post("/feedback", json=SAID).headers["Retry-After"] == "1"


def test_a_limit_lets_through_what_time_gives_back() -> None:
    time = [0.0]
    limit = Limit(2, 3, lambda: time[0])
    assert [limit.passes() for _ in range(4)] == [True, True, True, False]
    time[0] = 0.5
    assert [limit.passes() for _ in range(2)] == [True, False]
    time[0] = 100
    assert [limit.passes() for _ in range(4)] == [True, True, True, False]


def test_a_disk_that_refuses_is_a_503(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Log, "append", full)
    found = client.post("/feedback", json=SAID)
    assert (found.status_code, found.json()["error"]) == (503, "the truth cannot be kept: No space left on device")


def test_metrics_read_what_the_keeper_counts(client: TestClient, keeper: Keeper) -> None:
    client.post("/feedback", json=SAID)
    registry = CollectorRegistry()
    registry.register(Counts(keeper))
    text = generate_latest(registry).decode()
    assert 'evergreen_kept_total{outcome="kept"} 1.0' in text
    assert 'evergreen_kept_total{outcome="truths"} 1.0' in text

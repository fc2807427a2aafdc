"""runs.serving.http.app: every way to send images, every way to be refused, and what is said of it."""

import asyncio
import base64
import hashlib
import os
import signal
from typing import Any

import pytest
from over_http import Asking, over_http
from served import RECIPE, Served, picture

RED, GREEN = picture("red"), picture("green", kind="JPEG")
PREDICT = f"/v1/recipes/{RECIPE}/predict"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture
def store(served: Served) -> Served:
    served.promote(served.release("one"))
    return served


def test_an_image_is_answered_with_all_that_the_issue_asks_for(store: Served) -> None:
    async def work(asking: Asking) -> None:
        answer = await asking.client.post(
            PREDICT, params={"top": 2}, content=RED, headers={"content-type": "image/png"}
        )
        assert answer.status_code == 200, answer.text
        said = answer.json()
        release = store.champions.current(RECIPE)
        assert (said["recipe"], said["release"], said["format"], said["proved"]) == (
            RECIPE,
            release,
            "tflite-float32",
            None,
        )
        assert (said["unsure_below"], said["canary"]) == (0.6, False)
        assert said["milliseconds"] > 0
        (one,) = said["predictions"]
        assert one["sha256"] == hashlib.sha256(RED).hexdigest()
        assert (one["top"][0]["label"], len(one["top"]), one["unsure"]) == ("red", 2, False)
        assert sum(one["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert answer.headers["x-content-type-options"] == "nosniff"
        (told,) = asking.told
        assert (told["recipe"], told["release"], told["images"], told["status"]) == (RECIPE, release[:12], 1, 200)  # type: ignore[index]

    over_http(store.store.root, work)


def test_several_images_come_as_multipart_or_json_and_a_bad_one_stops_no_other(store: Served) -> None:
    async def work(asking: Asking) -> None:
        files = [("files", ("<b>.png", RED, "image/png")), ("files", ("x", b"no", "")), ("files", ("ü", GREEN, ""))]
        multipart = await asking.client.post(PREDICT, files=files)
        images = [{"data": b64(RED), "name": "<b>.png"}, {"data": b64(b"no"), "name": "x"}, {"data": b64(GREEN)}]
        as_json = await asking.client.post(PREDICT, json={"images": images, "top": 1})
        for answer, last in ((multipart, "ü"), (as_json, None)):
            assert answer.status_code == 200, answer.text
            one, bad, other = answer.json()["predictions"]
            assert (one["image"], bad["image"], other["image"]) == ("<b>.png", "x", last)
            assert (one["top"][0]["label"], other["top"][0]["label"]) == ("red", "green")
            assert bad["error"].startswith("not a readable image")
        assert len(as_json.json()["predictions"][0]["top"]) == 1

    over_http(store.store.root, work)


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (422, {"content": b"none"}),
        (422, {"content": b""}),
        (400, {"content": b"{", "headers": {"content-type": "application/json"}}),
        (400, {"content": b"[" * 100_000, "headers": {"content-type": "application/json"}}),
        (400, {"json": {"images": []}}),
        (400, {"json": {"images": [{"data": "no base64"}]}}),
        (400, {"json": {"images": [{"data": "AAAA", "name": 1}]}}),
        (400, {"json": {"images": [{"data": None}]}}),
        (400, {"json": {"images": [{"data": "AAAA"}] * 9}}),
        (400, {"json": {"images": [{"data": "AAAA"}], "top": "many"}}),
        (400, {"content": RED, "params": {"top": "0"}}),
        (400, {"content": RED, "params": {"top": "-1"}}),
        (400, {"content": b"x", "headers": {"content-type": "multipart/form-data"}}),
        (400, {"content": b"x", "headers": {"content-type": "multipart/form-data; boundary=b"}}),
        (400, {"content": b"--b\r\n\r\n--b--", "headers": {"content-type": "multipart/form-data; boundary=b"}}),
        (400, {"data": {"files": "text"}, "files": {}}),
        (415, {"content": RED, "headers": {"content-type": "text/html"}}),
        (413, {"content": b"x" * 100_001}),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_no_request_is_refused_with_a_reason(store: Served, status: int, request_: dict[str, Any]) -> None:
    async def work(asking: Asking) -> None:
        if "data" in request_:
            request_["headers"] = {"content-type": "text/plain"}
        answer = await asking.client.post(PREDICT, **request_)
        assert answer.status_code == (415 if "data" in request_ else status), answer.text
        said = answer.json()
        assert said.get("error") or said["predictions"][0]["error"]
        assert (await asking.client.post(PREDICT, content=RED)).status_code == 200

    over_http(store.store.root, work, most_bytes=100_000, most_images=8)


def test_other_addresses_and_methods_are_said_to_be_none(store: Served) -> None:
    async def work(asking: Asking) -> None:
        for method, path, status in (
            ("GET", PREDICT, 405),
            ("POST", "/v1/recipes/none/predict", 404),
            ("POST", "/v1/recipes/..%2f..%2fetc/predict", 404),
            ("GET", "/docs/none", 404),
            ("GET", "/v1/recipes/none", 404),
        ):
            answer = await asking.client.request(method, path)
            assert (path, answer.status_code) == (path, status)
            assert answer.json()["error"]

    over_http(store.store.root, work)


def test_it_tells_what_is_served_and_whether_it_is_ready(store: Served) -> None:
    async def work(asking: Asking) -> None:
        (one,) = (await asking.client.get("/v1/recipes")).json()
        assert one == (await asking.client.get(f"/v1/recipes/{RECIPE}")).json()
        assert (one["classes"], one["refused"], one["pinned"]) == (["blue", "green", "red"], {}, False)
        assert (await asking.client.get("/health/live")).json() == {"live": True}
        assert (await asking.client.get("/health/ready")).status_code == 200
        page = (await asking.client.get("/openapi.json")).json()
        bodies = page["paths"]["/v1/recipes/{recipe}/predict"]["post"]["requestBody"]["content"]
        assert set(bodies) == {"image/*", "application/octet-stream", "multipart/form-data", "application/json"}

    over_http(store.store.root, work)


def test_a_full_line_is_429_with_retry_after_and_a_lost_worker_503(store: Served) -> None:
    async def work(asking: Asking) -> None:
        (pid,) = asking.service.pool.pids
        os.kill(pid, signal.SIGSTOP)
        first = [asyncio.create_task(asking.client.post(PREDICT, content=RED))]
        async with asyncio.timeout(20):
            while asking.service.idle:
                await asyncio.sleep(0.01)
            first += [asyncio.create_task(asking.client.post(PREDICT, content=RED)) for _ in range(2)]
            while asking.service.pool.waiting < 2:
                await asyncio.sleep(0.01)
        full = await asking.client.post(PREDICT, content=RED)
        assert (full.status_code, full.headers["retry-after"]) == (429, "1")
        assert "2 images wait already" in full.json()["error"]
        os.kill(pid, signal.SIGKILL)
        statuses = sorted(answer.status_code for answer in await asyncio.gather(*first))
        assert statuses == [200, 200, 503]

    over_http(store.store.root, work, most_waiting=2)


def test_a_request_that_takes_too_long_is_504(store: Served) -> None:
    async def work(asking: Asking) -> None:
        (pid,) = asking.service.pool.pids
        os.kill(pid, signal.SIGSTOP)
        answer = await asking.client.post(PREDICT, content=RED)
        os.kill(pid, signal.SIGCONT)
        assert (answer.status_code, "0.3 s" in answer.json()["error"]) == (504, True)

    over_http(store.store.root, work, seconds=0.3)


def test_an_image_of_more_megapixels_than_the_service_takes_is_refused_though_its_recipe_would_take_it(
    store: Served,
) -> None:
    async def work(asking: Asking) -> None:
        answer = await asking.client.post(PREDICT, content=picture("red", (300, 200)))
        assert (answer.status_code, answer.json()["predictions"][0]["error"]) == (
            422,
            "0 megapixels, over the limit of 0.05",
        )

    over_http(store.store.root, work, most_megapixels=0.05)


def test_metrics_count_requests_answers_classes_and_say_which_release(store: Served) -> None:
    async def work(asking: Asking) -> None:
        for data in (RED, RED, GREEN, b"none"):
            await asking.client.post(PREDICT, content=data)
        await asyncio.sleep(0.05)
        text = (await asking.client.get("/metrics")).text
        release = (store.champions.current(RECIPE) or "")[:12]
        for line in (
            f'evergreen_requests_total{{route="{PREDICT.replace(RECIPE, "{recipe}")}",status="200"}} 3.0',
            f'evergreen_images_total{{outcome="refused",recipe="{RECIPE}",release="{release}"}} 1.0',
            f'evergreen_answers_total{{label="red",recipe="{RECIPE}"}} 2.0',
            "evergreen_workers 1.0",
            "evergreen_waiting_images 0.0",
        ):
            assert line in text
        assert f'proved="unknown",recipe="{RECIPE}",release="{release}"' in text

    over_http(store.store.root, work)

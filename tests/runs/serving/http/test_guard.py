"""runs.serving.http.guard: no page of another site asks, nobody without the token does, and probes always may."""

import base64
from pathlib import Path

import pytest
from over_http import Asking, over_http
from served import RECIPE, Served, picture

from evergreen.errors import BadInput
from runs.serving.http.guard import read_token

TOKEN = "a-token-of-32-letters-and-digits"  # noqa: S105 - of a test
PREDICT = f"/v1/recipes/{RECIPE}/predict"


@pytest.fixture
def store(served: Served) -> Served:
    served.promote(served.release("one"))
    return served


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:8080"}, 200),
        ({"host": "[::1]:8080"}, 200),
        ({"host": "10.0.0.7"}, 200),
        ({"host": "serving.example"}, 200),
        ({"host": "evil.example"}, 403),
        ({"host": ""}, 403),
        ({"host": "[::1"}, 403),
        ({"origin": "http://127.0.0.1:8080"}, 200),
        ({"origin": "https://serving.example", "host": "serving.example"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:3000"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
    ],
    ids=str,
)
def test_who_is_addressed_and_which_page_asks(store: Served, headers: dict[str, str], status: int) -> None:
    async def work(asking: Asking) -> None:
        answer = await asking.client.post(PREDICT, content=picture("red"), headers=headers)
        assert answer.status_code == status, answer.text
        if status != 200:
            assert answer.json()["error"]
            assert asking.told[-1]["status"] == status

    over_http(store.store.root, work, names=frozenset({"serving.example"}))


def test_with_a_token_everything_but_the_probes_lies_behind_it(store: Served) -> None:
    basic = base64.b64encode(f"me:{TOKEN}".encode()).decode()

    async def work(asking: Asking) -> None:
        for path in ("/metrics", "/openapi.json", "/docs", "/v1/recipes", "/feedback", "/v2", "/none"):
            assert (await asking.client.get(path)).status_code == 401, path
        refused = await asking.client.post(PREDICT, content=picture("red"))
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic "), "Chromium reads the first of a line alone"
        for path in ("/health/live", "/health/ready"):
            assert (await asking.client.get(path, headers={"host": "anything"})).status_code == 200, path
        for given, status in (
            (f"Bearer {TOKEN}", 200),
            (f"bearer  {TOKEN}", 200),
            (f"Basic {basic}", 200),
            (f"Bearer {TOKEN[:-1]}", 401),
            ("Bearer ", 401),
            ("Bearer", 401),
            ("Basic !!", 401),
            (f"Digest {TOKEN}", 401),
            (f"Bearer {TOKEN}ü", 401),
        ):
            answer = await asking.client.get("/metrics", headers={"authorization": given.encode()})
            assert (given, answer.status_code) == (given, status)
        assert TOKEN not in str(asking.told)

    over_http(store.store.root, work, token=TOKEN)


def test_a_token_is_read_from_a_file_that_nobody_else_may_read(tmp_path: Path) -> None:
    path = tmp_path / "token"
    with pytest.raises(BadInput, match="cannot be read"):
        read_token(path)
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o640)
    with pytest.raises(BadInput, match="expected mode 0600, found 0640"):
        read_token(path)
    path.chmod(0o600)
    assert read_token(path) == TOKEN
    for short in ("", "short", "with spaces in the middle of it", "ümlaute-sind-keine-zeichen-hier"):
        path.write_text(short)
        with pytest.raises(BadInput, match="expected 16 or more letters and digits"):
            read_token(path)

"""runs.serving.http.docs_page: it names every address, and asks nobody else for anything."""

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from runs.serving.http.docs_page import routes


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = FastAPI(docs_url=None, redoc_url=None)
    app.include_router(routes())
    with TestClient(app) as made:
        yield made


def test_all_that_it_loads_is_here(client: TestClient) -> None:
    page = client.get("/docs")
    loaded = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', page.text)
    assert loaded == ["docs/swagger-ui.css", "docs/swagger-ui-bundle.js", "docs/start.js"]
    for path in loaded:
        answer = client.get(f"/{path}")
        assert (path, answer.status_code, len(answer.content) > 100) == (path, 200, True)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http" not in page.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["main.py", "..%2fmain.py", "%2e%2e/main.py", "swagger-ui.css%00"])
def test_nothing_else_is(client: TestClient, name: str) -> None:
    answer: httpx.Response = client.get(f"/docs/{name}")
    assert answer.status_code == 404

"""flows.deploying: the work pool is there once, whoever makes it at the same moment; a failure is said in one line."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from station import PROJECT

from evergreen.errors import BadInput


def _ensure(name: str) -> str:
    from prefect.client.orchestration import get_client

    from flows.deploying import ensure_pool

    with get_client(sync_client=True) as client:
        return ensure_pool(client, name)


def test_prefect_yaml_names_the_pool_of_make_worker() -> None:
    from flows.deploying import pools

    assert pools() == ["evergreen"]
    assert "POOL := evergreen\n" in (PROJECT / "Makefile").read_text(encoding="utf-8")


def test_many_at_once_make_one_pool(prefect_server: str) -> None:
    with ThreadPoolExecutor(6) as several:
        told = list(several.map(lambda _: _ensure("many-at-once"), range(6)))
    assert sorted(told) == ["as it was"] * 5 + ["made"]
    assert _ensure("many-at-once") == "as it was"


def test_a_pool_of_another_type_is_refused(prefect_server: str) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate

    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name="of-containers", type="docker"))
    with pytest.raises(BadInput, match="of type process, the server has one of type docker: delete it"):
        _ensure("of-containers")


class _Contrary:
    """A server that says that a pool exists when it is made, and that it does not when it is read; then busy."""

    def __init__(self) -> None:
        self.answers = ["absent", "busy", "absent", "there"]

    def read_work_pool(self, name: str) -> Any:
        from prefect.client.schemas.objects import WorkPool
        from prefect.exceptions import ObjectNotFound

        answer = self.answers.pop(0)
        if answer == "absent":
            raise ObjectNotFound(http_exc=Exception("404"))
        if answer == "busy":
            request = httpx.Request("GET", "http://127.0.0.1/api")
            raise httpx.HTTPStatusError("503", request=request, response=httpx.Response(503, request=request))
        return WorkPool.model_construct(name=name, type="process")

    def create_work_pool(self, pool: Any) -> None:
        from prefect.exceptions import ObjectAlreadyExists

        assert pool.base_job_template["job_configuration"]
        raise ObjectAlreadyExists(http_exc=Exception("409"))


def test_a_server_that_contradicts_itself_for_a_moment_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import deploying

    monkeypatch.setattr("time.sleep", lambda _: None)
    client: Any = _Contrary()
    assert deploying.ensure_pool(client, "evergreen") == "as it was"
    assert client.answers == []


@pytest.mark.parametrize("more", [{}, {"ALL_PROXY": "socks5://127.0.0.1:9"}], ids=["none", "SOCKS"])
def test_without_a_server_one_line_says_what_to_do(more: dict[str, str]) -> None:
    environment = os.environ | {"PREFECT_API_URL": "http://me:f00dplanted@127.0.0.1:9/api"} | more
    command = [sys.executable, "-m", "flows.deploying"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=PROJECT, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "at http://127.0.0.1:9/api to take the deployments" in done.stderr
    assert "make dashboard" in done.stderr


def test_a_server_on_this_machine_is_not_asked_through_a_proxy(
    prefect_server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from flows import deploying

    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "corp.example")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    heard: list[str] = []
    monkeypatch.setattr(deploying, "_deploy", lambda: heard.append(os.environ["no_proxy"]))  # for its child, too
    monkeypatch.setattr(deploying.subprocess, "run", lambda *_, **__: None)
    monkeypatch.setattr(deploying.automations, "main", lambda: None)
    deploying.main()
    assert capsys.readouterr().out.startswith("work pool 'evergreen': ")
    assert heard == ["corp.example,127.0.0.1,localhost,::1"]

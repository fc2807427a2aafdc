"""flows.deploying: the work pool is there once, whoever makes it at the same moment; a failure is said in one line."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
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


_FRAME = '  File "client.py", line 1, in send\n    response.raise_for_status()\n    ^^^^^^^^\n'
_TRACEBACK = f"Traceback (most recent call last):\n{_FRAME * 9}"
_LOCKED = f"{_TRACEBACK}prefect.PrefectHTTPStatusError: Server error '503 Service Unavailable' for url 'http://x/api'\n"


def _answers(monkeypatch: pytest.MonkeyPatch, *answers: tuple[int, str, str]) -> list[tuple[int, str, str]]:
    """Let Prefect's command end so, one call after the other; return what is left of the answers."""
    left = list(answers)
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(
        "flows.deploying.subprocess.run", lambda command, **_: subprocess.CompletedProcess(command, *left.pop(0))
    )
    return left


def test_deployments_wait_for_a_busy_database(monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import deploying

    locked = (1, "", f"{_TRACEBACK}sqlite3.OperationalError: database is locked\n")
    left = _answers(monkeypatch, (1, "Deploying", _LOCKED), locked, (0, "Deployed", ""))
    deploying._deploy(0)
    assert left == []


def test_a_database_that_stays_busy_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from flows import deploying

    left = _answers(monkeypatch, *[(1, "", _LOCKED)] * 4)
    with pytest.raises(SystemExit):
        deploying._deploy(0)
    assert len(left) == 1
    assert capsys.readouterr().err.endswith("The server stayed busy: run this again, it is safe to repeat.\n")


@pytest.mark.parametrize(
    ("out", "err", "first"),
    [
        ("", f"{_TRACEBACK}ValueError: no pool\n" + "a warning\n" * 99, "ValueError: no pool"),
        ("", f"{_TRACEBACK}OSError: 1\n\nDuring\n\n{_TRACEBACK}KeyError\nmore\n", "KeyError"),
        (f"{_TRACEBACK}TypeError: of stdout\n", "a warning\n" * 99, "TypeError: of stdout"),
        ("prefect.yaml is not there\n", "a warning\n" * 99, "prefect.yaml is not there"),
        (
            "",
            f"{_TRACEBACK}E: refused by 'http://me:f00dplanted@h/api?k=f00dplanted'\n",
            "E: refused by 'http://…@h/api?…'",
        ),
    ],
    ids=["before warnings", "the last of several", "in stdout", "without traceback", "with a secret"],
)
def test_the_reason_is_said_wherever_it_stood(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], out: str, err: str, first: str
) -> None:
    from flows import deploying

    assert _answers(monkeypatch, (1, out, err)) is not None
    with pytest.raises(SystemExit):
        deploying._deploy()
    said = capsys.readouterr().err
    assert said.splitlines()[0] == f"prefect deploy --all failed with code 1: {first}"
    assert said.count(first) == 1
    assert len(said.splitlines()) < 40
    assert "f00dplanted" not in said


class _Locked(BaseHTTPRequestHandler):
    """Prefect's answer where its database is locked."""

    def do_GET(self) -> None:
        self.send_response(503)
        self.end_headers()
        self.wfile.write(b'{"exception_message": "Service Unavailable"}')

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


def test_prefects_own_command_is_understood_where_the_server_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import deploying

    with HTTPServer(("127.0.0.1", 0), _Locked) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{server.server_port}/api")
        monkeypatch.setenv("PREFECT_CLIENT_MAX_RETRIES", "0")
        with pytest.raises(deploying._Refused) as refused:
            deploying._deploy_once()
        server.shutdown()
    assert refused.value.busy
    assert "Server error '503 Service Unavailable'" in str(refused.value).splitlines()[0]


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


def test_automations_wait_for_a_busy_database(prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import deploying

    request = httpx.Request("POST", "http://127.0.0.1/api")
    busy = httpx.HTTPStatusError("503", request=request, response=httpx.Response(503, request=request))
    answers: list[Exception | None] = [busy, None]

    def answer() -> None:
        if error := answers.pop(0):
            raise error

    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(deploying, "_deploy", lambda: None)
    monkeypatch.setattr(deploying.subprocess, "run", lambda *_, **__: None)
    monkeypatch.setattr(deploying.automations, "main", answer)
    deploying.main()
    assert answers == []

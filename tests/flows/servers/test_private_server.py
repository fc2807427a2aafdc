"""flows.servers.private_server: it may start slowly, or not at all, and takes nothing that was set for another."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prefect_settings import FILES, VARIABLES

from flows.servers import private_server as module
from flows.servers.named_server import NamedServer, ServerUnavailable
from flows.servers.private_server import PrivateServer

# Tells as server_process.py does, and then does what a test says.
FAKE = """
import json, os, signal, socket, sys, time
line = socket.socket(fileno=int(sys.argv[2]))
def tell(stage, modules, seconds):
    line.sendall(json.dumps(dict(stage=stage, modules=modules, seconds=seconds)).encode() + b"\\n")
"""


@contextmanager
def _running(
    folder: Path, body: str | None = None, log: Path | None = None
) -> Iterator[tuple[PrivateServer, list[str]]]:
    """Start a server (a fake one if a body is given), and end it."""
    said: list[str] = []
    program = module.PROGRAM
    if body is not None:
        program = folder / "fake.py"
        program.write_text(FAKE + body)
    server = PrivateServer(folder, log, said.append, program)
    try:
        yield server, said
    finally:
        server.stop()


def test_a_slow_start_is_waited_for_as_long_as_it_makes_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STALLED_SECONDS", 0.6)
    monkeypatch.setattr(module, "SAY_EVERY_SECONDS", 0.5)
    body = "for n in range(5): tell('importing', 100 + n, 0.5); time.sleep(0.3)\ntell('started', 105, 1); line.recv(1)"
    began = time.monotonic()
    with _running(tmp_path, body) as (server, said):
        server.ready()
    assert time.monotonic() - began > 1.5 > 0.6
    assert len(said) >= 2
    assert said[0].startswith("Prefect's private server is still starting: importing, 10")
    assert "modules and 0.5 s of processor time after" in said[0]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "tell('making or reading its database', 9, 2.0); sys.stderr.write('disk I/O error\\n'); sys.exit(3)",
            ["ended with exit code 3", "last seen: making or reading its database, 9 modules", "disk I/O error"],
        ),
        ("os.kill(os.getpid(), signal.SIGKILL)", ["ended with exit code -9", "It wrote nothing to "]),
        (
            "tell('importing', 9, 2.0)\nwhile True: time.sleep(0.1); tell('importing', 9, 2.0)",
            ["did nothing for 1 s", "last seen: importing"],
        ),
    ],
    ids=["fails", "killed", "hangs"],
)
def test_a_start_that_fails_says_what_was_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, expected: list[str]
) -> None:
    monkeypatch.setattr(module, "STALLED_SECONDS", 1.0)
    log = tmp_path / "log.txt"
    log.write_text("of an earlier run\n")
    saved = os.dup(1), os.dup(2)  # as commands.quiet does: the server inherits where this process's output goes
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        with _running(tmp_path, body, log) as (server, _), pytest.raises(ServerUnavailable) as failed:
            server.ready()
    finally:
        os.dup2(saved[0], 1)
        os.dup2(saved[1], 2)
        os.close(saved[0])
        os.close(saved[1])
    for part in [*expected, f"port {server.url.split(':')[2].split('/')[0]}", str(log)]:
        assert part in str(failed.value)
    assert "of an earlier run" not in str(failed.value)


def test_its_environment_holds_nothing_that_was_set_for_another_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    found = module._environment(tmp_path)
    assert not {name for name in VARIABLES if found.get(name) == VARIABLES[name]}
    assert {name for name in found if name.upper().startswith("PREFECT_")} == {
        "PREFECT_HOME", "PREFECT_PROFILES_PATH", "PREFECT_SERVER_ANALYTICS_ENABLED", "PREFECT_SERVER_UI_ENABLED",
        "PREFECT__SERVER_EPHEMERAL", "PREFECT__SERVER_FINAL",
    }  # fmt: skip
    assert found["PATH"] == os.environ["PATH"]


@pytest.mark.soak
def test_it_runs_with_prefects_own_defaults_whatever_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()
    with _running(home) as (server, said):
        server.ready()
        with httpx.Client(trust_env=False, timeout=60) as client:
            assert client.get(f"{server.url}/admin/version").status_code == 200  # asks for no password
            settings = client.get(f"{server.url}/admin/settings").json()
        pid = server._process.pid
        os.kill(pid, signal.SIGTERM)  # whoever stops all processes at once does not stop the server first
        os.kill(pid, signal.SIGINT)
        time.sleep(1)
        assert server.end_seen() is None
    assert said == []
    assert server._process.returncode == 0
    assert (settings["home"], settings["debug_mode"]) == (str(home), False)
    assert settings["server"]["api"]["auth_string"] is None
    assert (settings["server"]["api"]["port"], settings["server"]["logging_level"]) == (4200, "WARNING")
    assert settings["logging"]["level"] == "INFO"
    assert (home / "prefect.db").stat().st_size > 2**19


@pytest.mark.soak
def test_it_ends_with_its_command_at_any_moment_of_its_start(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from flows.servers.private_server import PrivateServer\n"
        "server = PrivateServer(Path(sys.argv[1]), None, print); print(server._process.pid, flush=True)\n"
        "server.ready() if sys.argv[2] == 'ready' else time.sleep(1); print('now', flush=True); time.sleep(600)"
    )
    for moment in ("starting", "ready"):
        command = [sys.executable, "-c", script, str(tmp_path), moment]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            pid = int(process.stdout.readline())
            assert process.stdout.readline() == "now\n"
            process.kill()
        _until(lambda pid=pid: not Path(f"/proc/{pid}").exists())


def _until(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_configured_server_is_named_and_if_it_does_not_answer_with_what_chose_it() -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    named = NamedServer("http://me:hidden@127.0.0.1:9/api", "the profile 'office'")
    said: list[str] = []
    with (
        temporary_settings({PREFECT_API_URL: named.url}),
        module.prefect_server(named, Path("none"), None, said.append) as answers,
        pytest.raises(ServerUnavailable) as failed,
    ):
        answers()
    assert said == ["runs on the server of the profile 'office' at http://127.0.0.1:9/api"]
    assert str(failed.value).startswith(
        "expected an answer from the server of the profile 'office' at http://127.0.0.1:9/api, received: "
    )
    assert str(failed.value).endswith("on a private server, put PREFECT_API_URL= (empty) before the command")
    assert "hidden" not in str(failed.value)


def test_prefects_clients_ask_this_machine_past_every_proxy(tmp_path: Path, prefect_server: str) -> None:
    script = (
        "import json, os, sys; from pathlib import Path; from flows.servers import prefect_home, private_server\n"
        "prefect_home.ask_loopback_directly(os.environ); private_server._import_prefect(Path(sys.argv[1]))\n"
        "from prefect.client.orchestration import get_client; from websockets.proxy import get_proxy\n"
        "from websockets.uri import parse_uri; import asyncio, requests\n"
        "async def ask():\n"
        "    async with get_client() as client: return await client.api_version()\n"
        "with get_client(sync_client=True) as client: versions = [client.api_version(), asyncio.run(ask())]\n"
        "proxies = requests.utils.get_environ_proxies('http://photos.example/a.zip')\n"
        "print(json.dumps([versions, get_proxy(parse_uri(sys.argv[2])), proxies]))"
    )
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    proxies = {"http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "socks5://127.0.0.1:9", "NO_PROXY": "corp.example"}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), prefect_server.replace("http:", "ws:")],
        capture_output=True, text=True, check=True, env=clean | proxies | {"PREFECT_API_URL": prefect_server},
    )  # fmt: skip
    versions, of_events, of_downloads = json.loads(done.stdout)
    assert len(versions) == 2
    assert all(versions)
    assert of_events is None
    assert of_downloads["http"] == "http://127.0.0.1:9"  # a download still goes through the user's proxy

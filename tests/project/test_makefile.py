"""The Makefile: what its targets put into the environment."""

import os
import re
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("target", ["dashboard", "worker", "deploy"])
@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({}, "127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "corp"}, "corp,127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "lost", "no_proxy": "*.corp"}, "*.corp,127.0.0.1,localhost,::1"),  # small letters win
        ({"no_proxy": "corp,*"}, "corp,*"),
    ],
)
def test_the_server_of_this_machine_is_asked_without_a_proxy(
    monkeypatch: pytest.MonkeyPatch, target: str, named: dict[str, str], expected: str
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    told = subprocess.run(
        ["make", "--print-data-base", "--dry-run", target], cwd=PROJECT, capture_output=True, text=True, check=False
    ).stdout
    found = dict(re.findall(rf"^{target}: (no_proxy|NO_PROXY) :?= (.*)$", told, re.MULTILINE))
    assert found == {"no_proxy": expected, "NO_PROXY": "$(no_proxy)"}


@pytest.mark.parametrize("target", ["dashboard", "worker", "deploy"])
@pytest.mark.parametrize(
    ("proxy", "left"), [("socks5h://127.0.0.1:9", ""), ("http://127.0.0.1:9", "http://127.0.0.1:9")]
)
def test_a_socks_proxy_that_prefects_client_stumbles_over_is_left_out(target: str, proxy: str, left: str) -> None:
    command = ["make", "--dry-run", target, "-o", ".venv/.ready", "-o", "node_modules/.ready"]
    recipe = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    first = re.search(r"^case .*? esac;", recipe, re.MULTILINE)
    assert first
    for name in ("ALL_PROXY", "all_proxy"):
        shell = ["sh", "-c", f'{first[0]} printf %s "${name}"']
        environment = {"PATH": os.environ["PATH"], name: proxy}
        assert subprocess.run(shell, env=environment, capture_output=True, text=True, check=True).stdout == left


@pytest.mark.parametrize(("given", "queues"), [([], ""), (["QUEUE=gpu"], " --work-queue gpu")])
def test_a_worker_serves_all_queues_or_the_one_that_is_named(given: list[str], queues: str) -> None:
    command = ["make", "--dry-run", "worker", *given, "-o", ".venv/.ready", "-o", "node_modules/.ready"]
    recipe = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert f"prefect worker start --pool evergreen --type process{queues}" in [
        line.partition(".venv/bin/")[2].strip() for line in recipe.splitlines()
    ]

"""Containerfile.serve and its lock: a service without what trains, as nobody in particular."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from served import RECIPE, Served, picture

PROJECT = Path(__file__).resolve().parents[2]
TEXT = re.sub(r"\\\n\s*", "", (PROJECT / "Containerfile.serve").read_text(encoding="utf-8"))
LINES = [line.split(maxsplit=1) for line in TEXT.splitlines() if line and not line.startswith("#")]


def said(word: str) -> list[str]:
    return [rest for first, rest in LINES if first == word]


def test_it_holds_the_program_and_the_services_lock_and_runs_as_a_number() -> None:
    copied = {name for rest in said("COPY") for name in rest.split()[:-1]}
    packages = {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {"tests"}
    assert packages | {"LICENSE", "README.md", "pyproject.toml", "requirements-serve.lock"} == copied
    first, second = (rest for rest in said("RUN") if "pip install" in rest)
    assert "--only-binary=:all: -r requirements-serve.lock" in first
    assert {"--no-index", "--no-deps", "--no-build-isolation"} <= set(second.split())
    assert said("USER") == ["10001:10001"]
    assert ":latest" not in said("FROM")[0]
    assert json.loads(said("ENTRYPOINT")[0]) == ["evergreen", "serve"]
    assert "--token-file" in json.loads(said("CMD")[0]), "whoever reaches a container is not this machine"


def test_the_base_of_both_images_is_one() -> None:
    worker = (PROJECT / "Containerfile").read_text(encoding="utf-8")
    assert f"FROM {said('FROM')[0]}\n" in worker


@pytest.mark.soak
def test_its_steps_in_a_bare_environment_make_a_service_that_answers(tmp_path: Path) -> None:
    """What the Containerfile runs, without the image: this needs the package registry, as make setup does."""
    python, program = tmp_path / "venv/bin/python", tmp_path / "program"
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*install, "--only-binary=:all:", "-r", "requirements-serve.lock"], cwd=PROJECT, check=True)
    program.mkdir()
    for name in (name for rest in said("COPY") for name in rest.split()[:-1]):
        subprocess.run(["cp", "-r", str(PROJECT / name), str(program)], check=True)
    bare = ["--no-index", "--no-deps", "--no-build-isolation", "--editable", "."]
    subprocess.run([*install, *bare], cwd=program, check=True)
    evergreen = str(python.with_name("evergreen"))
    served = Served(tmp_path / "store")
    served.promote(served.release("one", golden=True))
    environment = {**os.environ, "EVERGREEN_STORE": str(served.store.root), "HOME": str(tmp_path)}
    command = [evergreen, "serve", "--port", "0", "--workers", "1", "--access-log", "none"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr
            line = next(line for line in process.stderr if line.startswith("serves"))
            url = f"{line.split()[1]}/v1/recipes/{RECIPE}/predict"
            with urllib.request.urlopen(url, picture("red")) as answer:  # noqa: S310 - loopback
                told = json.loads(answer.read())
            assert (told["predictions"][0]["top"][0]["label"], told["proved"]) == ("red", True)
            with urllib.request.urlopen(f"{line.split()[1]}/docs") as page:  # noqa: S310 - loopback
                assert b"swagger-ui-bundle.js" in page.read()
        finally:
            process.terminate()
    for other in (["retrain", "digits"], ["predict", "x.png", "--recipe", RECIPE], ["check"]):
        done = subprocess.run([evergreen, *other], capture_output=True, text=True, env=environment, check=False)
        assert done.returncode in (1, 2), done.stdout
        assert "Traceback" not in done.stderr

"""Where requirements-serve.lock alone is installed: a service imports no more, other commands say what they lack."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PROJECT = Path(__file__).resolve().parents[2]
LOCK = (PROJECT / "requirements-serve.lock").read_text(encoding="utf-8")
PINS = [line for line in LOCK.splitlines() if re.match(r"[A-Za-z0-9]", line)]


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# As where only this lock is installed: all else is hidden. What is imported only where it is there is not missed.
_BARE = """
import importlib, pkgutil, re, sys
from importlib.metadata import packages_distributions
kept = set(sys.argv.pop(1).split(","))
of = packages_distributions()

class Hidden:
    def find_spec(self, name, path=None, target=None):
        names = {re.sub("[-_.]+", "-", one).lower() for one in of.get(name, ())}
        if names and not names & kept:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
"""
_IMPORTS = """
import commands.using.serve, evergreen.serving, runs.serving
for package in (runs.serving, evergreen.serving):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(found.name)
import ai_edge_litert.interpreter, cv2, pillow_heif
"""
_COMMAND = """
import commands.main
commands.main.app()
"""


def _bare(code: str, *words: str, without: str = "", store: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    kept = {_canonical(Requirement(line).name) for line in PINS} - {without} | {"evergreen-retrain"}
    call = [sys.executable, "-c", _BARE + code, ",".join(sorted(kept)), *words]
    environment = os.environ | {"EVERGREEN_STORE": str(store)}
    return subprocess.run(call, capture_output=True, text=True, check=False, cwd=PROJECT, env=environment)


def test_a_service_imports_nothing_that_its_lock_lacks() -> None:
    done = _bare(_IMPORTS)
    assert done.returncode == 0, done.stderr
    assert "No module named 'prometheus_client'" in _bare(_IMPORTS, without="prometheus-client").stderr


@pytest.mark.parametrize("words", [["retrain", "digits"], ["doctor", "digits"]], ids=lambda words: words[0])
def test_other_commands_say_in_a_service_s_environment_what_they_lack(words: list[str], tmp_path: Path) -> None:
    done = _bare(_COMMAND, *words, store=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "which is not in this environment" in done.stderr
    assert "requirements-serve.lock" in done.stderr

"""requirements.lock: pip and uv install it on both Pythons; extras move nothing of it; a service has a part of it."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

PROJECT = Path(__file__).resolve().parents[2]
LOCK = PROJECT / "requirements.lock"
SERVE = PROJECT / "requirements-serve.lock"
EXTRAS = sorted({*PROJECT.glob("requirements-*.lock")} - {SERVE})
SUPPORTED = ("3.11.0", "3.11.99", "3.12.0", "3.12.99")


def _lines(lock: Path) -> list[str]:
    return [line for line in lock.read_text(encoding="utf-8").splitlines() if re.match(r"[A-Za-z0-9]", line)]


def locked() -> list[Requirement]:
    """Return the pins of the lock that hold on this machine."""
    found = [Requirement(line) for line in _lines(LOCK)]
    return [pin for pin in found if pin.marker is None or pin.marker.evaluate()]


def excluded(requires_python: str | None, pin: Requirement) -> list[str]:
    """Return the supported Pythons that a pin is for and its Requires-Python excludes; pip obeys, uv no upper bound."""
    wanted = [
        python
        for python in SUPPORTED
        if pin.marker is None
        or pin.marker.evaluate({"python_full_version": python, "python_version": python.rpartition(".")[0]})
    ]
    return [python for python in wanted if python not in SpecifierSet(requires_python or "")]


@pytest.mark.parametrize("bound", ["<3.11", "<3.12,>=3.8", "<=3.12", ">=3.11.4", "!=3.12.*"])
def test_a_bound_that_pip_would_obey_is_seen(bound: str) -> None:
    assert excluded(bound, Requirement("some==1"))


def test_a_pin_for_one_python_may_exclude_the_other() -> None:
    assert not excluded(">=3.12", Requirement("some==1; python_full_version >= '3.12'"))
    assert excluded(">=3.12", Requirement("some==1; python_full_version < '3.12'"))


def test_every_locked_distribution_admits_both_pythons() -> None:
    pins = locked()
    assert len(pins) > 150
    refused = {}
    for pin in pins:
        about = metadata(pin.name)
        assert about["Version"] in pin.specifier, f"{pin} is locked, {about['Version']} installed: make setup"
        if wrong := excluded(about.get("Requires-Python"), pin):
            refused[str(pin)] = f"Requires-Python {about['Requires-Python']} excludes {wrong}"
    assert not refused


@pytest.mark.parametrize("lock", [LOCK, SERVE, *EXTRAS], ids=lambda path: path.name)
def test_no_line_of_it_names_a_registry(lock: Path) -> None:
    assert not re.search(r"https?://|index-url|find-links", lock.read_text(encoding="utf-8"))


def test_every_extra_has_a_lock_which_moves_no_pin() -> None:
    named = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert {path.name for path in EXTRAS} == {f"requirements-{extra}.lock" for extra in named}
    # Without markers: an extra may need something on more platforms, at the same version.
    pins = {line.partition(" ;")[0] for line in _lines(LOCK)}
    known = {re.split("[= ]", line)[0] for line in pins}
    for path in EXTRAS:
        added = [line for line in _lines(path) if line.partition(" ;")[0] not in pins]
        assert added
        assert not {re.split("[= ]", line)[0] for line in added} & known


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_a_service_has_a_part_of_the_lock_without_what_trains_and_orchestrates() -> None:
    pins = {line.partition(" ;")[0] for line in _lines(LOCK)}
    assert {line.partition(" ;")[0] for line in _lines(SERVE)} <= pins
    served = {_canonical(Requirement(line).name) for line in _lines(SERVE)}
    assert not served & {"tensorflow", "keras", "tensorflowjs", "prefect", "pandas", "scikit-learn", "matplotlib"}
    about = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = about["dependency-groups"]["serve"]
    assert {_canonical(Requirement(line).name) for line in asked} <= served
    assert set(asked) <= set(about["project"]["dependencies"]), "the same bounds as the whole"


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
    kept = {_canonical(Requirement(line).name) for line in _lines(SERVE)} - {without} | {"evergreen-retrain"}
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

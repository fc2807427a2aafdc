"""requirements.lock: pip and uv install it on both Pythons; what extras add moves nothing of it."""

import re
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

PROJECT = Path(__file__).resolve().parents[2]
LOCK = PROJECT / "requirements.lock"
SERVE = PROJECT / "requirements-serve.lock"
EXTRAS = sorted(set(PROJECT.glob("requirements-*.lock")) - {SERVE})
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


def test_a_service_has_what_it_names_at_the_versions_of_the_lock_and_nothing_that_trains() -> None:
    about = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    named = {Requirement(text).name: str(Requirement(text).specifier) for text in about["dependency-groups"]["serve"]}
    whole = {Requirement(text).name: str(Requirement(text).specifier) for text in about["project"]["dependencies"]}
    assert {name: whole[name] for name in named} == named
    pins = {Requirement(line).name: str(Requirement(line).specifier) for line in _lines(SERVE)}
    assert set(named) <= set(pins)
    everything = {Requirement(line).name: str(Requirement(line).specifier) for line in _lines(LOCK)}
    assert {name: everything[name] for name in pins} == pins
    assert not pins.keys() & {"tensorflow", "keras", "prefect", "pandas", "scikit-learn", "tensorflowjs", "mlflow"}
    assert len(pins) < 50

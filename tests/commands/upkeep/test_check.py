"""evergreen check: the exit code says whether something is broken that every run needs."""

import json

import pytest
from typer.testing import CliRunner, Result

from commands.main import app
from commands.upkeep import checks
from commands.upkeep.checks import Check
from storage.store import Store


def _check(store: Store, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--store", str(store.root)])


def test_everything_is_looked_at_and_a_lack_is_no_failure(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "")
    monkeypatch.setattr(checks, "_version_of", lambda _: "v20.0.0")
    found = json.loads(_check(store, "check", "--json").stdout)
    assert [one["name"] for one in found] == [
        "Python", "libraries", "store", "disk", "node", "Chromium", "Kaggle key", "server", "remote", "Dask",
    ]  # fmt: skip
    lacks = [Check("a", "works", "fine"), Check("b", "missing", "not there", "install b")]
    monkeypatch.setattr(checks, "all_checks", lambda _: lacks)
    done = _check(store, "check")
    assert (done.exit_code, done.stdout.splitlines()) == (0, [
        "a          works: fine", "b          missing: not there", "           install b",
        "everything that every run needs works; missing, for some things alone: b",
    ])  # fmt: skip
    monkeypatch.setattr(checks, "all_checks", lambda _: [*lacks, Check("c", "broken", "torn", "mend c")])
    quiet = _check(store, "--quiet", "check")
    assert (quiet.exit_code, quiet.stdout) == (1, "broken: c; missing, for some things alone: b\n")

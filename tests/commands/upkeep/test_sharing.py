"""The commands push, pull and fetch: what they print, and for programs."""

import json
from pathlib import Path

import pytest
from little_store import Little
from releases import make_release
from typer.testing import CliRunner, Result

from commands.main import app
from storage.champions import Champions
from storage.remote.folder import Folder
from storage.store import Store


def _evergreen(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--store", str(root)])


def test_what_one_machine_pushed_another_pulls_and_fetches(
    shared_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERGREEN_REMOTE", shared_folder)
    little = Little(Store(tmp_path / "a"))
    little.run("20260101-1")
    little.promote("20260101-1")
    done = _evergreen(tmp_path / "a", "push")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("1 run, ")
    assert f"pushed to {shared_folder}" in done.stdout
    assert _evergreen(tmp_path / "a", "push").stdout == f"1 run, nothing new, pushed to {shared_folder}\n"
    asked, ask = list[str](), Folder.ask
    monkeypatch.setattr(Folder, "ask", lambda objects: asked.append(objects.address) or ask(objects))
    for what in ("push", "pull"):
        asked.clear()
        assert shared_folder in _evergreen(tmp_path / "a", what).stdout
        assert asked == [shared_folder], "once, and not again to print where it is"
    told = json.loads(_evergreen(tmp_path / "b", "pull", "digits", "--json").stdout)
    assert (told["runs"], told["objects"] > 5, told["bytes"] > 100) == (["20260101-1"], True, True)
    assert Champions(tmp_path / "b").current("digits") == little.output("20260101-1", "bundle").sha256
    name, path = _evergreen(tmp_path / "c", "fetch", little.model("20260101-1").short).stdout.split()
    assert (name, Path(path).read_bytes()) == ("model.keras", b"model 20260101-1")


def test_a_person_promotes_for_all_machines_and_not_without_the_remote(
    shared_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERGREEN_REMOTE", shared_folder)
    first, second = (make_release(Store(tmp_path / "a"), name) for name in "ab")
    assert _evergreen(tmp_path / "a", "promote", first.short).exit_code == 0
    assert _evergreen(tmp_path / "a", "promote", second.short).exit_code == 0
    done = _evergreen(tmp_path / "b", "rollback", "digits")
    assert done.exit_code == 0, done.output
    assert f"champion: {first.short}" in done.stdout
    done = _evergreen(tmp_path / "a", "pin", "digits")
    assert done.exit_code == 0, done.output
    assert [event.event for event in Champions(tmp_path / "a").history("digits")] == [
        "promoted", "promoted", "rolled back", "pinned",
    ]  # fmt: skip
    Path(shared_folder).rename(tmp_path / "away")
    done = _evergreen(tmp_path / "a", "unpin", "digits")
    assert (done.exit_code, "expected a folder, found none" in done.output) == (1, True)
    assert Champions(tmp_path / "a").state("digits").pinned

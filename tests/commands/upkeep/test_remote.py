"""evergreen remote join: what it says of the champion that stays, and for programs."""

import json
from pathlib import Path

import pytest
from releases import make_release
from typer.testing import CliRunner, Result

from commands.main import app
from runs.releases import parts_of
from storage.artifacts import Ref
from storage.champions import Champions, Event, State
from storage.store import Store


def _evergreen(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--store", str(root)])


def _crowned(root: Path, name: str) -> Ref:
    store = Store(root)
    release = make_release(store, name)
    event = Event("promoted", release.sha256, parts_of(store, release.sha256)["model"].sha256, "before")
    Champions(root).commit("digits", State(), event)
    return release


def test_it_says_which_champion_stays_and_where_the_other_history_is(
    shared_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = [tmp_path / name for name in "abc"]
    theirs, own, third = (_crowned(root, root.name) for root in roots)
    monkeypatch.setenv("EVERGREEN_REMOTE", shared_folder)
    assert _evergreen(roots[0], "push").exit_code == 0
    done = _evergreen(roots[1], "remote", "join", "digits", "--keep", "own")
    assert done.exit_code == 0, done.output
    champion, before, kept = done.stdout.splitlines()
    assert champion.startswith(f"digits: champion {own.short}, here and in the remote: champion of store ")
    assert champion.endswith("after 1 event of its own: a person kept this one, the gate was not asked")
    assert before == f"before: {own.short} here, {theirs.short} in the remote"
    [aside] = Champions(roots[1]).aside("digits")
    assert kept.endswith(str(aside))
    told = json.loads(_evergreen(roots[2], "remote", "join", "digits", "--keep", "remote", "--json").stdout)
    assert (told["own"], told["remote"], told["champion"]) == (third.sha256, own.sha256, own.sha256)
    again = _evergreen(roots[2], "--quiet", "remote", "join", "digits")
    assert again.stdout == f"digits: champion {own.short}, here and in the remote: both have one history already\n"


def test_without_a_remote_there_is_nothing_to_join(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVERGREEN_REMOTE", raising=False)
    done = _evergreen(tmp_path, "remote", "join", "digits")
    assert (done.exit_code, "EVERGREEN_REMOTE: expected s3://BUCKET/PREFIX" in done.output) == (2, True)

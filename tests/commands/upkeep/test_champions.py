"""The commands about champions: what they change, refuse and print."""

import json
from typing import Any

import pytest
from releases import make_release
from typer.testing import CliRunner, Result

from commands.main import app
from runs.releases import parts_of
from storage.artifacts import Ref
from storage.champions import Champions
from storage.store import Store


class Desk:
    """A store with two releases, and the command on it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.first, self.second = make_release(store, "a"), make_release(store, "b")

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--store", str(self.store.root)])

    def current(self, recipe: str = "digits") -> str | None:
        return Champions(self.store.root).current(recipe)

    def json(self, *arguments: str) -> Any:
        done = self(*arguments, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def _model(store: Store, release: Ref) -> str:
    return parts_of(store, release.sha256)["model"].sha256


def test_a_person_promotes_whatever_the_gate_says_and_it_says_so(desk: Desk) -> None:
    done = desk("promote", desk.first.sha256[:12])
    assert done.exit_code == 0, done.output
    assert "digits: promoted" in done.stdout
    assert "named by a person, the gate was not asked" in done.stdout
    assert desk.current() == desk.first.sha256
    told = desk.json("promote", _model(desk.store, desk.second)[:10])
    assert (told["recipe"], told["champion"]["release"]) == ("digits", desk.second.sha256)
    again = desk("promote", desk.second.sha256)
    assert (again.exit_code, "is the champion of digits already" in again.output) == (2, True)


def test_a_run_is_promoted_by_its_id(desk: Desk) -> None:
    folder = desk.store.root / "runs" / "20260101-000000-abcdef"
    folder.mkdir(parents=True)
    steps = [{"name": "bundle", "output": desk.second.sha256}]
    about = {"id": folder.name, "recipe": "digits", "outcome": "completed"}
    (folder / "run.json").write_text(json.dumps(about | {"steps": steps}))
    assert desk("promote", folder.name).exit_code == 0
    assert desk.current() == desk.second.sha256
    (folder / "run.json").write_text(json.dumps(about | {"steps": []}))
    failed = desk("promote", folder.name)
    assert (failed.exit_code, "ended before it had a model" in failed.output) == (2, True)


def test_a_roll_back_blocks_and_a_promotion_by_name_lifts_that(desk: Desk) -> None:
    desk("promote", desk.first.sha256)
    assert "no earlier champion to step back to" in desk("rollback", "digits").output
    desk("promote", desk.second.sha256)
    done = desk("rollback", "digits")
    assert done.exit_code == 0, done.output
    assert f"is blocked until someone promotes it\nchampion: {desk.first.short}" in done.stdout
    assert desk.json("champions")["digits"]["blocked"] == [_model(desk.store, desk.second)]
    assert "its model is blocked no more" in desk("promote", desk.second.sha256).stdout
    assert desk.json("champions")["digits"]["blocked"] == []


def test_a_pin_keeps_everyone_off(desk: Desk) -> None:
    assert "no champion to pin" in desk("pin", "digits").output
    desk("promote", desk.first.sha256)
    assert desk("pin", "digits").exit_code == 0
    for arguments in (("promote", desk.second.sha256), ("rollback", "digits"), ("pin", "digits")):
        refused = desk(*arguments)
        assert (refused.exit_code, "is pinned: evergreen unpin" in refused.output) == (2, True)
    assert desk.current() == desk.first.sha256
    assert desk("unpin", "digits").exit_code == 0
    assert "is not pinned" in desk("unpin", "digits").output
    assert desk("promote", desk.second.sha256).exit_code == 0


def test_what_is_not_whole_is_not_promoted_and_not_stepped_back_to(desk: Desk) -> None:
    desk("promote", desk.first.sha256)
    desk("promote", desk.second.sha256)
    desk.store.blob_path(desk.store.manifest(_model(desk.store, desk.first)).files["model.txt"].sha256).unlink()
    for arguments in (("promote", desk.first.sha256), ("rollback", "digits")):
        refused = desk(*arguments)
        assert (refused.exit_code, "files of its model are missing or damaged" in refused.output) == (2, True)
    assert desk.current() == desk.second.sha256


def test_champions_lists_recipes_and_tells_ones_history(desk: Desk) -> None:
    assert desk.json("champions") == {}
    other = make_release(desk.store, "c", "photos")
    for release in (desk.first, other, desk.second):
        desk("promote", release.sha256)
    desk("rollback", "digits")
    shown = desk("champions").stdout
    assert f"digits  {desk.first.short}" in shown
    assert f"photos  {other.short}" in shown
    history = desk("champions", "digits").stdout
    assert [word in history for word in ("promoted", "rolled back", "by hand", "blocked")] == [True] * 4
    told = desk.json("champions", "digits")["digits"]
    assert [event["event"] for event in told["history"]] == ["promoted", "promoted", "rolled back"]
    assert told["champion"]["release"] == desk.first.sha256
    for name in ("nothing", "../x"):
        refused = desk("champions", name)
        assert (refused.exit_code, "Traceback" in refused.output) == (2, False)
    assert desk("promote", "0123456789").exit_code == 2

"""storage.remote.collecting: garbage goes, and nothing that a champion, a run or a push elsewhere needs."""

import json
import os
import time
from pathlib import Path

import pytest
from little_store import STEPS
from machines import Machine

from storage.champions import Champions
from storage.errors import RemoteDamaged, RemoteUnreachable
from storage.remote.checkpoints import names_of, send
from storage.remote.collecting import collect, garbage
from storage.remote.leases import LEASES, Claim, Holder
from storage.remote.objects import Objects, opened
from storage.remote.remote import COLLECTED
from storage.remote.title import Title


@pytest.fixture
def folder(shared_folder: str) -> Objects:
    return opened(shared_folder)


def _age(folder: Objects, days: float) -> None:
    stamp = time.time() - days * 86_400
    for path in Path(folder.address).rglob("*"):
        os.utime(path, (stamp, stamp))


def _champion(machine: Machine, name: str) -> None:
    machine.little.promote(name)
    Title(machine.remote.objects).agree(Champions(machine.store.root), "digits")


def test_old_runs_go_and_what_a_champion_or_a_new_run_reaches_stays(folder: Objects, tmp_path: Path) -> None:
    first = Machine(tmp_path / "a", folder)
    for name in ("champion", "old"):
        first.little.run(name)
        first.push(name)
    _champion(first, "champion")
    assert garbage(first.remote, 30).names == []
    _age(folder, 100)
    first.little.run("new")
    first.push("new")
    found = garbage(first.remote, 30)
    assert found.names[0] == "runs/digits/old.json"
    assert found.size > 0
    assert collect(first.remote, 30) == found
    assert garbage(first.remote, 30).names == []
    for name in ("champion", "new"):
        Machine(tmp_path / name, folder).little.check_bytes(name)
    gone = Machine(tmp_path / "old", folder)
    assert not any(gone.little.records.read(gone.little.key("old", step)) for step in STEPS if step != "balance")
    assert first.push("old").objects == 0  # as far as it knows
    assert first.push("old", surely=True).objects
    Machine(tmp_path / "again", folder).little.check_bytes("old")


def test_what_trainings_left_of_leases_and_checkpoints_goes_once_nobody_writes_it(
    folder: Objects, tmp_path: Path
) -> None:
    machine = Machine(tmp_path / "a", folder)
    state = tmp_path / "1-a.npz"
    state.write_bytes(b"state")
    for number in (1, 2):
        name, holder = f"{number}" * 64, Holder("0" * 32, "desk", number)
        claim = Claim(folder, name, holder, 60)
        assert claim.take() is None
        assert claim.renew()
        assert send(folder, name, tmp_path, [state.name])
        if number == 1:
            _age(folder, 100)  # a machine died
    assert garbage(machine.remote, 101).names == []
    found = collect(machine.remote, 30)
    assert len(found.names) == 3
    assert found.size > 0
    assert all("1" * 64 in name for name in found.names)
    assert [one.name for one in folder.list_tagged(LEASES)] == [f"{LEASES}/{'2' * 64}"]
    assert folder.get_tagged(f"{LEASES}/{'1' * 64}") is None
    assert names_of(folder, "2" * 64) == [state.name]
    assert claim.renew()


def test_killed_anywhere_nothing_that_is_needed_is_gone(folder: Objects, tmp_path: Path) -> None:
    first = Machine(tmp_path / "a", folder)
    for name in ("champion", "old"):
        first.little.run(name)
        first.push(name)
    _champion(first, "champion")
    _age(folder, 100)
    names = garbage(first.remote, 30).names
    for number, name in enumerate(names):
        folder.delete([name])  # as a collection that is killed after so many
        other = Machine(tmp_path / f"b{number}", folder)
        other.little.check_bytes("champion")
        for step in STEPS:
            if other.little.records.read(other.little.key("old", step)):
                assert other.behind.bring_all(other.little.output("old", step)) == []


def test_a_push_during_a_collection_is_not_taken_for_done(
    folder: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Machine(tmp_path / "a", folder)
    first.little.run("one")
    first.push("one")
    _age(folder, 100)

    def at_once() -> None:
        other = Machine(tmp_path / "b", folder)
        other.store.behind = None  # it made all of it itself
        other.little.run("one")
        with pytest.raises(RemoteUnreachable, match="somebody collects its garbage"):
            other.push("one")
        with pytest.raises(RemoteUnreachable, match="another machine collects"):
            collect(other.remote, 30)

    monkeypatch.setattr(first.remote, "look_again", at_once)
    collect(first.remote, 30)
    told = folder.get_tagged(COLLECTED)
    assert told is not None
    assert json.loads(told[0]) == {"number": 1, "until": 0}
    assert Machine(tmp_path / "b", folder).push("one").objects
    Machine(tmp_path / "c", folder).little.check_bytes("one")


def test_where_it_cannot_be_read_who_needs_what_nothing_is_deleted(folder: Objects, tmp_path: Path) -> None:
    first = Machine(tmp_path / "a", folder)
    first.little.run("one")
    first.push("one")
    _champion(first, "one")
    _age(folder, 100)
    before = {found.name for found in folder.list("")}
    run = "runs/digits/one.json"
    told = folder.get(run)
    assert told
    folder.put_over(run, told[:-1])
    with pytest.raises(RemoteDamaged, match=run):
        collect(first.remote, 30)
    folder.put_over(run, told)
    assert folder.put_if("champions/digits/champion", b"[]", "1")
    with pytest.raises(RemoteDamaged, match="champions/digits/champion"):
        garbage(first.remote, 30)
    assert {found.name for found in folder.list("")} == before

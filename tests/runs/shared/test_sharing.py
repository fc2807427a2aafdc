"""runs.shared.sharing: one champion for all machines, and a remote that is gone fails no run."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from releases import crown, make_comparison, make_release
from remotes import BUCKETS

from evergreen.recipe import load_recipe
from runs.run import Entry, Run
from runs.shared.opening import behind_of, opened
from runs.shared.sharing import agree, agree_at_the_start, agree_for_a_run, committed, share
from runs.standing import decide, opponent_of
from storage.artifacts import Ref
from storage.champions import Champions
from storage.errors import ChampionMoved
from storage.remote.objects import Objects
from storage.remote.title import Title
from storage.store import Store


def _run(root: Path, name: str = "run") -> Run:
    return Run(opened(root), load_recipe("digits"), name, "digits")


def _met(run: Run, release: Ref) -> Ref:
    manifest = opponent_of(run.store, "digits", release)
    return run.store.publish(manifest.kind, {}, manifest.facts)


def _promoted(run: Run, release: Ref, met: Ref | None = None, verdict: str = "promote") -> tuple[dict[str, Any], str]:
    comparison = make_comparison(run.store, verdict)
    decision = decide(run.store, "digits", release, met or _met(run, release), comparison, run.id)
    record = next(run.records.all("bundle"))
    run.journal.add(Entry("bundle", "ran", "first run", 1.0, record.output, record.key, record.inputs))
    done, why_not = committed(run, decision)
    return dict(done.manifest.facts), why_not


@pytest.fixture
def machines(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Two machines with one remote: a folder, or what the parameter says."""
    monkeypatch.setenv("EVERGREEN_REMOTE", request.getfixturevalue(getattr(request, "param", "shared_folder")))
    return [_run(tmp_path / "a", "on-a"), _run(tmp_path / "b", "on-b")]


@pytest.mark.parametrize("machines", ["shared_folder", *BUCKETS], indirect=True)
def test_a_champion_of_one_machine_is_met_by_the_other_and_a_stale_challenger_meets_it_anew(
    machines: list[Run],
) -> None:
    one, other = machines
    first, second = make_release(one.store, "a"), make_release(other.store, "b")
    stale = _met(other, second)
    assert agree(one.store, "digits") == agree(other.store, "digits") == []
    assert _promoted(one, first) == ({"release": first.sha256, "champion": first.sha256, "standing": "champion"}, "")
    told = share(one, pushes=True)
    assert told is not None
    assert told["words"].startswith(f"{told['objects']} objects pushed"), "before it was promoted"
    with pytest.raises(ChampionMoved, match="another machine changed the champion"):
        _promoted(other, second, stale)
    assert Champions(other.store.root).current("digits") == first.sha256
    facts, why_not = _promoted(other, second)
    assert (facts["champion"], why_not) == (second.sha256, "")
    assert other.store.manifest(first.sha256).kind == "release"  # it came with what was met
    agree(one.store, "digits")
    assert Champions(one.store.root).history("digits") == Champions(other.store.root).history("digits")
    assert [event.run for event in Champions(one.store.root).history("digits")] == ["on-a", "on-b"]


def test_a_run_takes_over_what_its_command_agreed_on_once(machines: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = machines
    crown(one.store, make_release(one.store, "a").sha256, "before")
    crown(other.store, make_release(other.store, "b").sha256, "before")
    agree(one.store, "digits")
    [said] = agree_for_a_run(other.store, "digits")
    asked: list[str] = []
    monkeypatch.setattr(Title, "agree", lambda *given: asked.append(given[2]))
    flows = opened(other.store.root)
    assert (agree_at_the_start(flows, "digits"), asked) == ([], [])  # neither asked nor said again
    behind = behind_of(flows)
    assert behind is not None
    assert str(behind.apart["digits"]) == said
    agree_at_the_start(flows, "digits")  # the next run asks for itself
    agree_for_a_run(one.store, "digits")
    agree_at_the_start(opened(other.store.root), "digits")  # and so does that of another store
    assert asked == ["digits"] * 3


def test_what_was_promoted_is_whole_in_the_remote_before_it_is_named(machines: list[Run], tmp_path: Path) -> None:
    one, _ = machines
    release = make_release(one.store, "a")
    _promoted(one, release)
    shutil.rmtree(one.store.root)
    third = _run(tmp_path / "c")
    agree(third.store, "digits")
    assert third.store.is_whole(release)
    for part in third.store.manifest(release.sha256).facts["parts"].values():
        assert third.store.read(Ref.from_json(part), f"{part['kind']}.txt")


def test_two_champions_are_refused_in_words(machines: list[Run]) -> None:
    one, other = machines
    first, second, third = make_release(one.store, "a"), make_release(other.store, "b"), make_release(other.store, "c")
    crown(one.store, first.sha256, "before")  # before there was a remote
    crown(other.store, second.sha256, "before")
    assert agree(one.store, "digits") == []
    [told] = agree(other.store, "digits")
    assert f"{second.short} in this store, {first.short} in the remote" in told
    facts, why_not = _promoted(other, third)
    assert (facts["standing"], facts["champion"]) == ("the remote has another champion", second.sha256)
    assert why_not == "not promoted: the remote has another champion"
    assert Champions(other.store.root).current("digits") == second.sha256


def test_without_the_remote_nothing_is_promoted_and_the_run_says_what_is_not_pushed(
    shared_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERGREEN_REMOTE", shared_folder)
    run = _run(tmp_path / "a")
    release = make_release(run.store, "a")
    away = Path(shared_folder).rename(tmp_path / "away")
    [told] = agree(run.store, "digits")
    assert told.startswith(f"going on without the remote: the remote {shared_folder}: expected a folder, found none")
    facts, why_not = _promoted(run, release)
    assert facts == {"release": release.sha256, "champion": None, "standing": "the remote cannot be reached"}
    assert why_not == "not promoted: the remote cannot be reached"
    assert Champions(run.store.root).history("digits") == []
    shared = share(run, pushes=True)
    assert shared is not None
    assert shared["words"].startswith("what this run made is not pushed: the remote")
    away.rename(shared_folder)
    again = _run(tmp_path / "a")
    assert agree(again.store, "digits") == []
    assert _promoted(again, release)[0]["standing"] == "champion"


def test_a_remote_that_goes_in_mid_run_is_asked_no_more(
    shared_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERGREEN_REMOTE", shared_folder)
    run = _run(tmp_path / "a")
    assert agree(run.store, "digits") == []
    release = make_release(run.store, "a")
    shutil.rmtree(shared_folder)
    facts, why_not = _promoted(run, release)
    assert why_not == "not promoted: the remote cannot be reached"
    behind = behind_of(run.store)
    assert behind is not None
    assert behind.lost is not None
    assert run.records.read("0" * 64) is None
    assert facts["champion"] is None


class _Heard:
    """Objects that note which verbs are asked of them."""

    def __init__(self, objects: Objects, asked: list[str]) -> None:
        self._objects, self._asked = objects, asked

    def __getattr__(self, name: str) -> Any:
        if name != "address":
            self._asked.append(name)
        return getattr(self._objects, name)


def test_a_run_says_what_it_pushed_once_and_which_steps_another_machine_made(
    machines: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = machines
    make_release(one.store, "a")
    record = next(one.records.all("bundle"))
    entry = Entry("bundle", "ran", "first run", 1.0, record.output, record.key, record.inputs)
    one.journal.add(entry)
    first = share(one, pushes=True)
    assert first is not None
    assert first["objects"] > 1
    assert first["words"].split(",")[0] == f"{first['objects']} objects pushed"
    behind = behind_of(one.store)
    assert behind is not None
    asked: list[str] = []
    monkeypatch.setattr(behind.remote, "objects", _Heard(behind.remote.objects, asked))
    assert agree(one.store, "digits") == []
    assert (share(one, pushes=True) or {})["words"] == "all of this run is there"
    assert asked == ["get_tagged"], "a run that changes nothing asks who is champion"
    assert other.records.read(record.key)
    other.journal.add(Entry("bundle", "reused", "nothing changed", 0.0, record.output, record.key, record.inputs))
    told = share(_again(other), pushes=True)
    assert told is not None
    assert told["brought"] == ["bundle"]
    assert told["words"].startswith("1 step is another machine's work")
    stopped = share(other, pushes=False)
    assert stopped is not None
    assert stopped["problem"] == "the run was stopped"


def _again(run: Run) -> Run:
    """Return a run of the same journal in a new process."""
    return Run(opened(run.store.root), run.recipe, run.id, run.name, run.journal)


def test_a_store_without_a_remote_shares_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVERGREEN_REMOTE", raising=False)
    run = _run(store.root)
    assert share(run, pushes=True) is None
    assert agree(run.store, "digits") == []

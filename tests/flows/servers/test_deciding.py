"""flows.servers.deciding: stores that share a server share its recipes, too: one of them decides on each."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from polling import asked
from releases import crown

from evergreen.errors import BadInput, OtherStore
from evergreen.recipe import load_recipe
from evergreen.steps import STEPS
from flows import data
from flows import retrain as module
from flows.servers import deciding
from flows.servers.asked import decided_by_others
from runs.run import Entry, Run
from runs.shared.opening import opened
from storage.artifacts import Ref
from storage.champions import Champions
from storage.identity import in_short
from storage.store import Store


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, prefect_server: str) -> list[str]:
    """The steps that a retraining called; they do nothing, but for ``promote``, which crowns a release of the store."""
    called: list[str] = []

    def fake(name: str) -> Any:
        def task(run: Run, **inputs: Ref) -> Ref:
            called.append(name)
            if name == "promote":
                _crown(run)
            run.journal.add(Entry(name, "ran", "first run"))
            return Ref("x", hashlib.sha256(name.encode()).hexdigest(), 0)

        return task

    for step in STEPS:
        home = data if hasattr(data, step.name) else module
        monkeypatch.setattr(home, step.name, fake(step.name))
    monkeypatch.setattr(module, "retraining_is_due", lambda *_: True)
    monkeypatch.setattr(module, "show_in_dashboard", lambda *_: None)
    return called


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is said in a flow's run, in which this test seems to be."""
    heard: list[str] = []
    monkeypatch.setattr(deciding, "say", heard.append)
    context = SimpleNamespace(parameters={"recipe": "digits"}, flow_run=None, flow=None)
    monkeypatch.setattr(deciding.FlowRunContext, "get", lambda: context)
    return heard


def _crown(run: Run) -> None:
    if Champions(run.store.root).current("digits") is None:
        crown(run.store, hashlib.sha256(str(run.store.root).encode()).hexdigest(), run.id)


def _retrain(store: Store) -> dict[str, Any]:
    return module.retrain("digits", None, None, str(store.root))


def _decide(store: Store, train: Callable[[], object] = lambda: None) -> None:
    """Do what a retraining does about its store."""
    run = Run.new(store, load_recipe("digits"))
    deciding.must_decide(run)
    train()
    with deciding.deciding(run):
        _crown(run)


def _noted(url: str) -> dict[str, Any]:
    value: dict[str, Any] = asked("GET", f"{url}/variables/name/evergreen_decides_digits")["value"]
    return value


def _adopt(store: Store) -> tuple[deciding.Decided | None, deciding.Decided]:
    return deciding.adopted(store, "digits")


def test_of_two_stores_on_one_server_the_second_is_refused_until_a_person_says_that_it_takes_over(
    called: list[str], prefect_server: str, tmp_path: Path
) -> None:
    first, second = Store(tmp_path / "first store"), Store(tmp_path / "second")
    with pytest.raises(BadInput, match="expected a recipe on which a store decided, received 'digits'"):
        _adopt(second)
    assert _retrain(first)["store"] == {
        "identity": first.identity, "folder": str(first.root), "host": _noted(prefect_server)["host"],
    }  # fmt: skip
    release = Champions(first.root).current("digits")
    assert (_noted(prefect_server)["identity"], _noted(prefect_server)["release"]) == (first.identity, release)
    assert called[-1] == "promote"
    called.clear()

    with pytest.raises(OtherStore) as refused:
        _retrain(second)
    assert called == []
    said = str(refused.value)
    assert "digits: another store decided last on the Prefect server" in said
    assert f"expected: store {in_short(first.identity)}, {first.root} on " in said
    assert f": promoted {str(release)[:12]} at " in said
    assert f"received: store {in_short(second.identity)}, {second.root} on " in said
    assert [line.strip() for line in said.splitlines() if line.strip().startswith("try: ")] == [
        f"try: evergreen retrain digits --store '{first.root}'",
        f"try: evergreen adopt digits --store {second.root}",
        "try: evergreen retrain digits --name digits-2",
    ]
    (told,) = second.root.glob("runs/*/run.json")
    summary = json.loads(told.read_text(encoding="utf-8"))
    assert (summary["outcome"], summary["error"]) == ("failed", f"OtherStore: {said}")
    assert Champions(second.root).current("digits") is None
    wanted = {"artifacts": {"key": {"any_": ["digits-failure"]}}}
    shown = asked("POST", f"{prefect_server}/artifacts/latest/filter", wanted)[0]["data"]
    assert "# Another store decides on this recipe" in shown
    assert f"in store `{in_short(second.identity)}` (" in shown

    before, after = _adopt(second)
    assert (before and before.release, after.identity, after.number) == (release, second.identity, 0)
    assert _retrain(second)["outcome"] == "completed"
    assert called[-1] == "promote"


def test_a_store_that_is_gone_locks_nobody_out(heard: list[str], prefect_server: str, tmp_path: Path) -> None:
    first, second = Store(tmp_path / "first"), Store(tmp_path / "second")
    _decide(first)
    _decide(first)
    shutil.rmtree(first.root)
    with pytest.raises(OtherStore) as refused:
        _decide(second)
    assert decided_by_others(prefect_server, second.identity) == ["digits"]
    assert deciding.decided_elsewhere(second, "digits").startswith("another store decided last on digits, so its cham")
    assert f"--store {first.root}" not in str(refused.value)  # nobody is sent there
    _adopt(second)
    _decide(second)
    assert deciding.decided_elsewhere(second, "digits") == ""
    with pytest.raises(OtherStore):
        _decide(first)
    assert heard == []


def test_of_two_that_begin_at_once_one_promotes_and_the_other_keeps_what_it_made(
    heard: list[str], prefect_server: str, tmp_path: Path
) -> None:
    first, second = Store(tmp_path / "first"), Store(tmp_path / "second")
    with pytest.raises(OtherStore, match="What was made is kept, and nothing was promoted"):
        _decide(first, train=lambda: _decide(second))
    assert Champions(first.root).current("digits") is None
    assert _noted(prefect_server)["release"] == Champions(second.root).current("digits")


def test_of_two_that_claim_at_once_one_is_noted(
    heard: list[str], prefect_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, read = Store(tmp_path / "first"), Store(tmp_path / "second"), deciding._read

    def then_the_other_writes(client: Any, recipe: str) -> Any:
        found = read(client, recipe)
        monkeypatch.setattr(deciding, "_read", read)
        _decide(second)
        return found

    def claims() -> None:
        monkeypatch.setattr(deciding, "_read", then_the_other_writes)

    with pytest.raises(OtherStore, match="nothing was promoted"):
        _decide(first, train=claims)
    assert _noted(prefect_server)["identity"] == second.identity


def test_of_a_store_and_its_copy_the_one_that_lacks_the_last_decision_is_refused(
    heard: list[str], prefect_server: str, tmp_path: Path
) -> None:
    store, copy = Store(tmp_path / "store"), Store(tmp_path / "copy")
    _decide(store)
    shutil.copytree(store.root, copy.root)
    _decide(copy)  # nothing tells them apart: it may as well have been moved
    crown(store, "ee" * 32, "by hand")
    _decide(store)
    with pytest.raises(OtherStore, match="a copy, or an earlier state, of the store that decided last"):
        _decide(copy)
    before = copy.identity
    _adopt(copy)
    assert copy.identity not in (before, store.identity) and store.identity == before
    _decide(copy)
    with pytest.raises(OtherStore, match="another store decided last"):
        _decide(store)


def test_a_variable_that_no_store_wrote_is_written_anew_and_a_server_that_says_nothing_is_said(
    heard: list[str], prefect_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "store")
    name = {"name": "evergreen_decides_digits", "value": "mine"}
    asked("POST", f"{prefect_server}/variables/", name)
    _decide(store)
    assert _noted(prefect_server)["identity"] == store.identity
    assert set(heard) == {
        "the Prefect variable evergreen_decides_digits does not say which store decided last: it will be written anew"
    }
    heard.clear()

    def gone(*_: object) -> None:
        raise httpx.ConnectError("no answer")

    monkeypatch.setattr(deciding, "_read", gone)
    _decide(store)
    assert len(heard) == 3 and {line.partition(":")[0] for line in heard} == {deciding._UNKNOWN}


def test_a_private_server_is_asked_nothing(
    heard: list[str], prefect_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "is_private", lambda url: url == prefect_server)
    for name in ("one", "two"):
        store = Store(tmp_path / name)
        _decide(store)
        assert Champions(store.root).current("digits")
    assert asked("POST", f"{prefect_server}/variables/filter", {}) == []


def test_stores_with_one_remote_behind_them_share_its_champion_and_another_store_is_only_said(
    heard: list[str], prefect_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERGREEN_REMOTE", str(tmp_path / "remote"))
    first, second = (opened(tmp_path / name) for name in ("first", "second"))
    _decide(first)
    assert heard == []
    _decide(second)
    assert [line.partition(", ")[0] for line in heard] == [
        f"another store decided last on digits: store {in_short(first.identity)}"
    ] * 2
    assert _noted(prefect_server)["identity"] == second.identity

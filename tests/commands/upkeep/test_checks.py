"""commands.upkeep.checks: what works, what lacks and what to do about it; no secret is told."""

import sys
from pathlib import Path

import pytest
from fake_dask import Dask

from commands.upkeep import checks
from flows.servers.asked import Answer
from storage.store import Store


def test_a_python_and_libraries_that_do_not_fit_are_broken() -> None:
    assert checks.python().state == "works"
    assert (checks.python((3, 10)).state, checks.python((3, 10)).remedy[:20]) == ("broken", "install Python 3.11 ")
    assert checks.libraries().state == "works"
    lacking = checks.libraries(("numpy", "no-such-library"))
    assert (lacking.state, lacking.found, lacking.remedy) == ("broken", "not installed: no-such-library", "make setup")


def test_the_store_is_tried_and_not_made(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.store_there(store.root).found == f"{store.root} will be made by the first run"
    assert not store.root.exists()
    (store.root / "runs" / "1").mkdir(parents=True)
    (store.root / "runs" / "1" / "run.json").touch()
    assert checks.store_there(store.root).found == f"{store.root}, 1 run"
    name = store.identity[:12]
    assert checks.store_there(store.root).found == f"{store.root}, 1 run, identity {name}"
    with monkeypatch.context() as patch:
        patch.setattr(checks, "shared_by", lambda _: "nfs4")
        assert "on nfs4, where other machines may see it" in checks.store_there(store.root).found
    (store.root / "store.json").write_text("[]", encoding="utf-8")
    torn = checks.store_there(store.root)
    assert (torn.state, torn.remedy) == (
        "broken",
        f"bring {store.root / 'store.json'} back from a backup, or remove it",
    )
    (tmp_path / "file").touch()
    assert checks.store_there(tmp_path / "file" / "store").state == "broken"
    assert checks.disk(store.root).state == "works"
    assert (full := checks.disk(store.root, 2**70)).state == "broken" and "free" in full.remedy


def test_programs_are_asked_for_their_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v12.1.0\n", encoding="utf-8")
    old.chmod(0o755)
    assert checks.node(str(old)).found == f"v12.1.0 at {old}"
    assert checks.node(str(old)).state == "missing"
    old.write_text("#!/bin/sh\necho v20.1.0\n", encoding="utf-8")
    assert checks.node(str(old), tmp_path).state == "works"
    assert checks.node(str(old), tmp_path / "none").remedy == "make setup"
    assert checks.browser(lambda: str(old)).found == f"v20.1.0 at {old}"
    assert checks.browser(lambda: None).state == "missing"
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert checks.node().remedy == "install Node.js 18 or newer, then: make setup"


def test_a_kaggle_key_is_found_and_never_told(tmp_path: Path) -> None:
    assert checks.kaggle({}, tmp_path).state == "missing"
    assert checks.kaggle({"KAGGLE_USERNAME": "me"}, tmp_path).state == "missing"
    (tmp_path / ".kaggle").mkdir()
    ways = [{"KAGGLE_API_TOKEN": "f00dplanted"}, {"KAGGLE_USERNAME": "me", "KAGGLE_KEY": "f00dplanted"}]
    for name in ("access_token", "kaggle.json"):
        (tmp_path / ".kaggle" / name).write_text("f00dplanted", encoding="utf-8")
        found = checks.kaggle({}, tmp_path)
        assert (found.state, f".kaggle/{name}" in found.found) == ("works", True)
        (tmp_path / ".kaggle" / name).unlink()
    for way in ways:
        found = checks.kaggle(way, tmp_path)
        assert (found.state, "f00dplanted" in repr(found)) == ("works", False)


def test_a_server_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, store: Store) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFECT_API_URL", "")
    assert checks.server(store.root).found.startswith("none is named: each run starts a private one")
    monkeypatch.setenv("PREFECT_API_URL", "http://server/api")
    with monkeypatch.context() as answers:
        answers.setattr(checks, "asked", lambda _: Answer(True))
        for workers, state in ((0, "missing"), (None, "missing"), (2, "works")):
            answers.setattr(checks, "workers_online", lambda *_, workers=workers: workers)
            answers.setattr(checks, "decided_by_others", lambda *_: [])
            assert checks.server(store.root).state == state
        assert checks.server(store.root).found == "http://server/api answers; 2 workers"
        answers.setattr(checks, "decided_by_others", lambda *_: ["digits", "mine"])
        told = "; another store decides on digits, mine: evergreen adopt RECIPE"
        assert checks.server(store.root).found.endswith(told)
        answers.setattr(checks, "decided_by_others", lambda *_: None)
        assert checks.server(store.root).found.endswith("2 workers; does not say which stores decide")
    monkeypatch.setenv("PREFECT_API_URL", "http://me:f00dplanted@127.0.0.1:9/api")
    found = checks.server(store.root)
    assert (found.state, "f00dplanted" in repr(found)) == ("broken", False)
    assert "127.0.0.1:9" in found.found


def test_a_remote_is_asked_and_one_that_is_none_is_broken(
    shared_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EVERGREEN_REMOTE", raising=False)
    assert checks.remote(tmp_path / "store").found == "none is named: the store is this machine's alone"
    monkeypatch.setenv("EVERGREEN_REMOTE", shared_folder)
    assert checks.remote(tmp_path / "store") == checks.Check("remote", "works", f"{shared_folder} answers")
    monkeypatch.setenv("EVERGREEN_REMOTE", f"{shared_folder}/not/mounted")
    assert checks.remote(tmp_path / "store").state == "missing"
    monkeypatch.setenv("EVERGREEN_REMOTE", "s3://u:PLANTED@b/x")
    found = checks.remote(tmp_path / "store")
    assert (found.state, "PLANTED" in repr(found)) == ("broken", False)


def test_a_cluster_is_asked_where_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.cluster() == checks.Check("Dask", "works", "none is named: trainings are done on this machine")
    dask = Dask(2)
    monkeypatch.setitem(sys.modules, "distributed", dask)
    monkeypatch.setenv("EVERGREEN_DASK", "tcp://127.0.0.1:8786")
    assert checks.cluster() == checks.Check("Dask", "works", "Dask at tcp://127.0.0.1:8786, 2 workers")
    assert dask.open == 0
    monkeypatch.setenv("EVERGREEN_DASK", "tcp://127.0.0.1:9")
    assert (checks.cluster().state, checks.cluster().remedy) == ("broken", "start it, or unset EVERGREEN_DASK")
    monkeypatch.setenv("EVERGREEN_DASK", "tcp://10.0.0.7:8786")
    assert "expected tls://" in checks.cluster().found

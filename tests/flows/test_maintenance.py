"""The flow maintain: what it would do, and what it does when told to."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from little_store import Little

from runs.shared.moving import push_all
from runs.shared.opening import opened
from storage.in_use import in_use
from storage.store import Store


@pytest.fixture
def neglected(store: Store) -> Store:
    """A store with an old run, what nobody needs, an orphan, a damaged blob, and a cache over its limit of nothing."""
    stamp = time.time() - 200 * 86_400
    for number in (1, 2):
        folder = store.root / f"runs/2026010{number}-000000-abcdef"
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(
            json.dumps({"id": folder.name, "recipe": "digits", "outcome": "completed", "steps": []})
        )
    state = store.root / "checkpoints" / ("a" * 64) / "000001.npz"
    state.parent.mkdir(parents=True)
    state.write_bytes(b"state")
    journal = store.root / "sweeps/digits-0123456789abcdef/study.journal"
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"drawn")
    store.publish("model", {"model.keras": bytes(2**21)})
    for path in (*store.root.rglob("*"),):
        os.utime(path, (stamp, stamp))
    rows = store.root / "cache/pixels/x/1.rows"
    rows.parent.mkdir(parents=True)
    rows.write_bytes(bytes(2**20))
    blob = store.blob_path(store.manifest(store.publish("dataset", {"a": b"good"}).sha256).files["a"].sha256)
    blob.chmod(0o644)
    blob.write_bytes(b"bad!")
    return store


def _found(rows: list[dict[str, Any]]) -> dict[str, tuple[int, str]]:
    return {row["chore"]: (row["found"], row["done"]) for row in rows}


def _shown() -> list[dict[str, Any]]:
    """Return the newest table in the dashboard."""
    from prefect.artifacts import Artifact

    rows: list[dict[str, Any]] = json.loads(Artifact.get("maintain").data)
    return rows


def _files(root: Path) -> set[Path]:
    return {path for path in root.rglob("*") if path.is_file()}


def test_a_dry_run_says_what_it_would_do_and_the_other_does_it(
    neglected: Store, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.maintenance import maintain

    monkeypatch.setenv("EVERGREEN_CACHE_GIB", "0")
    before = _files(neglected.root)
    dry = maintain(str(neglected.root), keep_runs=1, return_state=True)
    assert (dry.name, dry.message.startswith("would ")) == ("Failed", True)  # there is damage
    assert "remove what no run or champion needs: 2 (2.00 MiB)" in dry.message
    assert _found(_shown()) == {
        "mark runs that died as Crashed": (0, "nothing to do"),
        "forget old runs on the server": (0, "nothing to do"),
        "remove the folders of old runs": (1, "no: dry run"),
        "remove what no run or champion needs": (2, "no: dry run"),
        "forget searches of sweeps that nobody asked for": (1, "no: dry run"),
        "remove orphans in checkpoints": (1, "no: dry run"),
        "remove orphans in memos": (0, "nothing to do"),
        "remove orphans in downloads": (0, "nothing to do"),
        "remove checkpoints of trainings that ended": (0, "nothing to do"),
        "trim the caches": (1, "no: dry run"),
        "remove what was altered in the store, to be made again": (1, "no: dry run"),
        "leave artifacts that are not whole to the step that needs them": (0, "nothing to do"),
    }
    sizes = {row["chore"]: (row["size"], row["bytes"]) for row in _shown()}
    assert sizes["remove what no run or champion needs"][0] == "2.00 MiB"
    assert sizes["remove orphans in checkpoints"] == ("5 bytes", 5)
    assert sizes["mark runs that died as Crashed"] == ("", 0)
    assert "remove orphans in checkpoints: 1 (5 bytes)" in dry.message
    assert _files(neglected.root) == before
    with in_use(neglected):
        maintain(str(neglected.root), keep_runs=99, keep_days=3650, orphan_days=999, dry_run=False, return_state=True)
        told = _found(_shown())["remove what no run or champion needs"]
        assert told == (2, "no: a run uses the store; the next maintain looks again")
        maintain(str(neglected.root), keep_runs=99, orphan_days=999, dry_run=False, return_state=True)
        told = _found(_shown())["forget searches of sweeps that nobody asked for"]
        assert told == (1, "no: a run uses the store; the next maintain looks again")
    assert list(neglected.root.glob("manifests/??/*"))
    assert list(neglected.root.glob("sweeps/*/study.journal"))
    maintain(str(neglected.root), keep_runs=1, dry_run=False, return_state=True)
    assert not list(neglected.root.glob("checkpoints/*"))
    assert [path.name for path in neglected.root.glob("runs/*")] == ["20260102-000000-abcdef"]
    assert not list(neglected.root.glob("sweeps/*"))
    assert not list(neglected.root.rglob("*.rows"))
    assert [path for path in neglected.root.glob("blobs/??/*") if path.stat().st_size > 2**20] == []
    again = maintain(str(neglected.root), keep_runs=1)
    assert _found(again)["trim the caches"] == (0, "nothing to do")


def test_bounds_of_its_parameters_are_kept(prefect_server: str) -> None:
    from prefect.exceptions import ParameterTypeError

    from flows.maintenance import maintain

    with pytest.raises(ParameterTypeError):
        maintain(keep_days=0)


def test_the_remote_is_looked_after_only_where_that_is_asked_for(
    shared_folder: str, tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.maintenance import REMOTE_GARBAGE, maintain

    monkeypatch.setenv("EVERGREEN_REMOTE", shared_folder)
    little = Little(opened(tmp_path / "store"))
    little.run("20260101-1")
    push_all(little.store, None, print)
    stamp = time.time() - 200 * 86_400
    for path in Path(shared_folder).rglob("*"):
        os.utime(path, (stamp, stamp))
    before = _files(Path(shared_folder))
    assert REMOTE_GARBAGE not in _found(maintain(str(little.store.root), dry_run=False))
    found = _found(maintain(str(little.store.root), remote=True))[REMOTE_GARBAGE]
    assert found == (len(before), "no: dry run")
    assert _files(Path(shared_folder)) == before
    maintain(str(little.store.root), remote=True, dry_run=False)
    assert {path.parent.name for path in _files(Path(shared_folder))} == {"collected.versions"}

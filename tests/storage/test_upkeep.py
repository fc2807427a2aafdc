"""storage.upkeep: damage, old runs, and what nobody touched; found first, removed only when asked."""

import json
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from storage import upkeep
from storage.artifacts import Blob
from storage.store import Store
from storage.upkeep import age_days, damaged, discard, incomplete, old_runs, remove, size_of, untouched

DAY = 86_400


def _aged(path: Path, days: float) -> Path:
    stamp = time.time() - days * DAY
    for file in (*path.rglob("*"), path):
        os.utime(file, (stamp, stamp))
    return path


def _alter(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def test_a_whole_store_has_no_damage(store: Store) -> None:
    assert (damaged(store), incomplete(store)) == ([], {})
    store.publish("dataset", {"a": b"1", "b": b"2"})
    assert (damaged(store), incomplete(store)) == ([], {})


def test_altered_and_missing_bytes_are_found(store: Store) -> None:
    store.publish("dataset", {"a": b"good"})
    flipped = store.publish("dataset", {"a": b"flipped"})
    gone = store.publish("dataset", {"a": b"gone", "b": b"good"})
    torn = store.publish("dataset", {"a": b"torn"})
    files = {ref: store.blob_path(store.manifest(ref.sha256).files["a"].sha256) for ref in (flipped, gone)}
    _alter(files[flipped], b"flippeD")
    files[gone].unlink()
    manifest = store.root / "manifests" / torn.sha256[:2] / torn.sha256
    _alter(manifest, manifest.read_bytes()[:-3])
    assert damaged(store) == sorted([files[flipped], manifest])
    assert incomplete(store) == {gone.sha256: "a"}
    remove(damaged(store))
    assert damaged(store) == []
    assert incomplete(store) == {gone.sha256: "a", flipped.sha256: "a"}
    assert store.publish("dataset", {"a": b"flipped"}) == flipped
    assert incomplete(store) == {gone.sha256: "a"}


@pytest.fixture
def runs(store: Store) -> Store:
    """Runs of two recipes, the older the earlier their id; the oldest of all is a's only failed one."""
    ended = [("a", "failed", 50), ("a", "completed", 40), ("b", "completed", 30)]
    for number, (recipe, outcome, days) in enumerate([*ended, ("a", "completed", 20), ("a", "completed", 1)]):
        folder = store.root / "runs" / f"2026010{number}-000000-abcdef"
        (folder / "exports").mkdir(parents=True)
        steps = [{"name": "bundle", "output": "c" * 64}] if number == 1 else []
        summary = {"id": folder.name, "recipe": recipe, "outcome": outcome, "steps": steps}
        (folder / "run.json").write_text(json.dumps(summary))
        _aged(folder, days)
    return store


@pytest.mark.parametrize(
    ("days", "keep", "gone"), [(10, 1, {0, 1, 3}), (10, 2, {0, 1}), (10, 9, {0}), (25, 1, {0, 1}), (60, 1, set())]
)
def test_old_runs_go_but_for_the_newest_of_each_recipe(runs: Store, days: float, keep: int, gone: set[int]) -> None:
    assert {int(path.name[7]) for path in old_runs(runs, days, keep)} == gone


def test_the_run_of_a_champion_stays(runs: Store) -> None:
    assert {int(path.name[7]) for path in old_runs(runs, 10, 1, needed={"c" * 64})} == {0, 3}


def test_of_several_runs_of_a_champion_the_newest_stays(runs: Store) -> None:
    path = runs.root / "runs/20260103-000000-abcdef/run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"steps": [{"name": "bundle", "output": "c" * 64}]}))
    _aged(path.parent, 20)
    assert {int(path.name[7]) for path in old_runs(runs, 10, 1, needed={"c" * 64})} == {0, 1}


def test_what_is_no_run_of_ours_stays(runs: Store) -> None:
    torn, foreign = runs.root / "runs/torn", runs.root / "runs/foreign"
    torn.mkdir()
    (torn / "run.json").write_text("{")
    foreign.mkdir()
    (foreign / "notes.txt").write_text("mine")
    _aged(runs.root / "runs", 100)
    assert {"torn", "foreign"}.isdisjoint(path.name for path in old_runs(runs, 1, 1))


def test_a_link_is_removed_and_counted_without_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports/model").write_bytes(b"1234")
    run = tmp_path / "run"
    run.mkdir()
    (run / "exports").symlink_to("../exports")
    (run / "dangling").symlink_to("../none")
    _aged(tmp_path / "exports", 1)
    for link in (run / "exports", run / "dangling", run):
        os.utime(link, (0, 0), follow_symlinks=False)
    assert size_of([run]) == 0
    assert untouched(tmp_path, 2) == [run]
    remove([run / "exports"])
    remove([run])
    assert (tmp_path / "exports/model").read_bytes() == b"1234"


def test_a_folder_is_as_old_as_the_newest_file_in_it(tmp_path: Path) -> None:
    for name in ("old", "live", "screen-now-50.sqlite"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_bytes(b"123")
        _aged(tmp_path / name, 30)
    os.utime(tmp_path / "live/x")
    assert [path.name for path in untouched(tmp_path, 7, in_use=["screen-now"])] == ["old"]
    assert untouched(tmp_path / "none", 7) == []
    assert size_of([tmp_path / "old", tmp_path / "live/x"]) == 6
    remove([tmp_path / "old", tmp_path / "live/x", tmp_path / "live/never there"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["live", "screen-now-50.sqlite"]


def test_what_goes_while_it_is_looked_at_is_passed_over(tmp_path: Path) -> None:
    """As a training does that ends beside it: whole folders of checkpoints go."""
    ended = threading.Event()

    def come_and_go() -> None:
        while not ended.is_set():
            for number in range(20):
                (tmp_path / "checkpoints" / str(number) / "deep").mkdir(parents=True, exist_ok=True)
            shutil.rmtree(tmp_path / "checkpoints")

    (tmp_path / "stays").write_bytes(b"123")
    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        assert {size_of([tmp_path]) for _ in range(500)} == {3}
        assert age_days(tmp_path) < 1
    finally:
        ended.set()
        thread.join()


def test_what_is_collected_while_the_store_is_verified_is_passed_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = [store.publish("dataset", {"a": name.encode()}) for name in ("one", "two", "three")]
    digests, has_blob = upkeep.sha256_file, Store.has_blob

    def collects_first(path: Path) -> str:
        path.unlink()
        return digests(path)

    def collects_then(of: Store, blob: Blob) -> bool:
        gone = next(ref for ref in refs if of.manifest(ref.sha256).files["a"] == blob)
        of.manifest_path(gone.sha256).unlink()
        of.blob_path(blob.sha256).unlink()
        refs.remove(gone)
        return has_blob(of, blob)

    monkeypatch.setattr(Store, "has_blob", collects_then)
    assert incomplete(store) == {}
    assert refs == []
    store.publish("dataset", {"a": b"one"})
    monkeypatch.setattr(upkeep, "sha256_file", collects_first)
    assert damaged(store) == []


def test_what_goes_while_it_is_removed_is_passed_over(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As another maintain does that removes the same."""
    folder = tmp_path / "checkpoints"
    (folder / "deep").mkdir(parents=True)
    for name in ("a", "b", "deep/c", "deep/d"):
        (folder / name).touch()
    unlink = os.unlink

    def somebody_was_first(*of: Any, **more: Any) -> None:
        unlink(*of, **more)
        raise FileNotFoundError(*of)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", somebody_was_first)
        remove([folder])
    assert not folder.exists()
    (tmp_path / "stays").mkdir()
    discard(store, [tmp_path / "gone", tmp_path / "stays"])
    assert not (tmp_path / "stays").exists()
    monkeypatch.setattr(Path, "is_dir", lambda _: True)
    assert untouched(tmp_path / "gone", 1) == []

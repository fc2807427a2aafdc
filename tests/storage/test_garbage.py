"""storage.garbage: what nothing needs goes, what anything needs stays, whatever happens meanwhile."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from little_store import Little

from evergreen.columns import to_arrow
from storage.errors import ArtifactDamaged, ArtifactMissing
from storage.garbage import Garbage, collect, garbage
from storage.in_use import in_use
from storage.runs import FILE, run_folder
from storage.steps.lineage import trace
from storage.store import Store
from storage.upkeep import damaged, incomplete

SUPPORT = Path(__file__).resolve().parents[1] / "support" / "stores"


@pytest.fixture
def little(store: Store) -> Little:
    return Little(store)


def _files(store: Store) -> set[Path]:
    folders = ("blobs", "manifests", "records", "exports", "runs")
    return {path for folder in folders for path in (store.root / folder).rglob("*") if path.is_file()}


def test_an_empty_store_has_none(store: Store) -> None:
    assert garbage(store, 1) == Garbage()


def test_whatever_a_run_that_is_kept_reaches_stays(store: Store, little: Little) -> None:
    little.run("one")
    little.age()
    assert garbage(store, 30) == Garbage()
    assert collect(store, 30) == Garbage()
    little.check("one")


def test_a_table_by_column_keeps_the_images_that_it_names(store: Store, little: Little) -> None:
    images = [store.put_blob(f"image {number}".encode()) for number in range(70)]
    table = pd.DataFrame({"path": "ffff", "sha256": images, "phash": "0123456789abcdef", "pixels": images[::-1]})
    ref = store.publish("dataset", {"dataset.arrow": to_arrow(table)})
    run = run_folder(store, "one")
    run.mkdir(parents=True)
    (run / FILE).write_text(json.dumps({"output": ref.sha256}))
    little.age()
    assert garbage(store, 30) == Garbage()
    assert len(garbage(store, 30, gone=[run]).blobs) == 71


def test_without_its_run_it_all_goes_and_what_is_shared_stays(store: Store, little: Little) -> None:
    little.run("one")
    little.run("two")
    little.age()
    gone = [little.folder("one")]
    found = garbage(store, 30, gone=gone)
    own = {store.blob_path(digest) for digest in little.own_blobs("one")}
    assert own <= set(found.blobs)
    assert [path.name for path in found.exports] == [little.exports("one").sha256]
    before = _files(store)
    assert garbage(store, 30) == Garbage()
    assert _files(store) == before
    little.forget("one")
    bytes_before = sum(path.stat().st_size for path in _files(store))
    assert collect(store, 30) == found
    assert found.size == bytes_before - sum(path.stat().st_size for path in _files(store)) > 0
    little.check("two")
    assert garbage(store, 30) == Garbage()
    assert (damaged(store), incomplete(store)) == ([], {})
    assert store.blob_path(little.shared_image).is_file()


@pytest.mark.parametrize(
    "use",
    [
        lambda little: little.promote("one"),
        lambda little: (little.promote("one"), little.promote("two")),  # an earlier holder
        lambda little: (little.promote("one"), little.pin("one")),
        lambda little: little.reject("one"),
        lambda little: little.reuse("one"),
    ],
    ids=["champion", "earlier champion", "pinned champion", "rejected", "reused lately"],
)
def test_what_is_named_or_was_used_stays_without_its_run(
    store: Store, little: Little, use: Callable[[Little], object]
) -> None:
    little.run("one")
    little.run("two")
    little.age()
    use(little)
    little.forget("one")
    collect(store, 30)
    little.check("one")
    little.check("two")


def test_rejected_releases_go_where_that_is_asked_for(store: Store, little: Little) -> None:
    little.run("one")
    little.run("two")
    little.promote("two")
    little.reject("one")
    little.age()
    for name in ("one", "two"):
        little.forget(name)
    kept = garbage(store, 30)
    assert kept.paths == kept.exports  # without a run they are nobody's to open; another run copies them again
    assert collect(store, 30, rejected=False)
    little.check("two")
    assert store.damaged(little.model("two")) == []
    with pytest.raises(ArtifactMissing):
        store.manifest(little.model("one").sha256)


def test_what_a_pin_reaches_stays_and_what_it_turned_away_may_go(store: Store, little: Little) -> None:
    for name in ("one", "two"):
        little.run(name)
    little.promote("one")
    little.pin("one")
    little.reject("two")
    for name in ("one", "two"):
        little.forget(name)
    little.age()
    for _ in range(2):  # the history tells the same
        assert collect(store, 30, rejected=False)
        little.check("one")
        (store.root / "champions/digits/champion.json").unlink(missing_ok=True)
    with pytest.raises(ArtifactMissing):
        store.manifest(little.model("two").sha256)


def test_what_is_young_stays_and_every_age_is_by_last_use(store: Store, little: Little) -> None:
    little.run("one")
    little.forget("one")
    assert garbage(store, 1) == Garbage()
    little.age(10)
    assert garbage(store, 11) == Garbage()
    assert garbage(store, 9).blobs


def test_a_run_that_goes_meanwhile_shows_nothing(store: Store, little: Little, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        little.run(name)
    little.age()
    readlink = Path.readlink

    def goes_first(link: Path) -> Path:
        if link == little.shown("one"):
            little.forget("one")
        return readlink(link)

    monkeypatch.setattr(Path, "readlink", goes_first)
    assert little.exports("two").sha256 not in [path.name for path in garbage(store, 30).exports]
    assert not little.folder("one").exists()


def test_other_peoples_files_and_edited_exports_stay(store: Store, little: Little) -> None:
    little.run("one")
    (little.shown("one") / "tfjs/model.json").write_bytes(b"edited")
    little.show("one")
    mine = [store.root / "records" / "notes.txt", store.root / "exports" / "mine"]
    mine[0].write_text("mine")
    mine[1].mkdir()
    little.forget("one")
    little.age()
    found = collect(store, 30)
    assert found
    assert all(path.exists() for path in mine)
    assert [path.name for path in (store.root / "exports").iterdir() if path != mine[1]] == [
        f"{little.exports('one').sha256}.edited-1"
    ]


def test_a_torn_run_json_keeps_what_is_legible(store: Store, little: Little) -> None:
    little.run("one")
    path = little.folder("one") / "run.json"
    path.write_bytes(path.read_bytes()[:-40])
    little.age()
    assert collect(store, 30) == Garbage()
    little.check("one")


def test_of_a_manifest_that_was_altered_what_is_legible_stays(store: Store, little: Little) -> None:
    little.run("one")
    path = store.manifest_path(little.model("one").sha256)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"model", b"m0del"))
    little.age()
    assert collect(store, 30) == Garbage()


def test_a_history_that_cannot_be_read_stops_it(store: Store, little: Little) -> None:
    little.run("one")
    little.promote("one")
    little.forget("one")
    little.age()
    folder = store.root / "champions" / "digits"
    (folder / "champion.json").unlink()
    (folder / "history.jsonl").write_bytes(b"torn\n")
    before = _files(store)
    with pytest.raises(ArtifactDamaged, match="is no event"):
        collect(store, 30)
    assert _files(store) == before


def test_while_somebody_uses_the_store_nothing_goes(store: Store, little: Little) -> None:
    little.run("one")
    little.forget("one")
    little.age()
    with in_use(store):
        assert collect(store, 30) is None
    assert collect(store, 30)


def test_a_record_that_is_relied_on_is_noted_once_a_day(store: Store, little: Little) -> None:
    little.run("one")
    little.age(40)
    (path,) = (path for path in store.root.glob("records/*") if path.name == little.key("one", "train"))
    assert little.records.read(path.name)
    assert path.stat().st_mtime > time.time() - 60
    os.utime(path, (time.time() - 3600,) * 2)
    stamp = path.stat().st_mtime_ns
    assert little.records.read(path.name)
    assert path.stat().st_mtime_ns == stamp


def test_the_way_up_from_a_model_stays_by_one_record_each(store: Store, little: Little) -> None:
    """The class weights of two runs are one artifact: the champion keeps the record of its own, not both runs."""
    little.run("one")
    little.run("two")
    little.promote("two")
    for name in ("one", "two"):
        little.forget(name)
    little.age()
    collect(store, 30)
    little.check("two")
    assert not little.records.path(little.key("one", "split")).exists()
    assert trace(store, little.model("two").sha256).inputs["balance"].inputs["split"].artifact == (
        little.output("two", "split").sha256
    )


_KILLS = """
import shutil, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from kill_points import kill_before_each_write
from little_store import Little
from storage.garbage import collect, garbage, Garbage
from storage.store import Store
from storage.upkeep import damaged
root, before = Path(sys.argv[1]) / "store", Path(sys.argv[1]) / "before"
store = Store(root)
little = Little(store)
for name in sys.argv[3].split():
    little.run(name)
little.promote("one")
for name in sys.argv[3].split()[2:]:
    little.forget(name)
little.age()
shutil.copytree(root, before, symlinks=True)
count = 0
for number, killed in kill_before_each_write(lambda: collect(store, 30), every=int(sys.argv[4])):
    fresh = Store(root)
    for name in ("one", "two"):
        Little(fresh).check(name)
    Little(fresh).records_are_whole_or_misses()
    fresh.sweep()
    assert list((root / "tmp").iterdir()) == []
    collect(fresh, 30)
    assert garbage(fresh, 30) == Garbage()
    assert damaged(fresh) == []
    shutil.rmtree(root)
    shutil.copytree(before, root, symlinks=True)
    count += killed
print(count)
"""


@pytest.mark.parametrize(
    ("names", "every"), [("one two three", 7), pytest.param("one two three four five", 1, marks=pytest.mark.soak)]
)
def test_killed_at_any_point_nothing_that_is_needed_is_lost(tmp_path: Path, names: str, every: int) -> None:
    command = [sys.executable, "-c", _KILLS, str(tmp_path), str(SUPPORT), names, str(every)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20 / every


_RUNS = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from little_store import Little
from storage.in_use import in_use
from storage.store import Store
little = Little(Store(Path(sys.argv[1])))
for number in range(60):
    name = f"{sys.argv[3]}-{number % 7}"
    with in_use(little.store):
        little.run(name)  # publishes, or finds what an earlier one left
        little.check(name)
    if number % 3:
        little.forget(name)
"""


@pytest.mark.soak
def test_runs_beside_collections_lose_nothing(store: Store) -> None:
    Little(store).run("first")
    command = [sys.executable, "-c", _RUNS, str(store.root), str(SUPPORT)]
    processes = [subprocess.Popen([*command, name]) for name in "abc"]
    collected = 0
    while any(process.poll() is None for process in processes):
        found = collect(store, 0)
        collected += bool(found and found.paths)
        time.sleep(0.01)
    assert [process.wait() for process in processes] == [0] * 3
    assert collected
    Little(store).check("first")
    assert (damaged(store), incomplete(store)) == ([], {})

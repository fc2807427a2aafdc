"""storage.exports: what people open lies there once, alters nothing that is stored, and is not handed out changed."""

import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.artifacts import Blob, Ref
from storage.errors import ArtifactDamaged, ArtifactMissing
from storage.exports import OURS, Shown, link, show
from storage.store import Store
from storage.upkeep import damaged

BYTES = {"tfjs/model.json": b"{}", "tflite/model.tflite": b"weights", "tflite/labels.txt": b"a\nb\n"}


@pytest.fixture
def ref(store: Store) -> Ref:
    return store.publish("exports", BYTES)


def _show(store: Store, ref: Ref) -> Shown:
    return show(store, ref.sha256, {**store.manifest(ref.sha256).files, "note.txt": b"said"})


def _contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_files_are_copied_once_and_share_no_inode(store: Store, ref: Ref) -> None:
    first = _show(store, ref)
    assert first == Shown(store.root / "exports" / ref.sha256, None)
    assert _contents(first.folder) == BYTES | {"note.txt": b"said"}
    stamps = {path: path.stat().st_ino for path in first.folder.rglob("*")}
    assert _show(store, ref) == first
    assert {path: path.stat().st_ino for path in first.folder.rglob("*")} == stamps
    for path in first.folder.rglob("*"):
        found = path.stat()
        assert path.is_dir() or (found.st_nlink == 1 and found.st_mode & stat.S_IWUSR)
    assert [path.name for path in (store.root / "exports").iterdir()] == [ref.sha256]
    assert list((store.root / "tmp").iterdir()) == []


def test_processes_at_once_make_one(store: Store, ref: Ref) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: _show(store, ref), range(24))) == {_show(store, ref)}


def _edit(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"w", b"W"))


CHANGES = {
    "edited": lambda folder: _edit(folder / "tflite/model.tflite"),
    "removed": lambda folder: (folder / "tfjs/model.json").unlink(),
    "added": lambda folder: (folder / "tfjs/other.json").write_bytes(b"{}"),
    "linked": lambda folder: (
        (folder / "tfjs/model.json").rename(folder.parent / "away"),
        (folder / "tfjs/model.json").symlink_to(folder.parent / "away"),
    ),
    "emptied": lambda folder: (shutil.rmtree(folder), folder.mkdir()),
    "a file": lambda folder: (shutil.rmtree(folder), folder.write_bytes(b"")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_somebody_changed_is_set_aside_and_the_stored_bytes_stay(store: Store, ref: Ref, change: object) -> None:
    assert callable(change)
    folder = _show(store, ref).folder
    change(folder)
    edited = _contents(folder) if folder.is_dir() else {}
    aside = folder.with_name(f"{ref.sha256}.edited-1")
    assert _show(store, ref) == Shown(folder, aside)
    assert _contents(folder) == BYTES | {"note.txt": b"said"}
    assert _contents(aside) == edited
    assert (damaged(store), store.damaged(ref)) == ([], [])
    _edit(folder / "tflite/model.tflite")
    assert _show(store, ref).edited == folder.with_name(f"{ref.sha256}.edited-2")
    assert [bool(OURS.match(path.name)) for path in (folder, aside)] == [True, False]


def test_what_systems_leave_in_a_folder_is_no_edit(store: Store, ref: Ref) -> None:
    folder = _show(store, ref).folder
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "tflite/__pycache__").mkdir()
    (folder / "tflite/__pycache__/run.cpython-311.pyc").write_bytes(b"x")
    assert _show(store, ref) == Shown(folder, None)


def test_a_blob_that_was_altered_is_not_shown(store: Store, ref: Ref) -> None:
    path = store.blob_path(store.manifest(ref.sha256).files["tflite/model.tflite"].sha256)
    path.chmod(0o644)
    path.write_bytes(b"WEIGHTS")
    with pytest.raises(ArtifactDamaged, match="altered"):
        _show(store, ref)
    assert not (store.root / "exports" / ref.sha256).exists()
    with pytest.raises(ArtifactMissing):
        show(store, ref.sha256, {"x": Blob("0" * 64, 1)})


def test_a_link_is_relative_and_takes_the_place_of_another(store: Store, ref: Ref, tmp_path: Path) -> None:
    run = store.root / "runs" / "one"
    run.mkdir(parents=True)
    link(store.root / "exports" / "earlier", run / "exports")
    link(_show(store, ref).folder, run / "exports")
    assert (run / "exports").readlink() == Path("../../exports") / ref.sha256
    store.root.rename(tmp_path / "moved")
    assert (tmp_path / "moved/runs/one/exports/tfjs/model.json").read_bytes() == b"{}"

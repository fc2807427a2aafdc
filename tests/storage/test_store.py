"""storage.store: publishing, reading, and what happens when bytes change underneath."""

import fcntl
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage import disk
from storage.artifacts import Ref
from storage.errors import ArtifactDamaged, ArtifactMissing, BadReference, StoreUnwritable
from storage.store import Store


def _blob(store: Store, ref: Ref, name: str) -> Path:
    return store.blob_path(store.manifest(ref.sha256).files[name].sha256)


def _overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def test_making_a_store_touches_no_disk(tmp_path: Path) -> None:
    Store(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_what_was_published_is_read_back(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"from a path")
    ref = store.publish("dataset", {"a": b"bytes", "deep/b": tmp_path / "file"}, {"classes": ["x"]})
    assert (store.read(ref, "a"), store.read(ref, "deep/b")) == (b"bytes", b"from a path")
    assert store.manifest(ref.sha256).facts == {"classes": ["x"]}
    assert ref.size == len(b"bytes") + len(b"from a path")


def test_identity_depends_on_names_bytes_kind_and_facts_alone(store: Store, tmp_path: Path) -> None:
    ref = store.publish("dataset", {"a": b"1", "b": b"2"}, {"n": 1})
    other = Store(tmp_path / "elsewhere")
    assert other.publish("dataset", {"b": b"2", "a": b"1"}, {"n": 1}) == ref
    different = [
        store.publish("table", {"a": b"1", "b": b"2"}, {"n": 1}),
        store.publish("dataset", {"a": b"1", "c": b"2"}, {"n": 1}),
        store.publish("dataset", {"a": b"1", "b": b"3"}, {"n": 1}),
        store.publish("dataset", {"a": b"1", "b": b"2"}, {"n": 2}),
    ]
    assert len({ref.sha256, *(made.sha256 for made in different)}) == 5


def test_published_files_are_read_only_and_nothing_is_left_aside(store: Store) -> None:
    ref = store.publish("dataset", {"a": b"1"})
    assert stat.S_IMODE(_blob(store, ref, "a").stat().st_mode) == 0o444
    assert list((store.root / "tmp").iterdir()) == []


def test_many_files_are_published_whole(store: Store) -> None:
    ref = store.publish("files", {f"f{number}": str(number).encode() for number in range(100)})
    assert store.is_whole(ref)
    assert store.damaged(ref) == []


@pytest.mark.parametrize("damage", [b"", b"bytez", b"bytes and more"])
def test_altered_bytes_are_found_and_never_returned(store: Store, damage: bytes) -> None:
    ref = store.publish("dataset", {"a": b"bytes"})
    _overwrite(_blob(store, ref, "a"), damage)
    with pytest.raises(ArtifactDamaged, match="altered"):
        store.read(ref, "a")
    assert store.damaged(ref) == ["a"]


@pytest.mark.parametrize("damage", [b"", b"bytez", b"bytes and more"])
def test_the_path_of_altered_bytes_is_never_given(store: Store, damage: bytes) -> None:
    ref = store.publish("dataset", {"a": b"bytes"})
    path = _blob(store, ref, "a")
    assert store.checked_blob(path.name) == path
    _overwrite(path, damage)
    with pytest.raises(ArtifactDamaged, match="altered"):
        store.checked_blob(path.name)
    assert not path.exists()  # so that what needs it is made again
    with pytest.raises(ArtifactMissing, match="is not in"):
        store.checked_blob(path.name)


def test_a_missing_or_cut_blob_makes_an_artifact_not_whole(store: Store) -> None:
    ref = store.publish("dataset", {"a": b"bytes"})
    _overwrite(_blob(store, ref, "a"), b"byte")
    assert not store.is_whole(ref)
    _blob(store, ref, "a").unlink()
    assert not store.is_whole(ref)
    with pytest.raises(ArtifactMissing, match="is not in"):
        store.read(ref, "a")


def test_an_altered_manifest_is_damage(store: Store) -> None:
    ref = store.publish("dataset", {"a": b"bytes"})
    path = store.root / "manifests" / ref.sha256[:2] / ref.sha256
    _overwrite(path, path.read_bytes().replace(b'"size":5', b'"size":6'))
    assert not store.is_whole(ref)
    with pytest.raises(ArtifactDamaged):
        store.manifest(ref.sha256)


def test_publishing_again_repairs_damage(store: Store) -> None:
    ref = store.publish("dataset", {"a": b"bytes"})
    _overwrite(_blob(store, ref, "a"), b"BYTES")
    assert store.publish("dataset", {"a": b"bytes"}) == ref
    assert store.read(ref, "a") == b"bytes"


def test_writers_of_the_same_artifact_do_not_disturb_each_other(store: Store) -> None:
    files = {f"f{number}": os.urandom(2000) for number in range(20)}
    with ThreadPoolExecutor(8) as pool:
        refs = set(pool.map(lambda _: store.publish("dataset", files), range(16)))
    assert len(refs) == 1
    assert store.damaged(refs.pop()) == []


@pytest.mark.parametrize("name", ["../x", "/x", "a/../b", "", "a\\b", "a\0b", "./a", "a//b"])
def test_a_name_that_could_leave_its_folder_is_refused(store: Store, name: str) -> None:
    with pytest.raises(BadReference, match="relative file name"):
        store.publish("dataset", {name: b"x"})


@pytest.mark.parametrize("digest", ["../../x", "", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_a_digest_of_another_form_is_refused(store: Store, digest: str) -> None:
    with pytest.raises(BadReference, match="64 lowercase hex"):
        store.manifest(digest)
    with pytest.raises(BadReference):
        Ref("dataset", digest, 0)


def test_materialised_files_are_copies_that_may_be_changed(store: Store, tmp_path: Path) -> None:
    ref = store.publish("exports", {"tfjs/model.json": b"{}", "tflite/model": b"x"})
    store.materialise(ref, tmp_path / "out")
    (tmp_path / "out" / "tfjs" / "model.json").write_bytes(b"changed")
    assert store.read(ref, "tfjs/model.json") == b"{}"
    store.materialise(ref, tmp_path / "one", under="tflite/")
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["model"]


def test_a_copy_is_a_reflink_where_the_file_system_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "given").write_bytes(b"x" * 3_000_000)
    disk.copy(tmp_path / "given", tmp_path / "copied")
    assert (tmp_path / "copied").read_bytes() == b"x" * 3_000_000
    asked: list[tuple[int, str]] = []

    def clones(target: int, request: int, source: int) -> int:
        asked.append((request, str(Path(f"/proc/self/fd/{source}").readlink())))
        return os.write(target, b"cloned")

    monkeypatch.setattr(fcntl, "ioctl", clones)
    disk.copy(tmp_path / "given", tmp_path / "copied")
    assert (tmp_path / "copied").read_bytes() == b"cloned"
    assert asked == [(getattr(fcntl, "FICLONE", 0x40049409), str(tmp_path / "given"))]


def test_a_store_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreUnwritable, match="--store"):
        Store(tmp_path / "file").publish("dataset", {"a": b"x"})

"""runs.away.origin: which store a worker works with, and what is refused because nobody meant it."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from runs.away.origin import Origin, WrongStore
from runs.shared.opening import behind_of, opened
from storage.store import Store


@pytest.fixture
def sender(store: Store) -> Origin:
    return Origin.of(store, ours=False)


def test_a_worker_that_sees_the_senders_folder_uses_it_and_so_does_what_was_started_there(
    sender: Origin, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, same = pickle.loads(pickle.dumps(sender)).here()  # noqa: S301 - as a worker is sent it
    assert (found.root, same) == (store.root, True)
    (tmp_path / "mounted").symlink_to(store.root)
    monkeypatch.setenv("EVERGREEN_STORE", str(tmp_path / "mounted"))  # the same store by another path
    found, same = sender.here()
    assert (found.root, same) == (tmp_path / "mounted", True)
    monkeypatch.setenv("EVERGREEN_STORE", str(tmp_path / "own"))
    found, same = replace(sender, ours=True).here()
    assert (found.root, same) == (store.root, True), "whatever its environment says: --store was said"


def test_without_a_store_of_its_own_any_other_at_that_path_is_refused(sender: Origin, tmp_path: Path) -> None:
    own = r"give each worker EVERGREEN_STORE of its own, and all machines one EVERGREEN_REMOTE"
    with pytest.raises(WrongStore, match=rf"found no store; .*{own}"):
        replace(sender, store=tmp_path / "nowhere", remote=str(tmp_path)).here()
    other = Store(tmp_path / "other")
    with pytest.raises(WrongStore, match=rf"found store {other.identity[:12]}; .*{own}"):
        replace(sender, store=other.root, remote=str(tmp_path)).here()
    (other.root / "store.json").write_text("torn")
    with pytest.raises(WrongStore, match="expected the identity of a store"):
        replace(sender, store=other.root).here()


def test_between_two_stores_there_must_be_a_remote_and_no_more_than_one(
    store: Store, shared_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERGREEN_STORE", str(tmp_path / "own"))
    with pytest.raises(WrongStore, match="where the work comes from EVERGREEN_REMOTE is not set"):
        Origin.of(store, ours=False).here()
    sender = Origin.of(opened(store.root, shared_folder), ours=False)
    found, same = sender.here()
    behind = behind_of(found)
    assert behind is not None
    assert (found.root, same, behind.remote.objects.address) == (tmp_path / "own", False, shared_folder)
    monkeypatch.setenv("EVERGREEN_REMOTE", str(tmp_path / "mounted-elsewhere"))
    behind = behind_of(sender.here()[0])
    assert behind is not None
    assert behind.remote.objects.address == str(tmp_path / "mounted-elsewhere"), "a folder may have another path here"
    monkeypatch.setenv("EVERGREEN_REMOTE", "s3://u:PLANTED@bucket/x")
    with pytest.raises(WrongStore, match="found another; set the same, or unset it") as refused:
        sender.here()
    assert "PLANTED" not in str(refused.value)


def test_a_folder_travels_by_its_whole_path(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shared").mkdir()
    monkeypatch.chdir(tmp_path)
    assert Origin.of(opened(store.root, "shared"), ours=False).remote == str(tmp_path / "shared")


def test_no_key_of_a_remote_travels(store: Store, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "f00dplanted")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "f00dplanted-too")
    sender = Origin.of(opened(store.root, s3), ours=False)
    assert sender.remote == s3
    assert b"f00dplanted" not in pickle.dumps(sender)

"""runs.shared.moving: push, pull and fetch between two stores."""

from pathlib import Path

import pytest
from little_store import Little

from evergreen.errors import BadInput
from runs.shared.moving import fetch, pull_all, push_all
from runs.shared.opening import opened
from storage.champions import Champions
from storage.errors import ArtifactMissing, RemoteAbsent
from storage.store import Store

BOTH = pytest.mark.parametrize("pushed", ["shared_folder", "s3"], indirect=True)


@pytest.fixture
def pushed(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Little:
    """A store with two runs, one of them champion, which are pushed into a folder, or where the parameter says."""
    monkeypatch.setenv("EVERGREEN_REMOTE", request.getfixturevalue(getattr(request, "param", "shared_folder")))
    little = Little(opened(tmp_path / "a"))
    for name in ("20260101-1", "20260102-2"):
        little.run(name)
    little.promote("20260101-1")
    said: list[str] = []
    moved = push_all(little.store, None, said.append)
    assert set(moved.runs) == {"20260101-1", "20260102-2"}
    assert moved.objects > 10
    assert said == []
    return little


def _other(tmp_path: Path) -> Store:
    return opened(tmp_path / "b")


@BOTH
def test_a_recipe_is_pulled_with_its_champion_and_its_newest_run(pushed: Little, tmp_path: Path) -> None:
    said: list[str] = []
    moved = pull_all(_other(tmp_path), "digits", said.append)
    assert (set(moved.runs), said) == ({"20260101-1", "20260102-2"}, [])
    alone = Little(Store(tmp_path / "b"))  # without the remote
    for name in moved.runs:
        alone.check_bytes(name)
    assert Champions(alone.store.root).current("digits") == pushed.output("20260101-1", "bundle").sha256
    assert pull_all(_other(tmp_path), None, said.append).objects == 0
    assert push_all(_other(tmp_path), None, said.append).objects == 0


def test_a_run_or_what_it_made_is_pulled_alone(pushed: Little, tmp_path: Path) -> None:
    for ref in ("20260101-1", pushed.model("20260101-1").sha256[:8]):
        assert pull_all(_other(tmp_path), ref, print).runs == ("20260101-1",)
    alone = Little(Store(tmp_path / "b"))
    alone.check_bytes("20260101-1")
    assert not alone.records.read(alone.key("20260102-2", "train"))


def test_one_artifact_or_file_is_fetched_by_its_digest(pushed: Little, tmp_path: Path) -> None:
    other = _other(tmp_path)
    model = pushed.model("20260101-1")
    found = fetch(other, model.short)
    assert {name: path.read_bytes() for name, path in found.items()} == {"model.keras": b"model 20260101-1"}
    blob = pushed.store.manifest(pushed.exports("20260102-2").sha256).files["tfjs/model.json"].sha256
    [path] = fetch(other, blob[:10]).values()
    assert path.read_bytes() == b"export 20260102-2"
    assert {path.name for path in other.root.glob("blobs/*/*")} == {blob, found["model.keras"].name}


@pytest.mark.parametrize("ref", ["abcdef012345", "abc", "digits", "../../x"])
def test_what_is_not_there_is_said_with_what_is(
    shared_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ref: str
) -> None:
    monkeypatch.setenv("EVERGREEN_REMOTE", shared_folder)
    with pytest.raises(BadInput, match=r"expected .*\n    try: evergreen pull"):
        fetch(_other(tmp_path), ref)
    with pytest.raises(BadInput, match=r"there are the recipes: none yet: evergreen push puts some there"):
        pull_all(_other(tmp_path), ref, print)
    with pytest.raises(ArtifactMissing, match="names none"):
        push_all(_other(tmp_path), ref, print)


def test_one_run_is_pushed_and_what_was_collected_here_is_said(
    shared_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERGREEN_REMOTE", shared_folder)
    little = Little(opened(tmp_path / "a"))
    for name in ("20260101-1", "20260102-2"):
        little.run(name)
    assert push_all(little.store, "20260101-1", print).runs == ("20260101-1",)
    assert push_all(little.store, little.output("20260101-1", "bundle").short, print).objects < 10
    model = little.store.manifest(little.model("20260102-2").sha256).files["model.keras"].sha256
    little.store.blob_path(model).unlink()
    said: list[str] = []
    push_all(little.store, None, said.append)
    assert [text.partition(":")[0] for text in said] == ["run 20260102-2 is not pushed"]
    other = Little(_other(tmp_path))
    assert other.records.read(other.key("20260101-1", "train"))
    assert not other.records.read(other.key("20260102-2", "train"))


def test_without_a_remote_or_its_folder_nothing_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVERGREEN_REMOTE", raising=False)
    with pytest.raises(BadInput, match=r"EVERGREEN_REMOTE: expected s3://BUCKET/PREFIX.*it is not set"):
        push_all(_other(tmp_path), None, print)
    monkeypatch.setenv("EVERGREEN_REMOTE", str(tmp_path / "nothing"))
    with pytest.raises(RemoteAbsent, match=f"make it: mkdir -p {tmp_path / 'nothing'}"):
        pull_all(_other(tmp_path), None, print)

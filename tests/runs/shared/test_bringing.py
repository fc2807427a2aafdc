"""runs.shared.bringing: a store that trained nothing learns who is champion, and what made it; the rest stays there."""

from pathlib import Path

import pytest
from little_store import Little

from runs.shared.bringing import champion_brought, recipes_there
from runs.shared.moving import push_all
from runs.shared.opening import behind_of, opened
from runs.shared.sharing import agree
from storage.champions import Champions
from storage.store import Store


@pytest.fixture
def pushed(shared_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Little:
    """A store with two runs, the first one's model champion, which are in the remote."""
    monkeypatch.setenv("EVERGREEN_REMOTE", shared_folder)
    little = Little(opened(tmp_path / "a"))
    for name in ("20260101-1", "20260102-2"):
        little.run(name)
    little.promote("20260101-1")
    push_all(little.store, None, print)
    return little


def _trained(store: Store) -> set[str]:
    return {record.output.sha256 for record in Little(store).records.all("train")}


@pytest.mark.parametrize("agreed", [False, True], ids=["knows nobody", "knows the champion's name alone"])
def test_the_champion_and_the_records_of_its_run_come(pushed: Little, tmp_path: Path, agreed: bool) -> None:
    other = opened(tmp_path / "b")
    if agreed:
        assert agree(other, "digits") == []
    assert champion_brought(other, "digits") == []
    assert Champions(other.root).current("digits") == pushed.output("20260101-1", "bundle").sha256
    assert _trained(other) == {pushed.model("20260101-1").sha256}
    assert not (other.blob_path(pushed.shared_image)).exists()  # what nobody read stays there
    assert other.read(pushed.model("20260101-1"), "model.keras") == b"model 20260101-1"
    behind = behind_of(other)
    assert behind
    del behind.remote  # who is known is not asked about again
    assert champion_brought(other, "digits") == []


def test_without_an_answer_it_is_said_and_without_a_remote_nothing_happens(
    pushed: Little, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert recipes_there(opened(tmp_path / "b")) == ["digits"]
    assert champion_brought(opened(tmp_path / "b"), "waste") == []
    monkeypatch.setenv("EVERGREEN_REMOTE", str(tmp_path / "gone"))
    lost = opened(tmp_path / "c")
    [told] = champion_brought(lost, "digits")
    assert told.startswith("going on without the remote: ")
    assert (champion_brought(lost, "digits"), recipes_there(lost)) == ([], [])
    monkeypatch.delenv("EVERGREEN_REMOTE")
    alone = opened(tmp_path / "d")
    assert (champion_brought(alone, "digits"), recipes_there(alone)) == ([], [])

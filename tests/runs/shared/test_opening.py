"""runs.shared.opening: which remote is behind a store, and what is none."""

from pathlib import Path

import pytest

from runs.shared.opening import behind_of, memory_of, opened
from storage.errors import BadReference


def test_the_environment_says_what_is_behind_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVERGREEN_REMOTE", raising=False)
    assert behind_of(opened(tmp_path / "store")) is None
    monkeypatch.setenv("EVERGREEN_REMOTE", f" {tmp_path / 'shared'} ")
    store = opened(tmp_path / "store")
    behind = behind_of(store)
    assert behind is not None
    assert behind.remote.objects.address == str(tmp_path / "shared")
    memory_of(store, behind).keep()
    monkeypatch.setenv("EVERGREEN_REMOTE", str(tmp_path / "other"))
    other = behind_of(opened(tmp_path / "store"))
    assert other is not None
    memory_of(store, other).keep()
    assert len(list(store.root.glob("remote/*/pushed.json"))) == 2
    assert not (tmp_path / "shared").exists()


def test_an_address_that_is_none_is_refused_and_a_secret_in_it_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERGREEN_REMOTE", "s3://AKIA:PLANTED@bucket/prefix")
    with pytest.raises(BadReference, match="expected s3://BUCKET/PREFIX") as caught:
        opened(tmp_path)
    assert "PLANTED" not in str(caught.value)

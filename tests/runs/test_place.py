"""runs.place: where the store is, by what was said, and words that no folder can be called by."""

from pathlib import Path

import pytest

from evergreen.errors import BadInput
from runs.place import store_root

UNCALLABLE = {"long": "x" * 300, "NUL": "a\0b", "~": "~nobody-has-this-name/a"}


def test_what_is_given_comes_before_the_environment_and_that_before_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVERGREEN_STORE", raising=False)
    assert store_root(None) == tmp_path / ".evergreen"
    monkeypatch.setenv("EVERGREEN_STORE", "elsewhere")
    assert store_root(None) == tmp_path / "elsewhere"
    assert store_root(Path("given")) == tmp_path / "given"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", UNCALLABLE.values(), ids=UNCALLABLE)
def test_a_store_that_no_folder_can_be_is_refused_in_words(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="the store: expected a folder, received"):
        store_root(Path(words))
    assert not list(tmp_path.iterdir())

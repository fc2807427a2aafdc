"""evergreen.sources.fetching.memory: it outlives a process, and neither a tear nor a reboot deceives it."""

from pathlib import Path
from typing import Any

import pytest
from downloads import DATA

from evergreen.errors import (
    SourceUnreachable,
)
from evergreen.sources.fetching import memory
from evergreen.sources.fetching.desk import Desk
from evergreen.sources.fetching.download import fetch


def test_after_a_reboot_a_partial_file_is_not_trusted(
    server: Any, want: Any, desk: Desk, shelf: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add("/photos.zip", DATA).faults = [server.cut(1_000_000), *[server.cut(0)] * 2]
    with pytest.raises(SourceUnreachable):
        fetch(want(), desk)
    (tmp_path / "boot").write_text("another boot")
    monkeypatch.setattr(memory, "_BOOT", tmp_path / "boot")
    assert shelf.read(fetch(want(), desk)) == DATA
    assert server.requests[-1].sent == len(DATA)


def test_a_torn_memory_is_no_memory(server: Any, want: Any, desk: Desk) -> None:
    server.add("/photos.zip", DATA)
    kept = fetch(want(), desk)
    path = next(desk.downloads.glob("*.json"))
    text = path.read_text()
    for length in (0, 1, len(text) // 2, len(text) - 1):
        path.write_text(text[:length])
        assert fetch(want(), desk) == kept
    assert len(server.requests) == 5

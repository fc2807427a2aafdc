"""evergreen.sources.fetching.download_state: it outlives a process, and neither a tear nor a reboot deceives it."""

from pathlib import Path
from typing import Any

import pytest
from downloads import DATA

from evergreen.errors import (
    SourceUnreachable,
)
from evergreen.sources.fetching import download_state
from evergreen.sources.fetching.context import SourceContext
from evergreen.sources.fetching.download import fetch


def test_after_a_reboot_a_partial_file_is_not_trusted(
    server: Any, want: Any, context: SourceContext, shelf: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add("/photos.zip", DATA).faults = [server.cut(1_000_000), *[server.cut(0)] * 2]
    with pytest.raises(SourceUnreachable):
        fetch(want(), context)
    (tmp_path / "boot").write_text("another boot")
    monkeypatch.setattr(download_state, "_BOOT", tmp_path / "boot")
    assert shelf.read(fetch(want(), context)) == DATA
    assert server.requests[-1].sent == len(DATA)


def test_a_torn_memory_is_no_memory(server: Any, want: Any, context: SourceContext) -> None:
    server.add("/photos.zip", DATA)
    kept = fetch(want(), context)
    path = next(context.downloads.glob("*.json"))
    text = path.read_text()
    for length in (0, 1, len(text) // 2, len(text) - 1):
        path.write_text(text[:length])
        assert fetch(want(), context) == kept
    assert len(server.requests) == 5

"""A store, photos, and a log of what its model answered."""

from collections.abc import Callable
from pathlib import Path

import pytest
from loops import Loop
from served import Served

from tasks.data import unpack


@pytest.fixture
def loop(served: Served, tmp_path: Path, png: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch) -> Loop:
    monkeypatch.setattr(unpack, "remark", lambda _: None)
    return Loop(served, tmp_path, png)

"""A store with releases that answer."""

from pathlib import Path

import pytest
from served import Served

from runs.serving.workers import spares


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(tmp_path / "a störe")


@pytest.fixture(autouse=True)
def _no_spares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add no worker on a busy machine, where any image may be slow; tests of that say what is."""
    monkeypatch.setattr(spares, "SLOW_SECONDS", 1000.0)

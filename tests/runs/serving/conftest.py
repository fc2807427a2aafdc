"""A store with releases that answer."""

from pathlib import Path

import pytest
from served import Served


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(tmp_path / "a störe")

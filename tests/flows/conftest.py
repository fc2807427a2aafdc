"""Fixtures that several tests of flows use."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def photos(tmp_path: Path, png: Callable[..., bytes]) -> Path:
    """Thirty dark and thirty bright pictures, a folder each."""
    for label, grey in (("dark", 0), ("bright", 190)):
        for seed in range(30):
            path = tmp_path / "photos" / label / f"{seed}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(seed + grey, (9, 7), (grey, grey, grey)))
    return tmp_path / "photos"

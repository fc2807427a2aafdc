"""A shelf and a context."""

import hashlib
from pathlib import Path

import pytest

from evergreen.sources.fetching.context import Kept, SourceContext


class FolderShelf:
    """Finished bytes as files named by their digest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def has(self, kept: Kept) -> bool:
        path = self.folder / kept.sha256
        return path.is_file() and path.stat().st_size == kept.size

    def take(self, path: Path, kept: Kept) -> None:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == kept.sha256
        path.replace(self.folder / kept.sha256)

    def read(self, kept: Kept) -> bytes:
        return (self.folder / kept.sha256).read_bytes()


@pytest.fixture
def shelf(tmp_path: Path) -> FolderShelf:
    return FolderShelf(tmp_path / "shelf")


@pytest.fixture
def context(tmp_path: Path, shelf: FolderShelf) -> SourceContext:
    def no_block(name: str) -> str:
        raise LookupError(name)

    return SourceContext(shelf, tmp_path / "downloads", tmp_path / "indexes", no_block, lambda *progress: None)

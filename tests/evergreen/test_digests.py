"""evergreen.digests: a file's SHA-256 is that of its bytes, however large it is."""

import hashlib
from pathlib import Path

import pytest

from evergreen.digests import sha256_of


@pytest.mark.parametrize("size", [0, 3, 1_000_003])
def test_it_is_the_sha256_of_the_bytes(tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    (tmp_path / "file").write_bytes(data[:size])
    assert sha256_of(tmp_path / "file") == hashlib.sha256(data[:size]).hexdigest()


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sha256_of(tmp_path / "none")

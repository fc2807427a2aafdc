"""evergreen.sources.archives.open: what a file is, is told by its content, and a disk that fails is no bad archive."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from evergreen.errors import BadArchive
from evergreen.sections.data import Unpack
from evergreen.sources.archives.open import unpack


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    (tmp_path / "photo").write_bytes(b"x")
    return tmp_path / "photo"


def _zip(photo: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.write(photo, "a")


def _tar(photo: Path, archive: Path) -> None:
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(photo, "a")


@pytest.mark.parametrize("write", [_zip, _tar])
def test_what_an_archive_is_is_told_by_its_content(photo: Path, tmp_path: Path, write: object) -> None:
    write(photo, tmp_path / "archive.png")  # type: ignore[operator]
    (tmp_path / "out").mkdir()
    (member,) = unpack(tmp_path / "archive.png", tmp_path / "out", "photos.png", Unpack())
    assert (member.name, member.size, member.path.read_bytes()) == ("a", 1, b"x")


def test_what_is_none_is_refused_by_the_name_that_people_know(photo: Path, tmp_path: Path) -> None:
    with pytest.raises(BadArchive, match=r"photos\.zip"):
        list(unpack(photo, tmp_path, "photos.zip", Unpack()))


def test_a_disk_that_fails_is_no_bad_archive(photo: Path, tmp_path: Path) -> None:
    _zip(photo, tmp_path / "a.zip")
    with pytest.raises(FileNotFoundError):
        list(unpack(tmp_path / "a.zip", tmp_path / "none", "photos.zip", Unpack()))

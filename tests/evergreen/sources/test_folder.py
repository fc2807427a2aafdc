"""evergreen.sources.folder: an index like git's, that never trusts what it should not."""

import json
import os
import time
from collections import Counter
from pathlib import Path

import pytest

from evergreen.errors import BadInput
from evergreen.sources import folder as module
from evergreen.sources.folder import list_folder, listing_digest


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder whose files are older than any index that a test writes."""
    for name in ("a/1.png", "a/2.png", "b/3 ü.png"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    time.sleep(0.05)
    return tmp_path / "photos"


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "indexes" / "photos.json"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were read."""
    names: list[str] = []
    real = module._digest

    def digest(path: Path) -> str:
        names.append(path.name)
        return real(path)

    monkeypatch.setattr(module, "_digest", digest)
    return names


def test_unchanged_files_are_not_read_again(photos: Path, index: Path, read: list[str]) -> None:
    first = list_folder(photos, index)
    assert sorted(read) == ["1.png", "2.png", "3 ü.png"]
    read.clear()
    assert list_folder(photos, index) == first
    assert read == []


def test_a_changed_a_new_and_a_removed_file_are_seen(photos: Path, index: Path, read: list[str]) -> None:
    first = list_folder(photos, index)
    read.clear()
    (photos / "a/1.png").write_bytes(b"other")
    (photos / "a/9.png").write_bytes(b"new")
    (photos / "b/3 ü.png").unlink()
    second = list_folder(photos, index)
    assert sorted(read) == ["1.png", "9.png"]
    assert set(second) == {"a/1.png", "a/2.png", "a/9.png"}
    assert listing_digest(second) != listing_digest(first)


def test_a_replacement_of_the_same_size_with_its_time_restored_is_seen(photos: Path, index: Path) -> None:
    first = list_folder(photos, index)
    path = photos / "a/1.png"
    stamp = path.stat()
    path.write_bytes(b"A/1.PNG")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert path.stat().st_mtime_ns == stamp.st_mtime_ns
    assert list_folder(photos, index) != first


def test_a_file_changed_in_the_instant_of_the_index_is_not_trusted(photos: Path, index: Path, read: list[str]) -> None:
    (photos / "a/1.png").write_bytes(b"just now")
    list_folder(photos, index)
    read.clear()
    list_folder(photos, index)
    assert read == ["1.png"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"entries": {"a/1.png": ["0"]}}', '{"entries": 1, "begun_ns": 2}'])
def test_a_torn_or_foreign_index_is_ignored(photos: Path, index: Path, text: str) -> None:
    expected = list_folder(photos, index)
    index.write_text(text, encoding="utf-8")
    assert list_folder(photos, index) == expected
    assert set(json.loads(index.read_bytes())["entries"]) == set(expected)


def test_the_digest_knows_names_and_contents_and_no_time(photos: Path, index: Path, tmp_path: Path) -> None:
    listing = list_folder(photos, index)
    assert listing_digest(dict(reversed(listing.items()))) == listing_digest(listing)
    for path in photos.rglob("*.png"):
        os.utime(path, (1, 1))
    assert listing_digest(list_folder(photos, tmp_path / "another.json")) == listing_digest(listing)
    (photos / "a/1.png").rename(photos / "a/0.png")
    assert listing_digest(list_folder(photos, index)) != listing_digest(listing)


def test_a_link_is_as_the_file_that_it_leads_to_and_another_one_is_seen(photos: Path, index: Path) -> None:
    left_out: Counter[str] = Counter()
    (photos / "link.png").symlink_to("a/1.png")
    (photos / "around").symlink_to(photos)
    first = list_folder(photos, index, None, left_out)
    assert first["link.png"] == first["a/1.png"]
    assert set(first) == {"a/1.png", "a/2.png", "b/3 ü.png", "link.png"}
    assert sum(left_out.values()) == 1
    (photos / "link.png").unlink()
    (photos / "link.png").symlink_to("a/2.png")
    assert list_folder(photos, index)["link.png"] == first["a/2.png"]


def test_a_folder_that_is_not_there_is_bad_input(tmp_path: Path, index: Path) -> None:
    with pytest.raises(BadInput, match="expected a folder"):
        list_folder(tmp_path / "none", index)

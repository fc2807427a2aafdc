"""evergreen.sources.archives.refusals: what is no archive is named, with what to do; only damage is fetched again."""

from pathlib import Path

import pytest

from evergreen.errors import BadArchive
from evergreen.sections.data import Unpack
from evergreen.sources.archives.open import unpack

SPLIT = rb"PK" + b"\3\4" + bytes(3000)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.rar", b"Rar!\x1a\x07\x01\x00" + bytes(4000), "this is a RAR archive: unpack it and name the folder"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(4000), "this is a 7z archive: unpack it and name the folder"),
        ("a.zst", b"\x28\xb5\x2f\xfd" + bytes(99), "this is a zstd archive: unpack it and name the folder"),
        ("a.parquet", b"PAR1" + bytes(400) + b"PAR1", "this is a parquet table: write the pictures in it as files"),
        ("a.h5", b"\x89HDF\r\n\x1a\n" + bytes(99), "this is an HDF5 file: write the pictures in it as files"),
        ("a.jpg", b"\xff\xd8\xff" + bytes(99), "this is an image: name a folder with a folder of images a class"),
        ("a.zip", b"<!DOCTYPE html><html>", "this is a web page: the address leads to a page"),
        ("a.zip", b"version https://git-lfs.github.com/spec/v1\n", "this is a Git LFS pointer: run git lfs pull"),
        ("a.csv", b"id,label\n", "this is text: name a folder"),
        ("a.mp4", b"\0\0\0\x20ftypisom" + bytes(99), "this is a video: name a folder"),
        ("a.zip.001", SPLIT, "by its name this is one part of a split archive: join its parts first"),
        ("a.z01", SPLIT, "by its name this is one part of a split archive: join its parts first"),
        ("a.tar.gz.001", b"\x1f\x8b\x08" + bytes(99), "by its name this is one part of a split archive"),
        ("a.zip.002", bytes(range(1, 255)), "by its name this is one part of a split archive"),
    ],
)
def test_what_is_no_archive_is_named_with_what_to_do(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(BadArchive) as refused:
        list(unpack(tmp_path / "a", tmp_path, name, Unpack()))
    assert str(refused.value).startswith(f"{name}: expected a")
    assert said in str(refused.value)
    assert "etch it again" not in str(refused.value)


@pytest.mark.parametrize("data", [b"", bytes(range(1, 255)), SPLIT, b"\x1f\x8b\x08" + bytes(99)])
def test_what_may_be_a_damaged_archive_is_fetched_again(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(BadArchive, match=r"photos\.zip: expected an intact zip or tar; .*\. Fetch it again$"):
        list(unpack(tmp_path / "a", tmp_path, "photos.zip", Unpack()))

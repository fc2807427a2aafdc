"""evergreen.sources.local: an archive or a folder where it lies; its version is its bytes and its names."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from evergreen.errors import BadInput
from evergreen.sections.data import LocalSource
from evergreen.sources import local
from evergreen.sources.fetching.context import Kept, SourceContext


def test_an_archives_version_is_its_digest(context: SourceContext, tmp_path: Path) -> None:
    (tmp_path / "photos.zip").write_bytes(b"archive")
    source, sha256 = LocalSource(path=str(tmp_path / "photos.zip")), hashlib.sha256(b"archive").hexdigest()
    found = local.version(source, context)
    assert found == {"address": f"local:{source.path}", "version": f"sha256 {sha256}", "files": {}}
    assert local.acquire(source, {}, context) == {
        "photos.zip": local.LocalFile(tmp_path / "photos.zip", Kept(sha256, 7))
    }


def test_a_folders_version_is_of_names_and_contents(context: SourceContext, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    (folder / "cat").mkdir(parents=True)
    (folder / "cat/1.png").write_bytes(b"one")
    source = LocalSource(path=str(folder))
    before = local.version(source, context)["version"]
    assert before.startswith("folder ")
    assert [file.path for file in local.acquire(source, {}, context).values()] == [folder / "cat/1.png"]
    (folder / "cat/1.png").rename(folder / "cat/2.png")
    assert local.version(source, context)["version"] != before


def test_what_was_left_out_is_said_and_is_no_part_of_the_version(context: SourceContext, tmp_path: Path) -> None:
    (tmp_path / "photos/cat").mkdir(parents=True)
    (tmp_path / "photos/cat/1.png").write_bytes(b"one")
    source = LocalSource(path=str(tmp_path / "photos"))
    before = local.version(source, context)
    assert "left_out" not in before
    (tmp_path / "photos/cat/2.png").symlink_to("nowhere")
    (tmp_path / "photos/.evergreen/indexes").mkdir(parents=True)
    (tmp_path / "photos/.evergreen/indexes/a.json").write_bytes(b"{}")
    within = replace(context, store=tmp_path / "photos/.evergreen")
    assert local.version(source, within) == before | {
        "left_out": {"a broken link": 1, "not entered, an Evergreen store: .evergreen": 1}
    }
    assert list(local.acquire(source, {}, within)) == ["cat/1.png"]


def test_nothing_there_is_said_with_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=f"expected a zip, a tar or a folder, found none at {tmp_path / 'none'}"):
        local.local_path(str(tmp_path / "none"))

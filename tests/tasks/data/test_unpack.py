"""tasks.data.unpack: what it publishes, and that a kill at any point leaves nothing behind."""

import io
import random
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from evergreen.recipe import load_recipe
from runs.run import Run
from runs.tables import read_table
from storage.artifacts import Ref
from storage.digests import sha256_file
from storage.store import Store
from tasks.data import unpack as module
from tasks.data.unpack import unpack

PROJECT = Path(module.__file__).parents[2]
COUNT = 4000

_UNPACK = """
import sys
from pathlib import Path
from evergreen.recipe import load_recipe
from storage.artifacts import Ref
from storage.store import Store
from tasks.data.unpack import unpack
from runs.run import Run
print("go", flush=True)
run = Run(Store(Path(sys.argv[1])), load_recipe("digits"), "run")
unpack.fn(run, archive=Ref("archive", sys.argv[2], int(sys.argv[3])))
print("done", flush=True)
"""


def _zip(files: list[tuple[str, bytes]]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files:
            zipped.writestr(name, content)
    return data.getvalue()


def _unpacked(store: Store, *archives: bytes) -> Ref:
    archive = store.publish("archive", {f"{number}.zip": data for number, data in enumerate(archives)})
    return unpack.fn(Run(store, load_recipe("digits"), "run"), archive=archive)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_every_file_of_every_archive_has_a_row_and_a_blob(store: Store) -> None:
    files = [("a/1.png", b"one"), ("a/2.png", b"two"), ("a/1.png", b"other"), ("b/1.png", b"one")]
    found = _unpacked(store, _zip(files), _zip([("a/1.png", b"one")]))
    table = read_table(store, found, "files.csv")
    assert sorted(zip(table["path"], table["archive"], strict=True)) == [
        ("a/1.png", "0.zip"), ("a/1.png", "0.zip"), ("a/1.png", "1.zip"), ("a/2.png", "0.zip"), ("b/1.png", "0.zip"),
    ]  # fmt: skip
    assert {store.read_blob(digest) for digest in table["sha256"]} == {b"one", b"two", b"other"}
    assert store.damaged(found) == []
    assert _unpacked(store, _zip(files), _zip([("a/1.png", b"one")])) == found
    assert not list((store.root / "tmp").iterdir())


def test_kinds_left_out_and_notes_stand_beside_the_table(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(module, "remark", said.append)
    photos = [("cat/1.png", b"\x89PNG\r\n\x1a\n1"), ("cat/2.jpg", b"<html>"), ("cat/Icon\r", b"")]
    found = _unpacked(store, _zip([("train.zip", _zip(photos))]))
    table = read_table(store, found, "files.csv")
    assert list(table.columns) == ["path", "sha256", "bytes", "archive", "kind"]
    assert dict(zip(table["path"], table["kind"], strict=True)) == {
        "train/cat/1.png": "image", "train/cat/2.jpg": "a web page", "train/cat/Icon\r": "an empty file",
    }  # fmt: skip
    assert list(read_table(store, found, "notes.csv")["note"]) == said
    assert said == ["0.zip: the archives inside it were opened: train.zip"]
    assert list(read_table(store, found, "left-out.csv").columns) == ["reason", "count"]
    assert len(read_table(store, found, "left-out.csv")) == 0


def test_a_folders_files_have_kinds_and_those_that_are_known_are_not_read_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "remark", lambda text: None)
    files = {"cat/1.png": b"\x89PNG\r\n\x1a\n1", "cat/2.png": b"GIF89a2", "dog/1.jpg": b"text"}
    facts = {"left_out": {"a broken link": 2}}
    folder = store.publish("folder", files, facts)
    found = unpack.fn(Run(store, load_recipe("digits"), "run"), archive=folder)
    table = read_table(store, found, "files.csv")
    assert list(table["kind"]) == ["image", "image", "text"]
    assert read_table(store, found, "left-out.csv").to_dict("records") == [{"reason": "a broken link", "count": 2}]
    monkeypatch.setattr(module, "_kind", lambda path: pytest.fail(f"{path} was read again"))
    assert unpack.fn(Run(store, load_recipe("digits"), "run"), archive=folder) == found


@pytest.mark.soak
def test_a_kill_at_any_point_leaves_what_a_clean_run_leaves(tmp_path: Path) -> None:
    rng = random.Random(4)
    data = _zip([(f"photos/{number % 9}/{number}.png", rng.randbytes(400)) for number in range(COUNT)])
    clean = Store(tmp_path / "clean")
    began = time.monotonic()
    expected = _unpacked(clean, data)
    seconds = time.monotonic() - began
    for point in range(20):
        store = Store(tmp_path / str(point))
        archive = store.publish("archive", {"0.zip": data})
        arguments = [sys.executable, "-c", _UNPACK, str(store.root), archive.sha256, str(archive.size)]
        with subprocess.Popen(arguments, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "go\n"
            time.sleep(seconds * 1.1 * (point + rng.random()) / 20)
            process.kill()
        for path in (store.root / "blobs").glob("??/*"):
            assert sha256_file(path) == path.name
        store.sweep()
        assert not list((store.root / "tmp").iterdir())
        assert _unpacked(store, data) == expected
        assert store.damaged(expected) == []
        assert {path.name for path in (store.root / "blobs").glob("??/*")} == {
            path.name for path in (clean.root / "blobs").glob("??/*")
        }
    assert isinstance(read_table(clean, expected, "files.csv"), pd.DataFrame)

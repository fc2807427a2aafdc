"""storage.remote.push: what travels, in which order, what a kill or damage leaves, and that nothing travels twice."""

import random
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from little_store import STEPS
from machines import Machine

from storage.errors import ArtifactDamaged, RemoteFull, StoreError
from storage.remote.objects import Objects, opened
from storage.remote.packs import SMALL
from storage.remote.push import Cargo, Memory, Pushed, push
from storage.remote.remote import Made
from storage.steps.records import Record


@pytest.fixture
def objects(remote_address: str) -> Objects:
    return opened(remote_address)


@pytest.fixture
def folder(shared_folder: str) -> Objects:
    return opened(shared_folder)


def test_another_machine_has_every_byte_and_makes_nothing(objects: Objects, tmp_path: Path) -> None:
    first = Machine(tmp_path / "a", objects)
    first.little.run("one")
    pushed = first.push("one")
    assert pushed.objects
    assert pushed.elsewhere == []

    other = Machine(tmp_path / "b", objects)
    for step in STEPS:
        assert other.little.records.read(other.little.key("one", step)), step
    assert not list(other.store.root.glob("blobs/*/*")), "nothing is brought before it is read"
    other.little.check_bytes("one")
    assert other.behind.refused == []
    assert other.behind.lost is None
    told = other.remote.run("runs/digits/one.json")
    assert told is not None
    assert told["steps"]["train"]["output"] == first.little.model("one").sha256


SUPPORT = Path(__file__).parents[2] / "support" / "stores"


def test_many_threads_bring_from_several_packs_and_none_is_called_damaged(
    folder: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.remote.packs._MOST", 2_000)
    first = Machine(tmp_path / "a", folder)
    images = first.store.publish("folder", {f"{number}.png": b"%d" % number * 40 for number in range(300)})
    push(first.store, first.remote, Cargo("one", "digits", {}, (images.sha256,), (), ()), Memory(tmp_path / "known"))
    assert len(list(folder.list("packs"))) > 10
    other = Machine(tmp_path / "b", folder)
    blobs = [blob.sha256 for blob in other.store.manifest(images.sha256).files.values()]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(other.store.read_blob, random.Random(0).sample(blobs, len(blobs))))
    assert other.behind.refused == []


class Counted:
    """Objects that count what they are asked, and may fail before the so-manieth change."""

    def __init__(self, objects: Objects, changes: int | None = None) -> None:
        self._objects, self._left = objects, changes
        self.asked = 0

    def __getattr__(self, name: str) -> object:
        def verb(*values: object) -> object:
            self.asked += 1
            if name.startswith("put"):
                if self._left == 0:
                    raise RemoteFull("full")
                self._left = self._left and self._left - 1
            return getattr(self._objects, name)(*values)

        return getattr(self._objects, name) if name == "address" else verb


def test_what_is_there_already_costs_no_request_and_another_run_only_its_own(folder: Objects, tmp_path: Path) -> None:
    counted = Counted(folder)
    first = Machine(tmp_path / "a", counted)  # type: ignore[arg-type]
    first.little.run("one")
    whole = first.push("one").size
    counted.asked = 0
    assert first.push("one") == Pushed()
    assert counted.asked == 0
    first.little.run("two")
    shared = first.store.blob_path(first.little.shared_image).stat().st_size
    assert first.push("two").size <= whole - shared


def test_broken_off_anywhere_it_names_nothing_that_is_not_there_and_goes_on(folder: Objects, tmp_path: Path) -> None:
    Machine(tmp_path / "a", folder).little.run("one")
    for changes in range(200):
        first = Machine(tmp_path / "a", Counted(folder, changes))  # type: ignore[arg-type]
        try:
            first.push("one")
        except RemoteFull:
            other = Machine(tmp_path / "b" / str(changes), folder)
            for step in STEPS:
                if folder.get(f"records/{other.little.key('one', step)}"):
                    assert other.little.records.read(other.little.key("one", step)), (changes, step)
                    assert other.behind.bring_all(other.little.output("one", step)) == []
            assert folder.get("runs/digits/one.json") is None
        else:
            break
    assert changes > 3
    other = Machine(tmp_path / "c", folder)
    other.little.check_bytes("one")


def _names(objects: Objects) -> Iterator[str]:
    for under in ("blobs", "packs", "records"):
        yield from (found.name for found in objects.list(under))


@pytest.mark.parametrize("harm", ["altered", "truncated", "deleted"])
def test_what_was_harmed_is_refused_by_name_and_put_again(
    folder: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    monkeypatch.setattr("storage.remote.push.SMALL", 30)  # so that some are folder of their own
    first = Machine(tmp_path / "a", folder)
    first.little.run("one")
    first.push("one")
    explains = {f"blobs/{digest[:2]}/{digest}" for digest in first.cargo("one").blobs}  # of them only `why` knows less
    names = sorted(name for name in _names(folder) if name not in explains)
    names = [
        next(name for name in names if re.match(kind, name)) for kind in ("blobs", ".*pack$", ".*index", "records")
    ]
    for name in names:
        data = folder.get(name)
        assert data
        if harm == "deleted":
            folder.delete([name])
        else:
            folder.put_over(name, data[:-1] if harm == "truncated" else bytes([data[0] ^ 1]) + data[1:])
        other = Machine(tmp_path / f"b-{name.replace('/', '-')}", folder)
        assert [step for step in STEPS if not _whole(other, step)], name
        if harm == "altered":
            assert any(name.split("/")[-1].split(".")[0] in told for told in other.behind.refused), (name, harm)
        other.little.run("one")  # makes what it could not have
        other.push("one")
        last = Machine(tmp_path / f"c-{name.replace('/', '-')}", folder)
        assert all(_whole(last, step) for step in STEPS), name
        folder.put_over(name, data)


def _whole(machine: Machine, step: str) -> bool:
    """Whether a machine can have a step's output, byte for byte, and the record of it."""
    ref = machine.little.output("one", step)
    try:
        return bool(
            machine.little.records.read(machine.little.key("one", step))
            and machine.behind.bring_all(ref) == []
            and machine.store.damaged(ref) == []
        )
    except StoreError:
        return False


def test_an_archives_members_travel_as_the_archive(folder: Objects, tmp_path: Path) -> None:
    first = Machine(tmp_path / "a", folder)
    members = {f"files/{number}": b"member %d" % number * 9 for number in range(20)}
    archive = first.store.publish("archive", {"photos.zip": b"zip" * SMALL})
    files = first.store.publish("files", {"files.csv": b"table", **members})
    made = {files.sha256: Made(archive.sha256, "files/")}
    cargo = Cargo("one", "digits", {}, (archive.sha256, files.sha256), (), (), made)
    pushed = push(first.store, first.remote, cargo, Memory(tmp_path / "known"))
    assert pushed.size < 3 * SMALL + 5_000

    other = Machine(tmp_path / "b", folder)
    assert other.store.is_whole(files)
    assert other.store.read(files, "files.csv") == b"table"
    assert {blob.size for blob in other.behind.bring_all(files)} == {72, 81}
    folder.delete([found.name for found in folder.list("blobs")])
    assert not Machine(tmp_path / "c", folder).store.is_whole(files)


def test_the_first_of_two_outputs_for_a_key_stays(folder: Objects, tmp_path: Path) -> None:
    first, second = Machine(tmp_path / "a", folder), Machine(tmp_path / "b", folder)
    first.little.run("one")
    first.push("one")
    key = first.little.key("one", "train")
    second.store.behind = None
    second.little.run("one")
    other = second.store.publish("model", {"model.keras": b"another"})
    second.little._write(Record("train", key, other, {}, "digits", "one", 1.0, "2026 b"))
    assert second.push("one").elsewhere == [key]
    assert folder.get(f"records/{key}") == (first.store.root / "records" / key).read_bytes()


def test_a_blob_that_was_altered_here_is_not_pushed(folder: Objects, tmp_path: Path) -> None:
    first = Machine(tmp_path / "a", folder)
    first.little.run("one")
    blob = first.store.manifest(first.little.model("one").sha256).files["model.keras"].sha256
    path = first.store.blob_path(blob)
    path.chmod(0o644)
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(ArtifactDamaged, match=blob[:12]):
        first.push("one")
    assert not list(folder.list("records"))


_KILLS = """
import os, shutil, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from kill_points import kill_before_each_write
from little_store import STEPS
from machines import Machine
from storage.champions import Champions
from storage.remote.collecting import collect
from storage.remote.objects import opened
from storage.remote.title import Title
root, what = Path(sys.argv[1]), sys.argv[3]
shared, kept = root / "shared", root / "kept"
shared.mkdir()
folder = opened(str(shared))
first = Machine(root / "a", folder)
for name in ("one", "old"):
    first.little.run(name)
if what == "collect":
    for name in ("one", "old"):
        first.push(name)
    first.little.promote("one")
    Title(folder).agree(Champions(first.store.root), "digits")
    for path in shared.rglob("*"):
        os.utime(path, (time.time() - 9e6,) * 2)
shutil.copytree(shared, kept)
act = {"push": lambda: Machine(root / "a", folder).push("one"), "collect": lambda: collect(first.remote, 30)}[what]
for number, killed in kill_before_each_write(act):
    other = Machine(root / "b", folder)
    for name in ("one", "old"):
        for step in STEPS:
            key = other.little.key(name, step)
            if folder.get(f"records/{key}") and other.little.records.read(key):
                assert other.behind.bring_all(other.little.output(name, step)) == [], (number, name, step)
            elif what == "push":
                assert folder.get(f"runs/digits/{name}.json") is None, (number, name, step)
    if what == "collect" or not killed:
        other.little.check_bytes("one")
    for path in (shared, root / "b", root / "a" / "remote"):
        shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(kept, shared)
print(number)
"""


@pytest.mark.soak
@pytest.mark.parametrize("what", ["push", "collect"])
def test_killed_before_any_write_the_remote_names_nothing_that_is_gone(tmp_path: Path, what: str) -> None:
    command = [sys.executable, "-c", _KILLS, str(tmp_path), str(SUPPORT), what]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20

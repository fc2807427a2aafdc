"""storage.remote.push: what travels, in which order, what a kill or damage leaves, and that nothing travels twice."""

import os
import random
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from little_store import STEPS
from machines import Machine
from remotes import READER
from small_disk import give_room

from storage.champions import State
from storage.errors import (
    ArtifactDamaged,
    ArtifactMissing,
    RemoteFull,
    RemoteRefused,
    RemoteUnreachable,
    StoreError,
    StoreUnwritable,
)
from storage.remote.collecting import collect
from storage.remote.objects import Objects, opened
from storage.remote.packs import SMALL
from storage.remote.push import Cargo, Memory, Pushed, push
from storage.remote.remote import Made
from storage.remote.title import Title
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
    third, flushed = Machine(tmp_path / "c", folder), []
    third.store.manifest(images.sha256)
    monkeypatch.setattr("storage.store.flush", lambda paths: flushed.append(list(paths)))
    assert third.behind.bring_all(images) == []
    assert len(flushed) == 2, "all files together, and all folders"


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


class Gone:
    """Objects that answer so many times, and never again."""

    def __init__(self, objects: Objects, answers: int) -> None:
        self._objects, self._left = objects, answers

    def __getattr__(self, name: str) -> object:
        def verb(*values: object) -> object:
            self._left -= 1
            if self._left < 0:
                raise RemoteUnreachable("cut off")
            return getattr(self._objects, name)(*values)

        return getattr(self._objects, name) if name == "address" else verb


def test_gone_at_any_moment_work_goes_on_here_and_the_remote_takes_it_later(folder: Objects, tmp_path: Path) -> None:
    first = Machine(tmp_path / "a", folder)
    first.little.run("one")
    first.push("one")
    lost = 0
    for answers in range(0, 18, 3):
        other = Machine(tmp_path / "b" / str(answers), Gone(folder, answers))  # type: ignore[arg-type]
        try:
            other.little.run("one")
        except ArtifactMissing:  # it was there when it was counted on; as a run does, once more
            other.little.run("one")
        for step in STEPS:
            other.behind.bring_all(other.little.output("one", step))
        lost += isinstance(other.behind.lost, RemoteUnreachable)
        other.little.run("two")
        later = Machine(tmp_path / "b" / str(answers), Gone(folder, 0))  # type: ignore[arg-type]
        for name in ("one", "two"):
            later.little.run(name)  # what had not come is made
            with pytest.raises(RemoteUnreachable):
                later.push(name)
        later.store.behind = None
        for name in ("one", "two"):
            for step in STEPS:
                assert later.store.damaged(later.little.output(name, step)) == [], (answers, name, step)
    assert lost > 2
    assert not other.behind.lost, "the last of them had all that it asked for"
    back = Machine(later.store.root, folder)
    assert back.push("two").objects
    Machine(tmp_path / "c", folder).little.check_bytes("two")


def _large(machine: Machine) -> Cargo:
    """Publish what a disk of 1 MiB does not hold: large objects, and small ones in packs."""
    chance = random.Random(0)
    sizes = [SMALL * 2] * 4 + [SMALL // 4] * 8
    ref = machine.store.publish("folder", {f"{number}": chance.randbytes(size) for number, size in enumerate(sizes)})
    return Cargo("large", "digits", {}, (ref.sha256,), (), ())


def test_a_full_remote_has_nothing_half_and_takes_the_rest_once_there_is_room(small: Path, tmp_path: Path) -> None:
    objects = opened(str(small))
    first = Machine(tmp_path / "a", objects)
    first.little.run("one")
    first.push("one")
    cargo = _large(first)
    memory = Memory(tmp_path / "known")
    with pytest.raises(RemoteFull, match=f"the remote {small}: expected room for more"):
        push(first.store, first.remote, cargo, memory)
    assert list((small / ".aside").iterdir()) == []
    other = Machine(tmp_path / "b", objects)
    other.verify()
    other.little.check_bytes("one")
    first.little.check("one")
    give_room(small)
    push(first.store, first.remote, cargo, memory)
    assert Machine(tmp_path / "c", objects).behind.bring_all(first.store.manifest(cargo.artifacts[0]).ref()) == []


def test_a_full_store_says_so_and_brings_the_rest_once_there_is_room(
    small: Path, folder: Objects, tmp_path: Path
) -> None:
    first = Machine(tmp_path / "a", folder)
    cargo = _large(first)
    push(first.store, first.remote, cargo, Memory(tmp_path / "known"))
    ref = first.store.manifest(cargo.artifacts[0]).ref()
    for filled in (False, True):  # so that not even an index is kept
        root = small / f"store {filled}"
        other = Machine(root, folder)
        if filled:
            (small / "filler").write_bytes(b"0" * (os.statvfs(small).f_bavail * os.statvfs(small).f_frsize))
        with pytest.raises(StoreUnwritable, match="the disk is full"):
            other.behind.bring_all(other.store.manifest(ref.sha256).ref())
        assert other.behind.refused == []
        assert other.behind.lost is None
    with pytest.raises(StoreUnwritable, match="the disk is full"):
        Memory(small / "memory" / "known").keep()
    give_room(small)
    for filled in (False, True):
        again = Machine(small / f"store {filled}", folder)
        assert again.behind.bring_all(again.store.manifest(ref.sha256).ref()) == []
        assert again.store.damaged(ref) == []
        assert again.store.sweep() == 0


@pytest.mark.soak
def test_who_may_only_read_has_everything_and_is_told_that_nothing_is_taken(
    seaweed_s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Machine(tmp_path / "a", opened(seaweed_s3))
    first.little.run("one")
    first.push("one")
    before = {found.name for found in first.remote.objects.list("")}
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", READER)
    reader = Machine(tmp_path / "b", opened(seaweed_s3))
    reader.little.check_bytes("one")
    reader.little.run("two")
    for refused in (
        lambda: reader.push("two"),
        lambda: collect(reader.remote, 30),
        lambda: reader.remote.objects.delete(["runs/digits/one.json"]),
        lambda: Title(reader.remote.objects).move("digits", State(), State(blocked=("0" * 64,))),
    ):
        with pytest.raises(RemoteRefused, match=r"expected the right to .*, it was refused \((403, )?AccessDenied"):
            refused()
    assert {found.name for found in first.remote.objects.list("")} == before
    reader.little.check("two")

"""storage.remote.checkpoints: the newest state alone, whole or not there."""

from pathlib import Path

import pytest

from storage.remote.checkpoints import CHECKPOINTS, bring, drop, names_of, send
from storage.remote.objects import Objects, opened

COURSE = "cd" * 32


@pytest.fixture
def objects(remote_address: str) -> Objects:
    return opened(remote_address)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    (folder / "teacher-big").mkdir(parents=True)
    (folder / "1-a.npz").write_bytes(b"first state")
    (folder / "2-b.npz").write_bytes(b"second state")
    (folder / "teacher-big" / "7-c.npz").write_bytes(b"a teacher's")
    return folder


def _there(objects: Objects) -> list[str]:
    return sorted(one.name for one in objects.list(CHECKPOINTS))


def test_the_newest_state_takes_the_place_of_the_one_before(objects: Objects, kept: Path, tmp_path: Path) -> None:
    assert names_of(objects, COURSE) == []
    assert not bring(objects, COURSE, tmp_path / "nothing")
    assert send(objects, COURSE, kept, ["1-a.npz", "teacher-big/7-c.npz"]) == len(b"first statea teacher's")
    assert send(objects, COURSE, kept, ["1-a.npz", "teacher-big/7-c.npz"]) == 0
    assert send(objects, COURSE, kept, ["2-b.npz", "teacher-big/7-c.npz"]) == len(b"second state")
    assert len(_there(objects)) == 3
    assert names_of(objects, COURSE) == ["2-b.npz", "teacher-big/7-c.npz"]
    aside = tmp_path / "aside"
    assert bring(objects, COURSE, aside)
    brought = {path.relative_to(aside).as_posix(): path.read_bytes() for path in aside.rglob("*") if path.is_file()}
    assert brought == {"2-b.npz": b"second state", "teacher-big/7-c.npz": b"a teacher's"}
    drop(objects, COURSE)
    assert _there(objects) == []


def test_what_is_not_whole_is_not_brought_and_what_is_gone_meanwhile_not_named(
    shared_folder: str, kept: Path, tmp_path: Path
) -> None:
    objects = opened(shared_folder)
    assert send(objects, COURSE, kept, ["1-a.npz"])
    assert send(objects, COURSE, kept, ["2-b.npz", "3-gone.npz"]) == 0
    assert names_of(objects, COURSE) == ["1-a.npz"]
    states = [name for name in _there(objects) if not name.endswith("newest")]
    objects.put_over(next(name for name in states if objects.get(name) == b"first state"), b"other bytes")
    assert not bring(objects, COURSE, tmp_path / "damaged")
    objects.delete(states)
    assert not bring(objects, COURSE, tmp_path / "gone")


@pytest.mark.parametrize(
    "told",
    [b"{", b"[]", b'{"../../outside": "%s"}' % (b"a" * 64), b'{"/etc/x": "%s"}' % (b"a" * 64), b'{"a": "no digest"}'],
    ids=["torn", "list", "upwards", "absolute", "no-digest"],
)
def test_names_that_lead_elsewhere_are_none(shared_folder: str, told: bytes, tmp_path: Path) -> None:
    objects = opened(shared_folder)
    objects.put_over(f"{CHECKPOINTS}/{COURSE}/newest", told)
    assert names_of(objects, COURSE) == []
    assert not bring(objects, COURSE, tmp_path / "aside")

"""evergreen.sources.walk: links are followed and cut where they lead round; what is no part of the photos is said."""

import os
from collections import Counter
from pathlib import Path

import pytest

from evergreen.errors import BadInput
from evergreen.sources import walk as module
from evergreen.sources.walk import STORE_MARKER, Walk
from storage import workspaces
from storage.store import Store


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("cat/1.png", "cat/2.png", "dog/1.png"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "photos"


def _walked(folder: Path, store: Path | None = None) -> tuple[dict[str, int], dict[str, int]]:
    left_out: Counter[str] = Counter()
    return {path: found.st_size for path, found in Walk(store, left_out).files(str(folder))}, dict(left_out)


PHOTOS = {"cat/1.png": 9, "cat/2.png": 9, "dog/1.png": 9}


def test_links_to_files_and_folders_are_as_what_they_lead_to(photos: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    (linked / "cat").mkdir(parents=True)
    for name in ("1.png", "2.png"):
        (linked / "cat" / name).symlink_to(Path("../../photos/cat") / name)
    (linked / "dog").symlink_to(photos / "dog")
    (linked / "hound").symlink_to("dog")
    assert _walked(linked) == (PHOTOS | {"hound/1.png": 9}, {})


def test_links_that_lead_round_are_cut_and_broken_ones_counted(photos: Path) -> None:
    (photos / "cat/around").symlink_to(photos)
    (photos / "cat/self").symlink_to("self")
    (photos / "dog/broken.png").symlink_to("nowhere.png")
    (photos / "dog/under.png").symlink_to("1.png/2.png")
    os.mkfifo(photos / "dog/pipe")
    assert _walked(photos) == (
        PHOTOS,
        {
            "a link to a folder that it lies in itself: not followed": 1,
            "a broken link": 3,
            "neither a file nor a folder (a pipe, a device, a socket)": 1,
        },
    )


def test_folders_that_link_to_each_other_come_to_an_end(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (photos / "cat/see").symlink_to("../dog")
    (photos / "dog/see").symlink_to("../cat")
    found, left_out = _walked(photos)
    assert set(found) == {*PHOTOS, "cat/see/1.png", "dog/see/1.png", "dog/see/2.png"}
    assert left_out == {"a link to a folder that it lies in itself: not followed": 2}
    monkeypatch.setattr(module, "_MOST_LINKED_FOLDERS", 1)
    with pytest.raises(BadInput, match=r"links lead to over 1 folders, now at .*: do folders link to each other"):
        _walked(photos)


@pytest.mark.parametrize(
    "name",
    [".git", ".hg", ".svn", "$RECYCLE.BIN", "$Recycle.Bin", "#recycle", "System Volume Information", "lost+found"],
)
def test_what_keeps_no_photos_is_not_entered_and_named(photos: Path, name: str) -> None:
    (photos / "cat" / name).mkdir()
    (photos / "cat" / name / "3.png").write_bytes(b"x")
    assert _walked(photos) == (PHOTOS, {f"not entered: {name}": 1})


def test_a_hidden_folder_is_listed_for_it_may_be_a_declared_class(photos: Path) -> None:
    (photos / ".net").mkdir()
    (photos / ".net/1.png").write_bytes(b"x")
    assert _walked(photos) == (PHOTOS | {".net/1.png": 1}, {})


def test_no_store_is_entered_whether_it_is_in_use_marked_or_old(photos: Path, tmp_path: Path) -> None:
    assert STORE_MARKER == workspaces.MARKER
    store = Store(photos / ".evergreen")
    store.publish("thing", {"a": b"x"})
    expected = (PHOTOS, {"not entered, an Evergreen store: .evergreen": 1})
    assert _walked(photos) == expected
    store.publish("thing", {"a": b"y"})
    assert _walked(photos, store.root) == expected
    (store.root / STORE_MARKER).unlink()
    assert _walked(photos, store.root) == expected
    assert _walked(photos) != expected
    (store.root / "records").mkdir()
    assert _walked(photos) == expected
    (photos / "runs").symlink_to(store.root / "manifests")
    assert _walked(photos, store.root)[1] == {
        "not entered, an Evergreen store: .evergreen": 1,
        "not entered, an Evergreen store: runs": 1,
    }
    with pytest.raises(BadInput, match="expected a folder of photos, received an Evergreen store"):
        _walked(store.root)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_bad_input(photos: Path) -> None:
    (photos / "cat").chmod(0)
    with pytest.raises(BadInput, match="cat cannot be read: Permission denied"):
        _walked(photos)
    (photos / "cat").chmod(0o755)

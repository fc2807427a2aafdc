"""storage.identity: a store has one name, whoever makes it first; a copy may be given another."""

import errno
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from storage import identity as module
from storage.errors import ArtifactDamaged, StoreUnwritable
from storage.store import Store


def test_a_store_is_named_once_and_keeps_its_name_wherever_it_goes(store: Store, tmp_path: Path) -> None:
    assert module.known_identity(store.root) is None
    assert not store.root.exists()  # who only looks makes nothing
    name = store.identity
    assert (len(name), Store(store.root).identity, module.known_identity(store.root)) == (32, name, name)
    assert module.whereabouts(store.root) == {"identity": name, "folder": str(store.root), "host": socket.gethostname()}
    moved = Store(store.root.rename(tmp_path / "moved"))
    copied = Store(Path(shutil.copytree(moved.root, tmp_path / "copied")))
    assert (moved.identity, copied.identity) == (name, name)
    assert module.renew(copied.root) == copied.identity != name
    assert moved.identity == name
    assert not list((moved.root / "tmp").iterdir())


def test_of_many_processes_that_name_a_store_at_once_all_get_one_name(store: Store) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom storage.store import Store\n"
        "print('ready', flush=True)\nsys.stdin.readline()\nprint(Store(Path(sys.argv[1])).identity)"
    )
    begun = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(store.root)], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    for process in begun:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in begun:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    assert {process.communicate(timeout=60)[0] for process in begun} == {f"{store.identity}\n"}


@pytest.mark.parametrize("links", [True, False])
def test_whoever_comes_second_takes_the_name_that_is_there(
    store: Store, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """Both find none; the other is quicker. As on a file system with links, and as on one without."""
    others = Store(store.root).identity
    known, asked = module.known_identity, [None]
    monkeypatch.setattr(module, "known_identity", lambda root: asked.pop() if asked else known(root))
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", _no_links)
    assert store.identity == others


def test_without_links_a_name_is_made_in_place_and_a_full_disk_leaves_no_half_of_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "hardlink_to", _no_links)
    store.sweep()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "fsync", full)
        patch.setattr(module, "fsync", lambda _: None)
        with pytest.raises(StoreUnwritable, match="the disk is full"):
            _ = store.identity
    assert not (store.root / module.FILE).exists()
    assert store.identity == store.identity


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"identity": "../../x"}', b'{"identity": 7}'])
def test_what_no_store_wrote_is_no_name_and_is_said(store: Store, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(module, "_WRITTEN_WITHIN", 0.0)
    store.root.mkdir()
    (store.root / module.FILE).write_bytes(data)
    with pytest.raises(ArtifactDamaged, match=r"expected the identity of a store in .*, found something"):
        _ = store.identity


def _no_links(*_: Any) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")

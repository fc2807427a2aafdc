"""storage.workspaces: work in progress is its process's while that lives, and goes after it."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import workspaces
from storage.store import Store


def test_what_a_killed_process_left_is_swept_and_what_a_live_one_has_is_not(store: Store) -> None:
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom storage.store import Store\n"
        "with Store(Path(sys.argv[1])).workspace(): os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(store.root)], check=False)
    with store.workspace() as mine:
        assert len(list((store.root / "tmp").iterdir())) == 2
        assert store.sweep() == 1
        assert list((store.root / "tmp").iterdir()) == [mine]


def test_a_workspace_that_ends_while_it_is_looked_at_is_none_to_sweep(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = store.root / "tmp" / "left by a killed process"
    left.mkdir(parents=True)
    ending = store.workspace()
    gone = ending.__enter__()
    listed = Path.iterdir

    def ends_meanwhile(folder: Path) -> Iterator[Path]:
        found = [gone, *(path for path in listed(folder) if path != gone)]
        ending.__exit__(None, None, None)
        return iter(found)

    monkeypatch.setattr(Path, "iterdir", ends_meanwhile)
    assert store.sweep() == 1
    assert not left.exists()


def test_files_among_work_in_progress_go_once_they_are_old_and_nobody_holds_them(store: Store, tmp_path: Path) -> None:
    tmp, elsewhere = store.root / "tmp", tmp_path / "elsewhere"
    (tmp / "folder").mkdir(parents=True)
    elsewhere.mkdir()
    (elsewhere / "mine").touch()
    for name in ("old", "locked", "young"):
        (tmp / name).write_bytes(b"x")
    (tmp / "link").symlink_to(elsewhere)
    os.mkfifo(tmp / "pipe")
    for name in ("old", "locked", "link", "pipe"):
        os.utime(tmp / name, (time.time() - 90_000,) * 2, follow_symlinks=False)
    with (tmp / "locked").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert store.sweep() == 4
        assert {path.name for path in tmp.iterdir()} == {"locked", "young"}
    assert (store.sweep(), store.sweep()) == (1, 0)
    assert [path.name for path in tmp.iterdir()] == ["young"]
    assert (elsewhere / "mine").exists()


@pytest.mark.soak
def test_sweeping_disturbs_no_other_process_and_is_not_disturbed(store: Store) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom storage.store import Store\nstore = Store(Path(sys.argv[1]))\n"
        "for n in range(3000):\n"
        "    with store.workspace() as folder: (folder / 'x').write_bytes(b'x')\n"
        "    store.sweep()"
    )
    processes = [subprocess.Popen([sys.executable, "-c", script, str(store.root)]) for _ in range(4)]
    assert [process.wait(timeout=600) for process in processes] == [0] * 4
    assert list((store.root / "tmp").iterdir()) == []


def test_a_workspace_is_removed_after_an_error(store: Store) -> None:
    with pytest.raises(RuntimeError, match="boom"), store.workspace() as folder:
        (folder / "half").write_bytes(b"x")
        raise RuntimeError("boom")
    assert list((store.root / "tmp").iterdir()) == []


def test_a_store_is_marked_from_its_first_workspace_on_also_an_old_one(store: Store) -> None:
    (store.root / "blobs").mkdir(parents=True)
    with store.workspace():
        assert "store of Evergreen's" in (store.root / workspaces.MARKER).read_text(encoding="utf-8")
    (store.root / workspaces.MARKER).chmod(0o444)
    with store.workspace():
        assert (store.root / workspaces.MARKER).is_file()

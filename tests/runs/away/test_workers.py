"""runs.away.workers: processes stay, a lost one is replaced once, and none outlives whoever started it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from toy_tasks import Dies, Learns, Pid, Raises, ended, until

from evergreen.errors import EvergreenError
from runs.away.workers import ProcessLost, Workers

SUPPORT = Path(__file__).parents[2] / "support"


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    made = Workers(1, tmp_path / "logs" / "sweep.txt")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts its background without
    yield made
    made.close()
    signal.signal(signal.SIGINT, before)


def test_a_process_stays_and_what_it_raises_or_prints_comes_to_where_it_belongs(
    workers: Workers, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert not (tmp_path / "logs").exists(), "a process starts when it is needed"
    pid, ignores = workers.do(Pid())
    assert pid != os.getpid()
    assert ignores
    with pytest.raises(ValueError, match="as it was raised"):
        workers.do(Raises("value"))
    with pytest.raises(EvergreenError, match="Odd: 1 and 2"):
        workers.do(Raises("odd"))
    with pytest.raises(EvergreenError, match="ValueError: holds what cannot be sent"):
        workers.do(Raises("held"))
    os.kill(pid, signal.SIGINT)  # Ctrl-C goes to all processes of a terminal
    assert workers.do(Pid())[0] == pid
    assert (tmp_path / "logs" / "sweep.txt").read_text().count("said by a worker") == 2
    assert capfd.readouterr() == ("", "")
    workers.close()
    assert ended(pid)
    with pytest.raises(EOFError, match="stopped"):
        workers.do(Pid())


def test_what_a_killed_process_had_is_given_to_a_new_one_once(workers: Workers, tmp_path: Path) -> None:
    folders = [tmp_path / "once", tmp_path / "twice"]
    for folder in folders:
        folder.mkdir()
    pid = workers.do(Dies(folders[0], 1))
    assert len(list(folders[0].iterdir())) == 2
    with pytest.raises(ProcessLost, match=r"^its process ended twice: SIGKILL$"):
        workers.do(Dies(folders[1], 9))
    tried = [int(path.name) for path in folders[1].iterdir()]
    assert len(tried) == 2
    assert pid in tried
    assert workers.do(Pid())[0] not in (pid, *tried), "the next has a new process"
    assert all(map(ended, tried))


def test_several_work_at_once_and_closing_ends_a_training_by_sigterm(tmp_path: Path) -> None:
    workers = Workers(2, tmp_path / "log")
    assert workers.where == "this machine, 2 workers"
    with ThreadPoolExecutor(3) as threads:
        running = [threads.submit(workers.do, Learns(tmp_path / name)) for name in "ab"]
        pids = [int(until(tmp_path / name)) for name in "ab"]
        waits = threads.submit(workers.do, Learns(tmp_path / "c"))
        workers.close()
        for one in (*running, waits):
            assert isinstance(one.exception(30), EOFError), "it is not given to another one"
    assert len(set(pids)) == 2
    assert [until(tmp_path / f"{name}.kept") for name in "ab"] == ["Stopped", "Stopped"]
    assert not (tmp_path / "c").exists()
    assert all(map(ended, pids))


_PARENT = """
import sys
from pathlib import Path
from toy_tasks import Learns
from runs.away.workers import Workers
if __name__ == "__main__":
    Workers(1, Path(sys.argv[1]) / "log").do(Learns(Path(sys.argv[1]) / "a"))
"""


def test_a_process_ends_with_whoever_started_it_and_keeps_what_it_learned(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    paths = os.pathsep.join(map(str, (SUPPORT, SUPPORT.parents[1])))
    environment = os.environ | {"PYTHONPATH": paths}
    with subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environment) as parent:
        pid = int(until(tmp_path / "a"))
        parent.send_signal(signal.SIGKILL)
    assert until(tmp_path / "a.kept") == "Stopped"
    assert ended(pid)

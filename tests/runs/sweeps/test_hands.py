"""runs.sweeps.hands: who does what a sweep asks for, and one thing at a time in each process."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fake_dask import Dask
from toy_tasks import Pid

from evergreen.errors import BadInput
from runs.sweeps.hands import hands_of
from runs.sweeps.workers import ProcessLost, Workers


def test_without_an_address_it_is_processes_of_this_machine(tmp_path: Path) -> None:
    found = hands_of(None, 3, tmp_path / "log")
    assert isinstance(found, Workers)
    assert found.where == "this machine, 3 workers"


def test_an_address_that_strangers_may_reach_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected tls"):
        hands_of("tcp://scheduler:8786", 1, tmp_path)


class Alone:
    """Says how many of it are at work."""

    def __init__(self) -> None:
        self.at_work = 0

    def do(self) -> int:
        self.at_work += 1
        time.sleep(0.01)
        found, self.at_work = self.at_work, self.at_work - 1
        return found


def test_what_kills_its_workers_is_said_and_the_cluster_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dask = Dask(2)
    monkeypatch.setitem(sys.modules, "distributed", dask)
    found = hands_of("dask", 2, tmp_path)
    assert found.where == "Dask at this machine, 2 workers"
    with pytest.raises(ProcessLost, match="one after the other: three died"):
        found.do(Pid())
    (body,) = dask.asked
    alone = Alone()
    with ThreadPoolExecutor(4) as threads:  # a worker of four threads
        assert list(threads.map(body, [alone] * 4)) == [1] * 4, "two at once would seed TensorFlow for each other"
    found.close()
    assert dask.open == 0

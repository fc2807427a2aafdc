"""Two workers of a cluster with a store each and nothing in common but a remote: folds, trials, a training, a kill."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command import EVERGREEN, Command

from storage.steps.records import Records
from storage.store import Store

TINY = ["train.cnn=[{filters: 8}]", "train.phases=[{epochs: 6, batch: 32, learning_rate: 0.01}]", "train.threads=1"]
SETTINGS = [word for one in TINY for word in ("--set", one)]
OVER = ["--over", "train.head.dropout=[0.1, 0.2]"]


@pytest.fixture
def cluster(tmp_path: Path, shared_folder: str) -> Iterator[tuple[str, list[subprocess.Popen[bytes]], list[Path]]]:
    """A scheduler on loopback and two workers: its address, what keeps each worker, and where their stores are."""
    pytest.importorskip("distributed", reason="make setup EXTRAS=dask")
    told, log = tmp_path / "scheduler.json", (tmp_path / "dask.txt").open("wb")
    stores = [tmp_path / name / "store" for name in ("one", "two")]
    common = ["--scheduler-file", str(told), "--host", "127.0.0.1", "--no-dashboard"]
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str, **variables: str) -> None:
        command = [str(EVERGREEN.with_name("dask")), *words, *common]
        started.append(
            subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path, env=dict(os.environ) | variables)
        )

    try:
        start("scheduler", "--port", "0")
        for store in stores:
            store.parent.mkdir()
            start("worker", "--nthreads", "1", EVERGREEN_STORE=str(store), HOME=str(store.parent))
        _wait_for(lambda: told.is_file() and told.stat().st_size and all(map(_process_of, started[1:])), *started)
        yield json.loads(told.read_bytes())["address"], started[1:], stores
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()
        log.close()


def _wait_for(what: Callable[[], Any], *living: "subprocess.Popen[Any]") -> None:
    """Wait for something, however slow the machine is, as long as those that should bring it about live."""
    while not what():
        assert [process.args for process in living if process.poll() is not None] == [], "ended too early"
        time.sleep(0.05)


def _process_of(nanny: subprocess.Popen[bytes]) -> int | None:
    """Return the process that works, of what keeps it."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            words = (path.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == nanny.pid and b"multiprocessing" in words and b"resource_tracker" not in words:
            return int(path.parent.name)
    return None


def _told(machine: Command, *words: str, **variables: str) -> dict[str, Any]:
    done = machine(*words, *SETTINGS, "--json", variables=variables)
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def _outputs(summary: dict[str, Any], *asked_every_time: str) -> dict[str, str]:
    return {step["name"]: step["output"] for step in summary["steps"] if step["name"] not in asked_every_time}


def _models(machine: Command, summary: dict[str, Any]) -> list[str]:
    found = json.loads((machine.root / "runs" / summary["id"] / "sweep.json").read_text(encoding="utf-8"))
    return [trial["seeds"][0]["model"] for trial in found["trials"]]


@pytest.mark.soak
def test_a_cluster_without_a_common_folder_gives_what_one_machine_gives(
    cluster: tuple[str, list[subprocess.Popen[bytes]], list[Path]], shared_folder: str, tmp_path: Path
) -> None:
    scheduler, nannies, stores = cluster
    here, sender = Command(tmp_path / "here" / "store"), Command(tmp_path / "sender" / "store")
    for machine in (here, sender):
        machine.root.parent.mkdir()
    there = {"EVERGREEN_DASK": scheduler, "EVERGREEN_REMOTE": shared_folder}

    alone = _told(here, "folds", "digits", "--folds", "3")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment |= {"EVERGREEN_STORE": str(sender.root), "HOME": str(sender.root.parent)} | there
    command = [str(EVERGREEN), "folds", "digits", "--folds", "3", *SETTINGS, "--json"]
    with subprocess.Popen(
        command, env=environment, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        _wait_for(lambda: any(list(store.glob("checkpoints/*/*.npz")) for store in stores), running)
        (learning, *_) = [number for number, store in enumerate(stores) if list(store.glob("checkpoints/*/*.npz"))]
        worker = _process_of(nannies[learning])
        assert worker
        os.kill(worker, signal.SIGKILL)
        out, err = running.communicate()
    assert running.returncode == 0, err
    assert f"trainings of this run are done by Dask at {scheduler}, " in err
    assert _outputs(json.loads(out)) == _outputs(alone)
    folds = [output for name, output in _outputs(alone).items() if name.startswith("fold ")]
    assert {digest for digest in folds for store in stores if Store(store).manifest_path(digest).is_file()} == {*folds}
    assert not list(sender.root.glob("checkpoints/*/*.npz"))

    swept = _told(sender, "sweep", "digits", *OVER, "--parallel", "2", **there)
    assert swept["sweep"]["trials"] == {"trained": 2}
    assert _models(sender, swept) == _models(here, _told(here, "sweep", "digits", *OVER))
    third = Command(tmp_path / "third" / "store")
    third.root.parent.mkdir()
    line = swept["sweep"]["next"].split()[1:]
    assert line[0] == "retrain"
    best = f"train.head.dropout={swept['sweep']['values']['train.head.dropout']}"
    again = _told(third, "retrain", "digits", "--set", best, EVERGREEN_REMOTE=shared_folder)
    states = {step["name"]: (step["state"], step["output"]) for step in again["steps"]}
    assert states["train"] == ("reused", swept["sweep"]["model"]), "the winner was pushed with its record"

    other = _told(sender, "retrain", "digits", "--set", "train.head.dropout=0.3", **there)
    (model,) = [step["output"] for step in other["steps"] if step["name"] == "train" and step["state"] == "ran"]
    assert any(Store(store).manifest_path(model).is_file() for store in stores)
    assert Records(Store(sender.root)).kept(next(s["key"] for s in other["steps"] if s["name"] == "train"))

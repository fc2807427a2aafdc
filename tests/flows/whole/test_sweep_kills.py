"""Sweeps that are killed: nothing that ended is done again, the running trial goes on, and no bit is another."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import ctrl_c
import pytest

EVERGREEN = Path(sys.executable).with_name("evergreen")
OVER = ["--over", "train.head.dense.0.units=[16, 24, 32]", "--set", "train.phases.0.epochs=6"]


@pytest.fixture
def sweep(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """What starts the sweep of a store, in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment["HOME"] = str(tmp_path)
    started: list[subprocess.Popen[str]] = []

    def start(store: str, *options: str, variables: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        command = [str(EVERGREEN), "sweep", "digits", *OVER, "--json", *options, "--store", str(tmp_path / store)]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(command, **pipes, env=environment | (variables or {}), preexec_fn=ctrl_c.heard))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def _ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=1800)
    assert process.returncode == 0, err
    summary: dict[str, Any] = json.loads(out)
    return summary


def _found(store: Path, summary: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((store / "runs" / summary["id"] / "sweep.json").read_text(encoding="utf-8"))
    return found


def _epochs(store: Path) -> dict[str, list[int]]:
    """Return file of a training -> the epochs that were told of, in order."""
    return {
        path.name: [json.loads(line)["epoch"] for line in path.read_text(encoding="utf-8").splitlines()]
        for path in store.glob("sweeps/*/trials/*.jsonl")
    }


def _wait_for(what: Callable[[], Any], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.soak
def test_after_kill_9_in_its_second_trial_the_same_line_goes_on_to_the_same_bytes(
    sweep: Callable[..., Any], tmp_path: Path
) -> None:
    store = tmp_path / "killed"
    killed = sweep("killed")
    _wait_for(lambda: any(name.startswith("0001") and len(done) >= 3 for name, done in _epochs(store).items()))
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    before = _epochs(store)
    found = _found(store, _ended(sweep("killed")))
    assert [trial["state"] for trial in found["trials"]] == ["reused", "trained", "trained"]
    first, second, _ = (_epochs(store)[name] for name in sorted(_epochs(store)))
    assert before[min(before)] == [1, 2, 3, 4, 5, 6] == first
    assert len(second) <= 6 + 1, "at most one epoch was lost"
    whole = _found(tmp_path / "whole", _ended(sweep("whole")))
    assert [trial["seeds"] for trial in whole["trials"]] == [
        [one | {"state": "trained"} for one in trial["seeds"]] for trial in found["trials"]
    ]


@pytest.mark.soak
def test_a_worker_that_is_killed_costs_no_trial(sweep: Callable[..., Any], tmp_path: Path) -> None:
    store = tmp_path / "store"
    running = sweep("store")
    _wait_for(lambda: any(len(done) >= 2 for done in _epochs(store).values()))
    workers = _workers_of(running.pid)
    assert len(workers) == 1
    os.kill(workers[0], signal.SIGKILL)
    assert [trial["state"] for trial in _found(store, _ended(running))["trials"]] == ["trained"] * 3


@pytest.mark.soak
def test_ctrl_c_keeps_what_was_learned_and_says_so(sweep: Callable[..., Any], tmp_path: Path) -> None:
    store = tmp_path / "store"
    stopped = sweep("store", "--parallel", "2")
    _wait_for(lambda: sum(len(done) for done in _epochs(store).values()) >= 3)
    stopped.send_signal(signal.SIGINT)
    out, err = stopped.communicate(timeout=120)
    assert stopped.returncode == 130, err
    summary = json.loads(out)
    assert summary["outcome"] == "cancelled"
    assert " of 3 trials have ended and are kept, as is what others learned so far; the same command goes on" in err
    assert "Traceback" not in err
    found = _found(store, _ended(sweep("store", "--parallel", "2")))
    assert {trial["state"] for trial in found["trials"]} <= {"trained", "reused"}
    assert all(len(done) <= 6 + 1 for done in _epochs(store).values())


@pytest.mark.soak
def test_then_retrain_takes_the_winner_to_the_gate_and_trains_nothing(sweep: Callable[..., Any]) -> None:
    summary = _ended(sweep("store", "--then", "retrain"))
    states = {step["name"]: step["state"] for step in summary["steps"]}
    assert (summary["outcome"], states["train"], states["evaluate"]) == ("completed", "reused", "ran")


@pytest.mark.soak
def test_a_trials_model_is_that_of_a_retraining(sweep: Callable[..., Any], tmp_path: Path) -> None:
    found = _found(tmp_path / "store", _ended(sweep("store")))
    best = found["trials"][found["best"]]
    line = found["next"].split()[1:]
    done = subprocess.run(
        [str(EVERGREEN), *line, "--json", "--store", str(tmp_path / "other")],
        capture_output=True, text=True, check=True, env=os.environ | {"HOME": str(tmp_path), "PREFECT_API_URL": ""},
    )  # fmt: skip
    outputs = {step["name"]: step["output"] for step in json.loads(done.stdout)["steps"]}
    assert outputs["train"] == best["seeds"][0]["model"]


@pytest.fixture
def certified(tmp_path: Path) -> Iterator[tuple[str, int, dict[str, str]]]:
    """A scheduler of one's own that takes certificates alone, and two workers: address, their parent, variables."""
    from distributed.security import Security  # of an extra: EXTRAS=dask

    security = Security.temporary()
    files = {"CA_FILE": security.tls_ca_file, "CERT": security.tls_scheduler_cert, "KEY": security.tls_scheduler_key}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    of_client = {"CA_FILE": "CA_FILE", "CLIENT__CERT": "CERT", "CLIENT__KEY": "KEY"}
    variables = {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(tmp_path / file) for name, file in of_client.items()}
    told, log = tmp_path / "scheduler.json", (tmp_path / "dask.txt").open("wb")
    tls = ["--tls-ca-file", tmp_path / "CA_FILE", "--tls-cert", tmp_path / "CERT", "--tls-key", tmp_path / "KEY"]
    common = ["--scheduler-file", told, "--protocol", "tls", "--host", "127.0.0.1", "--no-dashboard", *tls]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for words in (["scheduler", "--port", "0"], ["worker", "--nthreads", "1", "--nworkers", "2"]):
            command = [str(EVERGREEN.with_name("dask")), *words, *map(str, common)]
            started.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path))
        _wait_for(lambda: told.is_file() and told.stat().st_size and len(_workers_of(started[1].pid)) == 2)
        yield json.loads(told.read_bytes())["address"], started[1].pid, variables
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()
        log.close()


@pytest.mark.soak
@pytest.mark.parametrize("where", ["dask", "tls"])
def test_a_worker_of_a_cluster_that_is_killed_has_its_trial_done_by_another(
    where: str, sweep: Callable[..., Any], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    pytest.importorskip("distributed", reason="make setup EXTRAS=dask")
    store = tmp_path / "store"
    on, parent, variables = ("dask", 0, {}) if where == "dask" else request.getfixturevalue("certified")
    running = sweep("store", "--on", on, "--parallel", "2", variables=variables)
    _wait_for(lambda: sum(len(done) >= 2 for done in _epochs(store).values()) == 2, 600)
    os.kill(_workers_of(parent or running.pid)[0], signal.SIGKILL)
    found = _found(store, _ended(running))
    assert found["where"] == f"Dask at {'this machine' if where == 'dask' else on}, 2 workers"
    assert [(trial["state"], trial["why"]) for trial in found["trials"]] == [("trained", "")] * 3
    told = _epochs(store).values()
    assert [sorted(set(done)) for done in told] == [[1, 2, 3, 4, 5, 6]] * 3
    assert sum(len(done) - len(set(done)) for done in told) <= 1, "one trial alone is run again, from its last epoch"


def _workers_of(pid: int) -> list[int]:
    """Return the processes that a process has begun by ``multiprocessing``, to work."""
    return [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/stat")
        if _parent(path) == pid and b"multiprocessing" in (path.parent / "cmdline").read_bytes()
        and b"resource_tracker" not in (path.parent / "cmdline").read_bytes()
    ]  # fmt: skip


def _parent(stat: Path) -> int:
    try:
        return int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    except OSError:
        return 0

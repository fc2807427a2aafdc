"""Runs that are killed, and runs at once: nothing is left running, no work is done twice."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

EVERGREEN = Path(sys.executable).with_name("evergreen")


def _servers(store: Path) -> list[int]:
    """Return the processes whose Prefect data lies in this store."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue  # it ended meanwhile, or is not ours
        if str(store / "prefect").encode() in environment and b"uvicorn" in command:
            found.append(int(process.name))
    return found


@pytest.mark.soak
def test_after_kill_9_the_server_ends_and_the_next_run_goes_on(tmp_path: Path) -> None:
    store = tmp_path / "store"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment["HOME"] = str(tmp_path)
    command = [str(EVERGREEN), "retrain", "digits", "--json", "--store", str(store)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
    ) as run:
        assert run.stderr
        next(line for line in run.stderr if line.startswith("train"))
        deadline = time.monotonic() + 120
        while len(list(store.glob("checkpoints/*/*.npz"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert _servers(store)
        run.send_signal(signal.SIGKILL)
    assert len(list(store.glob("checkpoints/*/*.npz"))) >= 2
    deadline = time.monotonic() + 20
    while _servers(store) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert _servers(store) == []
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    steps = json.loads(done.stdout)["steps"]
    states = {step["name"]: step["state"] for step in steps}
    before = ("probe", "acquire", "unpack", "repair", "screen", "split", "balance")
    assert {states[name] for name in before} == {"reused"}
    assert {state for name, state in states.items() if name not in before} == {"ran"}
    assert list((store / "tmp").iterdir()) == []
    assert not list(store.glob("checkpoints/*"))
    command[-1] = str(tmp_path / "uninterrupted")
    whole = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    outputs = [{step["name"]: step["output"] for step in found} for found in (steps, json.loads(whole.stdout)["steps"])]
    assert outputs[0]["train"] == outputs[1]["train"]


@pytest.mark.soak
def test_two_runs_at_once_do_each_steps_work_once(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment["HOME"] = str(tmp_path)
    command = [str(EVERGREEN), "retrain", "digits", "--json", "--store", str(tmp_path / "store")]
    runs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    summaries = [json.loads(run.communicate()[0]) for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    states = [[step["state"] for step in summary["steps"]] for summary in summaries]
    assert all({one, other} in ({"ran", "reused"}, {"reused"}) for one, other in zip(*states, strict=True))
    outputs = [[step["output"] for step in summary["steps"]] for summary in summaries]
    assert outputs[0] == outputs[1]

"""Runs that are killed, and runs at once: nothing is left running, no work is done twice."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import ctrl_c
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
        if str(store / "prefect").encode() in environment and b"server_process.py" in command:
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
@pytest.mark.parametrize(("number", "step"), [(signal.SIGTERM, "train"), (signal.SIGINT, "split")])
def test_a_run_that_is_stopped_with_everything_it_started_says_what_is_kept_and_goes_on(
    tmp_path: Path, number: signal.Signals, step: str
) -> None:
    store = tmp_path / "store"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment["HOME"] = str(tmp_path)
    settings = [
        part for one in ("export.formats=[tflite-float32]", "train.phases.0.epochs=9") for part in ("--set", one)
    ]
    command = [str(EVERGREEN), "retrain", "digits", "--json", *settings, "--store", str(store)]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes, env=environment, preexec_fn=ctrl_c.heard) as run:
        assert run.stderr
        next(line for line in run.stderr if line.startswith(step))
        deadline = time.monotonic() + 120
        while step == "train" and not list(store.glob("checkpoints/*/*.npz")) and time.monotonic() < deadline:
            time.sleep(0.1)
        for pid in [*_servers(store), run.pid]:  # as a supervisor does, which knows the processes of a service
            os.kill(pid, number)
        out, err = run.communicate()
    assert run.returncode == 128 + number
    summary = json.loads(out)
    assert summary["outcome"] == "cancelled"
    assert summary["error"].startswith(f"stopped by {number.name} in {step}; ")
    assert summary["error"].endswith(" kept, the same command goes on from there")
    if step == "train":
        assert " epoch" in summary["error"]
    last = summary["steps"][-1]
    assert [last[name] for name in ("name", "state", "seconds", "output")] == [step, "stopped", 0.0, None]
    how_far = "; it was stopped (phase 1: " if step == "train" else ""
    assert last["reason"].startswith(f"by {number.name}{how_far}")
    assert summary["error"] in err.replace("\n", " ")
    assert "Traceback" not in err
    assert "refused" not in err
    assert _servers(store) == []
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert json.loads(done.stdout)["outcome"] == "completed"


@pytest.mark.soak
def test_folds_that_are_stopped_keep_what_is_done_and_go_on(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment["HOME"] = str(tmp_path)
    command = [
        str(EVERGREEN),
        "folds",
        "digits",
        "--folds",
        "2",
        "--set",
        "train.phases.0.epochs=4",
        "--json",
        "--store",
    ]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    store = tmp_path / "store"
    with subprocess.Popen([*command, str(store)], **pipes, env=environment) as run:
        assert run.stderr
        next(line for line in run.stderr if line.startswith("fold 2 of 2"))
        deadline = time.monotonic() + 120
        while not list(store.glob("checkpoints/*/*.npz")) and time.monotonic() < deadline:
            time.sleep(0.1)
        run.send_signal(signal.SIGTERM)
        out, _ = run.communicate()
    assert run.returncode == 128 + signal.SIGTERM
    assert json.loads(out)["error"].startswith("stopped by SIGTERM in fold 2; ")
    again = subprocess.run([*command, str(store)], capture_output=True, text=True, env=environment, check=True)
    assert "going on where it was stopped" in again.stderr
    states = {step["name"]: step["state"] for step in json.loads(again.stdout)["steps"]}
    assert (states["fold 1"], states["fold 2"]) == ("reused", "ran")
    assert not list(store.glob("checkpoints/*"))


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

"""Two machines with a store each and one remote: the second trains nothing, and has the same bytes and champion."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from command import EVERGREEN, Command
from polling import until

from storage.champions import Champions
from storage.remote.checkpoints import CHECKPOINTS
from storage.remote.leases import LEASES
from storage.remote.objects import opened
from storage.store import Store

ASKED = {"probe", "challenge", "promote"}


def test_a_run_on_one_machine_is_no_training_on_the_other(
    evergreen: Command, first: dict[str, Any], shared_folder: str, tmp_path: Path
) -> None:
    shared = {"EVERGREEN_REMOTE": shared_folder}
    done = evergreen("push", variables=shared)
    assert done.returncode == 0, done.stderr
    assert not list(Path(shared_folder).glob("cache*"))

    other = Command(tmp_path / "other" / "store")
    other.root.parent.mkdir()
    there = other.retrain(variables=shared)
    assert {step["name"] for step in there["steps"] if step["state"] == "ran"} <= ASKED
    outputs = {step["name"]: step["output"] for step in first["steps"]}
    assert {step["name"]: step["output"] for step in there["steps"]} == outputs
    assert set(there["remote"]["brought"]) == set(outputs) - ASKED
    assert there["remote"]["problem"] == ""
    assert there["comparison"]["standing"] == "champion"
    mine, its = Store(evergreen.root), Store(other.root)
    assert Champions(its.root).history("digits") == Champions(mine.root).history("digits")
    exports = mine.manifest(outputs["export"]).ref()
    for name in mine.manifest(exports.sha256).files:
        assert (Path(there["exports"][0]["path"]).parent / name).read_bytes() == mine.read(exports, name)
    lacking = its.damaged(mine.manifest(outputs["unpack"]).ref())
    assert any(name.startswith("files/") for name in lacking), "nobody needed the images: they did not travel"


OPTIONS = ("--set", "train.phases.0.epochs=25", "--set", "train.threads=1", "--set", "export.formats=[tflite-float32]")


@contextmanager
def _begun(root: Path, shared: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """Begin a retraining on a machine of its own; what is left of it at the end is killed."""
    root.parent.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "EVERGREEN_"))}
    environment = kept | {"EVERGREEN_STORE": str(root), "HOME": str(root.parent)} | shared
    command = [str(EVERGREEN), "retrain", "digits", "--json", *OPTIONS]
    with (
        _errors(root).open("wb") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment, cwd=root.parent
        ) as run,
    ):
        try:
            yield run
        finally:
            run.kill()


def _errors(root: Path) -> Path:
    """Return the file that holds what the retraining on a machine said to stderr."""
    return root.parent / "stderr.txt"


def _train(summary: dict[str, Any]) -> dict[str, Any]:
    return next(step for step in summary["steps"] if step["name"] == "train")


@pytest.mark.soak
def test_a_machine_that_is_killed_in_a_training_is_taken_over_and_one_that_trains_is_waited_for(
    shared_folder: str, tmp_path: Path
) -> None:
    shared = {
        "EVERGREEN_REMOTE": shared_folder,
        "EVERGREEN_LEASE_SECONDS": "30",  # less, and one that lives is too slow on a machine with other work
        "EVERGREEN_CHECKPOINT_MINUTES": "0.05",
    }
    objects = opened(shared_folder)
    with _begun(tmp_path / "a" / "store", shared) as killed:
        until(lambda: list(objects.list(CHECKPOINTS)), every=0.05)
        assert killed.poll() is None, "it trained too fast for this test"
        killed.send_signal(signal.SIGKILL)
    assert list((tmp_path / "a" / "store").glob("checkpoints/*/*.npz"))
    errors = _errors(tmp_path / "b" / "store")
    with _begun(tmp_path / "b" / "store", shared) as taking:
        until(lambda: "did not renew its lease for 30 s: taken over" in errors.read_text())
        with _begun(tmp_path / "c" / "store", shared) as waiting:
            out, _ = taking.communicate()
            lines = errors.read_text().splitlines()
            assert taking.returncode == 0, lines
            (taken,) = (at for at, line in enumerate(lines) if "taken over" in line)
            assert any(f"process {killed.pid}" in line and "is at it since" in line for line in lines[:taken])
            assert any("left a checkpoint in the remote: goes on from it" in line for line in lines[taken:])
            assert any("going on where it was stopped" in line for line in lines[taken:])
            theirs, _ = waiting.communicate()
            told = _errors(tmp_path / "c" / "store").read_text()
            assert waiting.returncode == 0, told
    one, other = json.loads(out), json.loads(theirs)
    assert [lease["what"] for lease in one["remote"]["leases"]] == ["taken over"]
    assert _train(one)["state"] == "ran"
    assert (_train(other)["state"], _train(other)["output"]) == ("reused", _train(one)["output"])
    assert "train" in other["remote"]["brought"]
    if other["remote"]["leases"]:  # unless it came when that was over
        assert other["remote"]["leases"][0]["what"] == "used"
        assert f"process {taking.pid}" in told
    assert list(objects.list(CHECKPOINTS)) == []
    leases = [json.loads(objects.get_tagged(one.name)[0]) for one in objects.list_tagged(LEASES)]  # type: ignore[index]
    assert [(lease["ended"], lease["made"]) for lease in leases] == [(True, True)]
    with _begun(tmp_path / "d" / "store", {}) as whole:
        out, _ = whole.communicate()
        assert whole.returncode == 0, _errors(tmp_path / "d" / "store").read_text()
    assert _train(json.loads(out))["output"] == _train(one)["output"], "it went on to other bytes"


@pytest.mark.soak
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_that_waits_for_another_machine_stops_at_once(
    shared_folder: str, tmp_path: Path, number: signal.Signals
) -> None:
    shared = {"EVERGREEN_REMOTE": shared_folder}
    with _begun(tmp_path / "a" / "store", shared) as training:
        until(lambda: list(opened(shared_folder).list_tagged(LEASES)), every=0.05)
        with _begun(tmp_path / "b" / "store", shared) as waiting:
            errors = _errors(tmp_path / "b" / "store")
            until(lambda: "so this run waits for its result" in errors.read_text())
            waiting.send_signal(number)
            out, _ = waiting.communicate()
            err = errors.read_text()
            assert waiting.returncode == 128 + number, err
        summary = json.loads(out)
        assert (summary["outcome"], _train(summary)["state"]) == ("cancelled", "stopped")
        assert "Traceback" not in err
        assert training.poll() is None

"""The real thing on loopback: server, pool, deployments, worker, schedule; and what is killed in the middle of it.

One station for all tests, in order; each trains with a seed of its own, so that there is something to train.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from polling import asked, until
from station import FLOW, PROJECT, SERVER, WORKER, Station, station

from evergreen.vision.training.fit import _MOST_BATCHES

pytestmark = pytest.mark.soak

DIGITS = "retrain-digits"
BEFORE = {"probe", "acquire", "unpack", "repair", "screen"}  # another seed starts at split


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A server with everything deployed, and a worker."""
    with station(tmp_path_factory.mktemp("schedule")) as found:
        found.make("deploy")
        found.start(WORKER)
        yield found


def _settings(seed: int, epochs: int) -> dict[str, Any]:
    """Return overrides as the dashboard's form sends them."""
    return {
        "seed": seed,
        "train": {"phases": [{"epochs": epochs, "batch": 32}]},
        "export": {"formats": ["tflite-float32"]},
    }


def _summaries(live: Station) -> list[dict[str, Any]]:
    """Return what the runs left in the store, the newest last."""
    return [json.loads(path.read_text()) for path in sorted(live.store.glob("runs/*/run.json"))]


def _states(summary: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["state"] for step in summary["steps"]}


def _training(live: Station, seed: int, epochs: int = 300) -> tuple[str, list[Path]]:
    """Order a long run, wait until its training has kept a checkpoint, and return its id and the checkpoints."""
    known = set(live.checkpoints())
    run = live.run(DIGITS, settings=_settings(seed, epochs))
    until(lambda: set(live.checkpoints()) - known or live.read(run)["state_type"] in ("FAILED", "CRASHED"), 600)
    assert live.read(run)["state_type"] == "RUNNING"
    return run, sorted(set(live.checkpoints()) - known)


def test_the_schedule_made_runs_and_deploying_again_makes_nothing_twice(live: Station) -> None:
    ahead = until(lambda: [run for run in live.runs(DIGITS) if run["auto_scheduled"]])
    assert {run["state_type"] for run in ahead} == {"SCHEDULED"}
    assert {run["expected_start_time"][11:19] for run in ahead} == {"02:00:00"}
    automations = live.ask("automations/filter")
    assert "as it was" in live.make("deploy")
    assert [found["id"] for found in live.ask("automations/filter")] == [found["id"] for found in automations]
    file = yaml.safe_load((PROJECT / "prefect.yaml").read_text())
    assert len(live.ask("deployments/filter")) == len(file["deployments"])
    assert not [run for run in live.runs("retrain-chessman") if run["auto_scheduled"]]  # its schedule is not active


def test_a_scheduled_run_completes_and_the_next_reuses_every_step(live: Station) -> None:
    deployment = live.deployment(DIGITS)
    address = f"{live.api}/deployments/{deployment['id']}"
    parameters = {"recipe": "digits", "settings": _settings(7, 2)}
    minutely = [{"schedule": {"cron": "* * * * *", "timezone": "Etc/UTC"}, "active": True}]
    asked("PATCH", address, {"parameters": parameters, "schedules": minutely})

    def completed() -> list[dict[str, Any]]:
        return [run for run in live.runs(DIGITS) if run["auto_scheduled"] and run["state_type"] == "COMPLETED"]

    until(lambda: len(completed()) >= 2, 900)
    asked("PATCH", address, {"schedules": []})
    first, second = completed()[:2]
    assert first["name"].startswith("retrain digits: promoted, test accuracy ")
    assert first["state"]["message"] == first["name"].removeprefix("retrain digits: ")
    assert (second["name"], second["state"]["message"]) == ("retrain digits: nothing changed", "nothing changed")
    summaries = _summaries(live)
    assert set(_states(summaries[0]).values()) == {"ran"}
    assert set(_states(summaries[1]).values()) == {"reused"}
    assert summaries[1]["decision"]["changes"]["code"] == "the same"
    missed = [run for run in live.runs(DIGITS) if run["state_type"] in ("FAILED", "CRASHED")]
    assert not missed, [run["state"]["message"] for run in missed]
    until(lambda: live.slots(DIGITS) == 0)
    logs = live.ask("logs/filter", logs={"flow_run_id": {"any_": [second["id"]]}}, sort="TIMESTAMP_ASC")
    said = [entry["message"] for entry in logs if entry["name"] == "prefect.flow_runs"]
    words = [entry.partition(":")[0] for entry in said]
    assert {"source", "images", "recipe", "code", "libraries"} <= set(words)


def test_cancelling_stops_the_training_and_keeps_a_checkpoint(live: Station) -> None:
    run, _ = _training(live, seed=11)
    began = time.monotonic()
    live.ask(f"flow_runs/{run}/set_state", state={"type": "CANCELLING"})
    ended = live.ended(run)
    assert time.monotonic() - began < 30
    assert (ended["state_type"], ended["name"]) == ("CANCELLED", "retrain digits: cancelled at train")
    assert live.checkpoints()
    assert _summaries(live)[-1]["outcome"] == "cancelled"
    until(lambda: not live.pids(FLOW))
    until(lambda: live.slots(DIGITS) == 0)


def test_after_kill_9_of_the_flow_the_next_run_resumes(live: Station) -> None:
    run, before = _training(live, seed=12, epochs=30)
    newest = int(before[-1].name.partition("-")[0]) // _MOST_BATCHES  # whole epochs
    for pid in live.pids(FLOW):
        os.kill(pid, signal.SIGKILL)
    assert live.ended(run, 60)["state_type"] == "CRASHED"
    until(lambda: live.slots(DIGITS) == 0, 60)
    again = live.run(DIGITS, settings=_settings(12, 30))
    assert live.ended(again, 900)["state_type"] == "COMPLETED"
    states = _states(_summaries(live)[-1])
    assert {name for name, state in states.items() if state == "reused"} >= BEFORE | {"split"}
    assert states["train"] == "ran"
    logs = live.ask("logs/filter", logs={"flow_run_id": {"any_": [again]}}, sort="TIMESTAMP_ASC")
    epochs = [int(e["message"].split("epoch ")[1].split("/")[0]) for e in logs if e["message"].startswith("epoch ")]
    assert epochs[0] >= newest  # the first that was done again is the one after the last whole one
    assert epochs[-1] == 30
    assert not [path for path in live.checkpoints() if path.parent == before[-1].parent]


def test_after_kill_9_of_the_worker_its_run_goes_on_and_so_does_the_next_worker(live: Station) -> None:
    run, _ = _training(live, seed=13, epochs=30)
    live.kill(WORKER)
    assert live.ended(run, 900)["state_type"] == "COMPLETED"
    assert _states(_summaries(live)[-1])["train"] == "ran"
    until(lambda: live.slots(DIGITS) == 0, 60)
    live.start(WORKER)
    again = live.run(DIGITS, settings=_settings(13, 30))
    assert live.ended(again, 600)["name"] == "retrain digits: nothing changed"


def test_after_kill_9_of_the_server_the_schedule_goes_on_and_nothing_is_done_twice(live: Station) -> None:
    run, _ = _training(live, seed=14, epochs=60)
    live.kill(SERVER)
    time.sleep(5)
    live.start(SERVER)
    live.ended(run, 900)
    until(lambda: live.slots(DIGITS) == 0, 360)
    again = live.run(DIGITS, settings=_settings(14, 60))
    assert live.ended(again, 900)["state_type"] == "COMPLETED"
    trainings = [summary for summary in _summaries(live) if summary["settings"]["seed"] == 14]
    assert [_states(summary).get("train") for summary in trainings].count("ran") == 1
    assert {name for name, state in _states(trainings[-1]).items() if state == "reused"} >= BEFORE
    assert live.pids(WORKER)


def test_a_run_that_died_with_its_worker_is_marked_crashed_and_the_next_resumes(live: Station) -> None:
    run, before = _training(live, seed=15, epochs=30)
    live.kill(WORKER)
    live.kill(FLOW)
    began = time.monotonic()
    assert live.read(run)["state_type"] == "RUNNING"
    ended = live.ended(run, 600)  # ten minutes at most
    assert ended["state_type"] == "CRASHED"
    assert "nothing was heard of it for 480 s" in ended["state"]["message"]
    assert time.monotonic() - began < 600
    until(lambda: live.slots(DIGITS) == 0, 60)
    live.start(WORKER)
    again = live.run(DIGITS, settings=_settings(15, 30))
    assert live.ended(again, 900)["state_type"] == "COMPLETED"
    assert _states(_summaries(live)[-1])["split"] == "reused"
    assert before


def test_a_recipe_of_ones_own_folder_is_scheduled_run_by_the_worker_and_kept_in_its_own_store(
    live: Station, tmp_path: Path
) -> None:
    (tmp_path / "recipes").mkdir()
    recipe = yaml.safe_load((PROJECT / "recipes" / "digits.yaml").read_text())
    recipe |= {"name": "mine", "export": {"formats": ["tflite-float32"]}, "gate": {}}
    recipe["train"]["phases"] = [{"epochs": 2, "batch": 32}]
    (tmp_path / "recipes" / "mine.yaml").write_text(yaml.safe_dump(recipe))
    environment = {name: value for name, value in live.environment.items() if name != "EVERGREEN_STORE"}
    command = [str(Path(sys.executable).with_name("evergreen")), "schedule", "recipes/mine.yaml", "--cron", "* * * * *"]

    def schedule(*options: str) -> str:
        done = subprocess.run(
            [*command, *options], cwd=tmp_path, env=environment | {"PREFECT_API_URL": live.api}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    if not live.pids(WORKER):
        live.start(WORKER)
    assert "worker     1 running" in until(lambda: said if "1 running" in (said := schedule()) else "", 120)
    over = ("COMPLETED", "FAILED", "CRASHED")
    ended = until(lambda: [run for run in live.runs("retrain-mine") if run["state_type"] in over], 600)
    assert {run["state_type"] for run in ended} == {"COMPLETED"}, ended
    assert list((tmp_path / ".evergreen").glob("runs/*/report.html"))
    command[-2:] = ["--off"]
    assert "mine: switched off" in schedule()
    assert not [one for one in live.deployment("retrain-mine")["schedules"] if one["active"]]

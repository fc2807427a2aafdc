"""prefect.yaml: a scheduled, limited deployment for every recipe; written once, with anchors."""

import inspect as code
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from polling import asked
from reference_archives import SHIPPED

from evergreen.recipe import load_recipe

PROJECT = Path(__file__).resolve().parents[2]
TEXT = (PROJECT / "prefect.yaml").read_text(encoding="utf-8")
DEPLOYMENTS: dict[str, Any] = {deployment["name"]: deployment for deployment in yaml.safe_load(TEXT)["deployments"]}
RETRAININGS = {name: found for name, found in DEPLOYMENTS.items() if name.startswith("retrain-")}


def test_every_recipe_has_a_deployment() -> None:
    recipes = {load_recipe(path).name for path in SHIPPED}
    assert set(RETRAININGS) == {f"retrain-{name}" for name in recipes}
    assert {found["parameters"]["recipe"] for found in RETRAININGS.values()} == recipes


@pytest.mark.parametrize("name", RETRAININGS)
def test_it_is_scheduled_limited_and_described(name: str) -> None:
    found = RETRAININGS[name]
    recipe = found["parameters"]["recipe"]
    (schedule,) = found["schedules"]
    assert len(schedule["cron"].split()) == 5
    assert ZoneInfo(schedule["timezone"])
    assert found["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    assert found["tags"] == ["evergreen", recipe]
    assert {f"/artifacts/key/{recipe}-{shown}" for shown in ("report", "decision", "steps", "exports")} == {
        part.split(")")[0] for part in found["description"].split("](")[1:]
    }
    assert set(found["parameters"]) == {"recipe"}  # overrides default to nothing


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_its_flow_is_there_and_its_runs_outlive_the_worker(name: str) -> None:
    found = DEPLOYMENTS[name]
    file, _, function = found["entrypoint"].partition(":")
    flow = getattr(import_module(file.removesuffix(".py").replace("/", ".")), function)
    assert set(found["parameters"]) <= set(code.signature(flow.fn).parameters)
    assert found["work_pool"]["job_variables"]["stream_output"] is False
    assert int(found["work_pool"]["job_variables"]["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]) >= 30


def test_what_downloads_or_needs_an_account_is_not_switched_on_by_itself() -> None:
    assert [name for name, found in RETRAININGS.items() if found["schedules"][0].get("active", True)] == [
        "retrain-digits"
    ]


def test_what_is_common_is_written_once() -> None:
    for line in ("entrypoint: flows/retrain.py:retrain", "stream_output:", "HEARTBEAT_FREQUENCY", 'cron: "0 3'):
        assert TEXT.count(line) == 1, line


def test_everything_deploys_from_a_clean_clone_and_the_schedule_makes_runs(tmp_path: Path, prefect_server: str) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName

    from flows.deploying import ensure_pool

    subprocess.run(["git", "clone", "-q", str(PROJECT), str(tmp_path / "clone")], check=True)
    moved = {"chessman": "docker", "garbage": "kubernetes"}  # by their first line
    lines = (tmp_path / "clone/prefect.yaml").read_text(encoding="utf-8")
    for recipe, place in moved.items():
        first = f"  - <<: *retrain\n    name: retrain-{recipe}\n"
        assert first in lines
        lines = lines.replace(first, first.replace("*retrain", f"[*in-{place}, *retrain]"))
    (tmp_path / "clone/prefect.yaml").write_text(lines, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment = kept | {"HOME": str(tmp_path), "PREFECT_API_URL": prefect_server}
    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name="evergreen", type="process"), overwrite=True)
        of_containers = [f"evergreen-{place}" for place in moved.values()]
        for name in of_containers:
            client.create_work_pool(WorkPoolCreate(name=name, type=name.rpartition("-")[2]))
            assert ensure_pool(client, name) == f"now as deploy/{name}.json says"
            assert ensure_pool(client, name) == "as it was"
        command = [str(Path(sys.executable).with_name("prefect")), "deploy", "--all", "--no-prompt"]
        done = subprocess.run(
            command, cwd=tmp_path / "clone", env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        found = {deployment.name: deployment for deployment in client.read_deployments()}
        assert set(DEPLOYMENTS) <= set(found)
        digits = found["retrain-digits"]
        assert digits.pull_steps[0]["prefect.deployments.steps.set_working_directory"]["directory"].endswith("/clone")
        for recipe, place in moved.items():
            theirs = found[f"retrain-{recipe}"]
            assert (theirs.work_pool_name, theirs.work_queue_name) == (f"evergreen-{place}", "cpu")
            (step,) = theirs.pull_steps
            assert step == {"prefect.deployments.steps.set_working_directory": {"directory": "/opt/evergreen"}}
            assert theirs.job_variables == digits.job_variables
            assert (theirs.entrypoint, theirs.parameters) == (digits.entrypoint, {"recipe": recipe})
        fields = digits.parameter_openapi_schema["properties"]
        assert fields["recipe"]["description"] == "a name in recipes/, or the path of a YAML file."
        form = digits.parameter_openapi_schema["definitions"]["RecipeSettings"]["properties"]
        assert form["seed"]["description"] == "Seed of every random choice."
        wanted = DeploymentFilter(name=DeploymentFilterName(any_=["retrain-digits"]))
        # A server for tests has no scheduler; asked to, it makes the runs that the scheduler would make.
        asked("POST", f"{prefect_server}/deployments/{digits.id}/schedule", {})
        ahead = client.read_flow_runs(deployment_filter=wanted)
        assert {run.state.name for run in ahead} == {"Scheduled"}
        assert {(run.expected_start_time.hour, run.expected_start_time.minute) for run in ahead} == {(2, 0)}
        for deployment in found.values():
            client.delete_deployment(deployment.id)
        for name in of_containers:
            client.delete_work_pool(name)

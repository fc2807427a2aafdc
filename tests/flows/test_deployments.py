"""prefect.yaml: a scheduled, limited deployment for every recipe; written once, with anchors."""

import inspect as code
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from evergreen.recipe import RECIPES, load_recipe

PROJECT = Path(__file__).resolve().parents[2]
TEXT = (PROJECT / "prefect.yaml").read_text(encoding="utf-8")
DEPLOYMENTS: dict[str, Any] = {deployment["name"]: deployment for deployment in yaml.safe_load(TEXT)["deployments"]}
RETRAININGS = {name: found for name, found in DEPLOYMENTS.items() if name.startswith("retrain-")}


def test_every_recipe_has_a_deployment() -> None:
    recipes = {load_recipe(path).name for path in RECIPES.glob("*.yaml")}
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

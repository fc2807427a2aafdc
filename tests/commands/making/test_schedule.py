"""evergreen schedule: what is refused, what is said where nothing is deployed, and what a server has afterwards."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from commands.main import app
from commands.making import schedule
from evergreen.recipe import load_recipe
from evergreen.recipe_files import RECIPES
from flows.scheduling.lines import CLONE

RECIPE = """
name: photos
title: My photos
source: {local: {path: photos}}
repair: {classes: [cat, dog]}
image: {height: 8, width: 8}
train: {backbone: cnn, cnn: [{filters: 4}], phases: [{epochs: 1}]}
"""
NOBODY = "http://127.0.0.1:9/api"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder outside the clone, with a recipe of its own; what the command sets in the environment goes."""
    for name, value in os.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "photos.yaml").write_text(RECIPE, encoding="utf-8")
    (tmp_path / "digits").mkdir()  # images, say: no recipe
    return tmp_path


def _schedule(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["schedule", "recipes/photos.yaml", *arguments])


def _written(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((folder / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    return found


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "expected one of --nightly, --weekly, --cron and --off"),
        (["--nightly", "--weekly"], "expected one of --nightly"),
        (["--nightly", "--timezone", "Nowhere/Land"], "such as Europe/Berlin or Etc/UTC, received 'Nowhere/Land'"),
        (["--cron", "at noon"], "expected five fields of cron such as"),
        (["--off"], "photos has no schedule to switch off"),
    ],
    ids=["none", "two", "zone", "cron", "off"],
)
def test_what_is_not_understood_writes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], why: str
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", NOBODY)
    done = _schedule(*arguments)
    assert (done.exit_code, why in done.output) == (2, True), done.output
    assert not (folder / "prefect.yaml").exists()


def test_without_a_server_it_is_written_and_what_to_start_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", NOBODY)
    done = _schedule("--nightly")
    assert done.exit_code == 1
    said = " ".join(done.output.split())
    assert "photos: every night at 02:00 (Europe/Berlin)" in said
    assert f"none answers at {NOBODY} (ConnectError): written, not deployed" in said
    assert said.index("dashboard") < said.index("then this command again") < said.index("worker")
    (made,) = _written(folder)
    assert made["parameters"] == {"recipe": "recipes/photos.yaml", "store": str(folder / ".evergreen")}
    assert made["schedules"] == [{"cron": "0 2 * * *", "timezone": "Europe/Berlin"}]
    assert json.loads(_schedule("--weekly", "--json").stdout)["before"] == made["schedules"]
    quiet = CliRunner().invoke(app, ["--quiet", "schedule", "recipes/photos.yaml", "--off"])
    assert quiet.output == f"photos: switched off (Europe/Berlin); written, not deployed: no server at {NOBODY}\n"
    assert _written(folder)[0]["schedules"][0]["active"] is False


def test_it_is_deployed_and_again_changes_the_schedule(
    folder: Path, monkeypatch: pytest.MonkeyPatch, prefect_server: str
) -> None:
    from prefect.client.orchestration import get_client

    monkeypatch.setenv("PREFECT_API_URL", NOBODY)
    _schedule("--weekly")
    monkeypatch.setenv("PREFECT_API_URL", prefect_server)
    done = _schedule("--cron", "*/7  4 * * 1-5", "--timezone", "Etc/UTC")
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "photos: cron */7 4 * * 1-5 (Etc/UTC)" in said
    assert "retrain-photos, changed; before: 0 2 * * 6 (Europe/Berlin)" in said
    assert f"deployed at {prefect_server}" in said
    assert "none runs, and nothing is retrained without one" in said
    assert len(_written(folder)) == 1
    with get_client(sync_client=True) as client:
        found = client.read_deployment_by_name("retrain/retrain-photos")
        (made,) = found.schedules
        assert (made.schedule.cron, made.schedule.timezone, made.active) == ("*/7 4 * * 1-5", "Etc/UTC", True)
        assert (found.entrypoint, found.work_pool_name) == ("flows.retrain.retrain", "evergreen")
        assert found.pull_steps[0]["prefect.deployments.steps.set_working_directory"]["directory"] == str(folder)
        client.delete_deployment(found.id)


def test_a_recipe_of_the_clone_is_named_by_its_name_and_the_store_is_the_workers(folder: Path) -> None:
    recipe = load_recipe("digits")
    made = schedule._deployment(recipe, "digits", CLONE / "prefect.yaml", None)
    assert (made.title, made.parameters) == ("Handwritten digits, embedded", {"recipe": "digits"})
    elsewhere = schedule._deployment(recipe, str(RECIPES / "digits.yaml"), folder / "prefect.yaml", folder)
    assert elsewhere.parameters == {"recipe": str(RECIPES / "digits.yaml"), "store": str(folder)}

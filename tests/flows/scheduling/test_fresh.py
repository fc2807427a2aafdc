"""flows.scheduling.fresh: a run of a deployment brings its form up to date; a run of none asks nobody."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock
from uuid import uuid4

import pytest
from httpx import ConnectError

from flows.retrain import retrain
from flows.scheduling import fresh as module


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """A server with one deployment, of digits, whose form is empty; and a run of it, of another recipe."""
    found = SimpleNamespace(
        id=uuid4(), tags=["evergreen"], parameters={"recipe": "digits"}, parameter_openapi_schema={}
    )
    client = MagicMock()
    asked: MagicMock = client.__enter__.return_value
    asked.read_deployment.return_value = found
    run = SimpleNamespace(deployment_id=found.id)
    context = SimpleNamespace(flow=retrain, flow_run=run, parameters={"recipe": "chessman"})
    monkeypatch.setattr(module, "get_client", lambda **_: client)
    monkeypatch.setattr(module.FlowRunContext, "get", lambda: context)
    asked.context = context
    return asked


def test_the_form_has_what_the_deployments_own_recipe_has_now(server: MagicMock) -> None:
    module.keep_form_fresh()
    (number, update), _ = server.update_deployment.call_args
    assert number == server.read_deployment.return_value.id
    assert update.tags == ["evergreen"]  # which an update without them would take away
    schema = update.parameter_openapi_schema
    assert schema["definitions"]["SplitSettings"]["properties"]["test"]["description"].endswith("digits has: 0.15")
    server.read_deployment.return_value.parameter_openapi_schema = schema
    module.keep_form_fresh()
    assert server.update_deployment.call_count == 1


def test_a_run_of_no_deployment_asks_nobody_and_a_deployment_of_no_recipe_stays(server: MagicMock) -> None:
    server.read_deployment.return_value.parameters = {}
    module.keep_form_fresh()
    server.context.flow_run.deployment_id = None
    module.keep_form_fresh()
    assert server.read_deployment.call_count == 1
    server.update_deployment.assert_not_called()


def test_a_run_does_not_fail_for_its_form(server: MagicMock, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    server.read_deployment.side_effect = ConnectError("no")
    monkeypatch.setattr(module, "get_run_logger", lambda: SimpleNamespace(warning=lambda *of: said.append(of)))
    module.keep_form_fresh()
    assert "not brought up to date" in said[0][0]

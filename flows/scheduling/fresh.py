"""The form of a deployment, kept fresh: ``make deploy`` and each run tell the server what its recipe has by now."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from httpx import HTTPError
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.responses import DeploymentResponse
from prefect.context import FlowRunContext
from prefect.exceptions import PrefectException
from prefect.logging import get_run_logger
from prefect.utilities.callables import parameter_schema

from flows.scheduling import choices


def show_choices(
    client: SyncPrefectClient, deployment: DeploymentResponse, schema: Mapping[str, Any], recipe: str, folder: Path
) -> None:
    """Have a deployment's form show what its recipe has and which recipes there are, unless it does.

    Args:
        client: of its server.
        deployment: as the server has it.
        schema: of its flow's parameters.
        recipe: the deployment's, a name or a path.
        folder: where relative paths begin.
    """
    shown = choices.shown(schema, recipe, folder)
    if not choices.is_same(shown, deployment.parameter_openapi_schema or {}):
        # Without its tags it would lose them.
        update = DeploymentUpdate(parameter_openapi_schema=shown, tags=deployment.tags)
        client.update_deployment(deployment.id, update)


def keep_form_fresh() -> None:
    """Show, in the form of the deployment whose run this is, what is there now; nothing for a run of no deployment.

    What a run was given in place of the recipe's values, or another recipe, changes no form.
    """
    context = FlowRunContext.get()
    if context is None or context.flow is None or context.flow_run is None or context.flow_run.deployment_id is None:
        return
    try:
        with get_client(sync_client=True) as client:
            found = client.read_deployment(context.flow_run.deployment_id)
            recipe = found.parameters.get("recipe")
            if not recipe:
                return
            schema = dict(parameter_schema(context.flow.fn).model_dump_for_openapi())
            show_choices(client, found, schema, str(recipe), Path.cwd())
    except (HTTPError, PrefectException) as unheard:  # a run does not fail for its form
        get_run_logger().warning("the deployment's form was not brought up to date: %s", unheard)

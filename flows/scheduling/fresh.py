"""The form of a deployment, kept fresh: each of its runs tells the server what its recipe has by now."""

from pathlib import Path

from httpx import HTTPError
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.context import FlowRunContext
from prefect.exceptions import PrefectException
from prefect.logging import get_run_logger
from prefect.utilities.callables import parameter_schema

from flows.scheduling import choices


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
            shown = choices.shown(schema, str(recipe), Path.cwd())
            if not choices.is_same(shown, found.parameter_openapi_schema or {}):
                client.update_deployment(found.id, DeploymentUpdate(parameter_openapi_schema=shown, tags=found.tags))
    except (HTTPError, PrefectException) as unheard:  # a run does not fail for its form
        get_run_logger().warning("the deployment's form was not brought up to date: %s", unheard)

"""flows.scheduling.pools: pools of containers are made from the templates of deploy/, which Prefect fills as meant."""

import asyncio
from typing import Any

import pytest
import yaml

from flows.scheduling.lines import CLONE
from flows.scheduling.pools import CONTAINERS, wanted

COMMON = yaml.safe_load((CLONE / "prefect.yaml").read_text(encoding="utf-8"))["definitions"]


def _filled(name: str, kind: str, **more: Any) -> dict[str, Any]:
    """Return what Prefect makes of a template and the values that a deployment of prefect.yaml gives."""
    from prefect.workers.base import BaseJobConfiguration

    class Kept(BaseJobConfiguration, extra="allow"):
        pass

    template = wanted(name).base_job_template
    values = COMMON[kind]["work_pool"]["job_variables"] | more
    assert set(values) <= set(template["variables"]["properties"])
    nobody: Any = object()  # no block, no variable of a server stands in a template
    made = asyncio.run(Kept.from_template_and_values(template, values, client=nobody))
    return made.model_dump()


def test_every_definition_for_containers_names_a_pool_with_a_template() -> None:
    named = {one["work_pool"]["name"]: one["pull"] for key, one in COMMON.items() if key.startswith("in-")}
    assert set(named) == set(CONTAINERS)
    folder = {"prefect.deployments.steps.set_working_directory": {"directory": "/opt/evergreen"}}
    assert all(steps == [folder] for steps in named.values()), "no git, no download"
    assert wanted("evergreen").type == wanted("of-somebody").type == "process"
    assert [wanted(name).type for name in CONTAINERS] == ["docker", "kubernetes"]


def test_a_run_in_docker() -> None:
    made = _filled("evergreen-docker", "in-docker")
    assert (made["image"], made["privileged"], made["stream_output"]) == ("evergreen-worker", False, False)
    assert made["volumes"][0] == "evergreen-store:/var/lib/evergreen"
    assert made["env"]["EVERGREEN_STORE"] == "/var/lib/evergreen/store"
    assert made["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == "30"  # of prefect.yaml, beside what the template has
    assert "mem_limit" not in made
    assert _filled("evergreen-docker", "in-docker", mem_limit="4g")["mem_limit"] == "4g"


@pytest.mark.parametrize("gpus", [{}, {"gpus": "1"}], ids=["none", "one"])
def test_a_job_in_kubernetes(gpus: dict[str, str]) -> None:
    made = _filled("evergreen-kubernetes", "in-kubernetes", **gpus)["job_manifest"]
    pod = made["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["envFrom"] == [{"secretRef": {"name": "evergreen-worker"}}]
    assert container["resources"]["limits"] == {"memory": "8Gi"} | ({"nvidia.com/gpu": "1"} if gpus else {})
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert pod["volumes"] == [{"name": "home", "emptyDir": {"sizeLimit": "50Gi"}}]
    assert container["volumeMounts"] == [{"name": "home", "mountPath": "/var/lib/evergreen"}]

"""Work pools of prefect.yaml: processes beside their worker, or a container a run, made from a template in `deploy/`.

A template is Prefect's base job template: what its worker starts, and which values of it a deployment may give in
``job_variables``. The workers of containers are packages of their own (prefect-docker, prefect-kubernetes), which
making a pool does not need.
"""

import json

from prefect.client.schemas.actions import WorkPoolCreate
from prefect.workers.process import ProcessWorker

from flows.scheduling.lines import CLONE

PROCESS = "process"
# Pools of other names are of processes.
CONTAINERS = {"evergreen-docker": "docker", "evergreen-kubernetes": "kubernetes"}


def wanted(name: str) -> WorkPoolCreate:
    """Return a pool of prefect.yaml as it should be on the server.

    Args:
        name: the pool's.
    """
    if name not in CONTAINERS:
        template = ProcessWorker.get_default_base_job_template()
        return WorkPoolCreate(name=name, type=PROCESS, base_job_template=template)
    template = json.loads((CLONE / template_of(name)).read_text(encoding="utf-8"))
    return WorkPoolCreate(name=name, type=CONTAINERS[name], base_job_template=template)


def template_of(name: str) -> str:
    """Return the path, from the clone, of the template of a pool of containers."""
    return f"deploy/{name}.json"

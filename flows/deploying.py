"""What `make deploy` puts onto a Prefect server: the work pool, prefect.yaml's deployments, the automations.

Safe to repeat, and safe beside a worker that starts at the same moment and makes the same pool.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import httpx
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.settings import PREFECT_API_URL
from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_after_delay, stop_all, wait_fixed

from evergreen.addresses import redacted, shown
from evergreen.errors import BadInput
from evergreen.sections.refusing.told import TRY
from flows import automations
from flows.scheduling.fresh import show_choices
from flows.scheduling.lines import Schedule
from flows.scheduling.pools import CONTAINERS, template_of, wanted
from flows.servers.named_server import ServerUnavailable
from flows.servers.prefect_home import ask_loopback_directly

_DEPLOYMENTS = Path(__file__).resolve().parent.parent / "prefect.yaml"
_BUSY_SECONDS = 60.0
_FEWEST_TRIES = 3  # one may take as long as that: Prefect asks again by itself
_LAST_LINES = 15
# As Prefect tells of an answer, and as SQLite does where the server's own words come through.
_BUSY = re.compile(r"Server error '5\d\d |database is locked")
# The line below a traceback's frames, which are indented.
_ERROR = re.compile(r"^Traceback .*\n(?:(?:[^\S\n].*)?\n)*(\S.*)", re.MULTILINE)


class _Refused(Exception):
    """``prefect deploy`` failed; says why.

    Attributes:
        busy: whether the server was, which may pass.
    """

    def __init__(self, why: str, busy: bool) -> None:
        super().__init__(why)
        self.busy = busy


def pools(file: Path = _DEPLOYMENTS) -> list[str]:
    """Return the names of the work pools that a prefect.yaml's deployments run in."""
    told = yaml.safe_load(file.read_text(encoding="utf-8"))
    return sorted({deployment["work_pool"]["name"] for deployment in told["deployments"]})


def ensure_pool(client: SyncPrefectClient, name: str, seconds: float = _BUSY_SECONDS) -> str:
    """Make the work pool unless it is there, and return which of these was done, in words.

    One of containers gets the template that `deploy/` has now. A worker makes a pool of processes too when it starts.
    For a moment the server may then say that the pool exists when one is made and that it does not when it is read, or
    that its database is busy: so it is asked again.

    Args:
        client: of the server.
        name: the pool's.
        seconds: how long a server that contradicts itself, or is busy, is asked again.

    Raises:
        BadInput: there is a pool of that name and of another type.
    """
    return _again(seconds)(_pool_once, client, name)


def _again(seconds: float) -> Retrying:
    """Return what asks again for so long, and a few times at least, while the server may be just busy."""
    stop = stop_all(stop_after_delay(seconds), stop_after_attempt(_FEWEST_TRIES))
    return Retrying(retry=retry_if_exception(_may_pass), wait=wait_fixed(1), stop=stop, reraise=True)


def _pool_once(client: SyncPrefectClient, name: str) -> str:
    pool = wanted(name)
    try:
        found = client.read_work_pool(name)
    except ObjectNotFound:
        client.create_work_pool(pool)
        return "made"
    if found.type != pool.type:
        raise BadInput(
            f"expected a work pool {name!r} of type {pool.type}, the server has one of type {found.type}: "
            f"delete it (prefect work-pool delete {name}), or give the pool in prefect.yaml another name"
        )
    if name in CONTAINERS and found.base_job_template != pool.base_job_template:
        client.update_work_pool(name, WorkPoolUpdate(base_job_template=pool.base_job_template))
        return f"now as {template_of(name)} says"
    return "as it was"


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, _Refused):
        return error.busy
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
    return isinstance(error, ObjectAlreadyExists)


def _deploy(seconds: float = _BUSY_SECONDS) -> None:
    """Put prefect.yaml's deployments onto the server; while that is busy, again: those that are there are replaced."""
    try:
        _again(seconds)(_deploy_once)
    except _Refused as error:
        _end(error)


def _deploy_once(folder: Path | None = None, name: str | None = None) -> None:
    """Put every deployment of a folder's prefect.yaml, or the one of a name, onto the server."""
    which = ["--name", name] if name else ["--all"]
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "deploy", *which, "--no-prompt"],
        capture_output=True, check=False, encoding="utf-8", errors="replace", cwd=folder,
    )  # fmt: skip
    if done.returncode:
        busy = bool(_BUSY.search(done.stdout + done.stderr))
        hint = "\nThe server stayed busy: run this again, it is safe to repeat." if busy else ""
        said = redacted(_told(done.stdout, done.stderr))
        raise _Refused(f"prefect deploy {' '.join(which)} failed with code {done.returncode}: {said}{hint}", busy)


def _show_choices(file: Path = _DEPLOYMENTS, name: str | None = None) -> None:
    """Have the forms of a prefect.yaml's deployments, or of one, show the recipe's values and the recipes there are.

    A recipe that cannot be read leaves its form as it is; its runs will say why.
    """
    told = yaml.safe_load(file.read_text(encoding="utf-8"))["deployments"]
    given = {one["name"]: (one.get("parameters") or {}).get("recipe") for one in told if name in (None, one["name"])}
    wanted = DeploymentFilter(name=DeploymentFilterName(any_=[known for known, recipe in given.items() if recipe]))
    with get_client(sync_client=True) as client:
        for found in client.read_deployments(deployment_filter=wanted):
            show_choices(client, found, found.parameter_openapi_schema or {}, str(given[found.name]), file.parent)


def refuse_strange(schedule: Schedule) -> None:
    """Ask Prefect whether it knows what a schedule means.

    Raises:
        BadInput: it does not.
    """
    try:
        CronSchedule(cron=schedule.cron, timezone=schedule.timezone)
    except ValueError:
        raise BadInput(
            f'expected five fields of cron such as "30 4 * * 1-5" (minute, hour, day, month, weekday), '
            f"received {schedule.cron!r}\n{TRY}--cron '30 4 * * 1-5'"
        ) from None


def deploy_one(file: Path, name: str) -> str:
    """Put one deployment, its work pool and the automations onto the server that Prefect's settings name.

    Args:
        file: a prefect.yaml.
        name: of a deployment in it.

    Returns:
        The name of the work pool whose workers run it.

    Raises:
        BadInput: the pool is of another type.
        ServerUnavailable: the server refused, stayed busy, or does not answer.
    """
    told = yaml.safe_load(file.read_text(encoding="utf-8"))
    pool = next(str(one["work_pool"]["name"]) for one in told["deployments"] if one["name"] == name)
    try:
        with get_client(sync_client=True) as client:
            ensure_pool(client, pool)
        _again(_BUSY_SECONDS)(_deploy_once, file.parent, name)
        _again(_BUSY_SECONDS)(_show_choices, file, name)
        _again(_BUSY_SECONDS)(automations.ensure_all)
    except _Refused as error:
        raise ServerUnavailable(str(error)) from None
    except (httpx.HTTPError, ImportError, ObjectAlreadyExists, ObjectNotFound) as error:  # import: of a SOCKS proxy's
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ServerUnavailable(
            f"expected Prefect's server to take {name}, received: {redacted(said)}; this is safe to repeat"
        ) from error
    return pool


def _told(*streams: str) -> str:
    """Return the error, wherever it stood, and below it the end of each stream."""
    errors = [error for stream in streams for error in _ERROR.findall(stream)]
    ends = [line for stream in streams for line in stream.strip().splitlines()[-_LAST_LINES:]]
    return "\n".join([*errors[-1:], *(line for line in ends if line not in errors[-1:])])


def _end(why: object) -> NoReturn:
    sys.stderr.write(f"{why}\n")
    raise SystemExit(1)


def main() -> None:
    """Put everything onto the server that Prefect's settings name, and say what was done; one line says what failed."""
    ask_loopback_directly(os.environ)
    url = PREFECT_API_URL.value()
    try:
        with get_client(sync_client=True) as client:
            for name in pools():
                sys.stdout.write(f"work pool {name!r}: {ensure_pool(client, name)}\n")
        _deploy()
        _again(_BUSY_SECONDS)(_show_choices)
        subprocess.run([sys.executable, "-m", "prefect", "deployment", "ls"], check=False)
        _again(_BUSY_SECONDS)(automations.main)
    except BadInput as error:
        _end(error)
    except (httpx.HTTPError, ImportError, ObjectAlreadyExists, ObjectNotFound) as error:  # import: of a SOCKS proxy's
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        _end(
            f"expected Prefect's server at {shown(url) if url else 'PREFECT_API_URL'} to take the deployments, "
            f"received: {said}. Is it running (make dashboard)? This is safe to repeat."
        )


if __name__ == "__main__":
    main()

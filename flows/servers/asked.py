"""What a Prefect server says of itself, asked in plain HTTP: Prefect, whose import takes seconds, is not started.

httpx is imported where it is asked with: commands that ask nobody begin sooner.
"""

from dataclasses import dataclass

# Where `make dashboard` serves unless PORT says otherwise.
DASHBOARD = "http://127.0.0.1:4200/api"
POOL = "evergreen"  # that `make worker` works for
DECIDES = "evergreen_decides_"  # and a recipe's name: the variables of flows.servers.deciding
_SECONDS = 5.0
_ONLINE = "ONLINE"


@dataclass(frozen=True)
class Answer:
    """How a server answered.

    Attributes:
        well: whether it is healthy.
        why: what it said in place of that; empty if it is.
    """

    well: bool
    why: str = ""


def asked(url: str) -> Answer:
    """Ask a server whether it is healthy.

    Args:
        url: of its API; may hold a password, which no answer repeats.
    """
    import httpx

    try:
        status = httpx.get(f"{url.rstrip('/')}/health", timeout=_SECONDS).status_code
    except (httpx.HTTPError, httpx.InvalidURL, ImportError) as error:  # import: of a SOCKS proxy's
        return Answer(False, type(error).__name__)
    return Answer(True) if status == httpx.codes.OK else Answer(False, f"status {status}")


def workers_online(url: str, pool: str) -> int | None:
    """Return how many workers of a pool were heard of lately; None if the server does not say.

    Args:
        url: of its API.
        pool: the work pool's name; none of that name has no workers.
    """
    import httpx

    try:
        answer = httpx.post(f"{url.rstrip('/')}/work_pools/{pool}/workers/filter", json={}, timeout=_SECONDS)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return 0
        answer.raise_for_status()
        return len([worker for worker in answer.json() if worker.get("status") == _ONLINE])
    except (httpx.HTTPError, httpx.InvalidURL, ImportError, ValueError):
        return None


def decided_by_others(url: str, identity: str | None) -> list[str] | None:
    """Return the recipes on which another store decided last; None if the server does not say.

    Args:
        url: of its API.
        identity: of this store, if it has one yet.
    """
    import httpx

    wanted = {"variables": {"name": {"like_": DECIDES}}}
    try:
        answer = httpx.post(f"{url.rstrip('/')}/variables/filter", json=wanted, timeout=_SECONDS)
        answer.raise_for_status()
        noted = {one["name"].removeprefix(DECIDES).replace("_", "-"): one["value"]["identity"] for one in answer.json()}
    except (httpx.HTTPError, httpx.InvalidURL, ImportError, ValueError, KeyError, TypeError):
        return None
    return sorted(recipe for recipe, other in noted.items() if other != identity)

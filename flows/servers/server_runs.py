"""Runs as the Prefect server knows them: those that died without a word, and old ones."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas import filters
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.events.filters import EventFilter, EventNameFilter, EventOccurredFilter, EventResourceFilter
from prefect.states import Crashed

# Every deployment of prefect.yaml has it: runs of others on the same server are not ours to touch.
TAG = "evergreen"
_ACTIVE = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
_FINAL = [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED]
_PAGE = 200


def dead_runs(client: SyncPrefectClient, silent: timedelta) -> list[FlowRun]:
    """Return our runs that should be going on and gave no sign of life for a while.

    The automation of `flows/automations.py` marks most of them; it misses those that died while no server listened.

    Args:
        client: of the server.
        silent: for how long; more than a run's heartbeat takes to come round.
    """
    since = datetime.now(UTC) - silent
    active = filters.FlowRunFilter(state=filters.FlowRunFilterState(type=filters.FlowRunFilterStateType(any_=_ACTIVE)))
    return [run for run in _runs(client, active) if _last_change(run) < since and not _heard_of(client, run, since)]


def mark_crashed(client: SyncPrefectClient, runs: Iterable[FlowRun]) -> None:
    """Mark runs Crashed, which frees their slots."""
    for run in runs:
        client.set_flow_run_state(run.id, Crashed(message="maintain: nothing was heard of it any more"))


def forget(client: SyncPrefectClient, runs: Iterable[FlowRun]) -> None:
    """Delete runs from the server."""
    for run in runs:
        client.delete_flow_run(run.id)


def old_server_runs(client: SyncPrefectClient, days: float) -> list[FlowRun]:
    """Return our runs that ended more than ``days`` ago; their artifacts are not theirs to take along."""
    ended = filters.FlowRunFilter(
        state=filters.FlowRunFilterState(type=filters.FlowRunFilterStateType(any_=_FINAL)),
        end_time=filters.FlowRunFilterEndTime(before_=datetime.now(UTC) - timedelta(days=days)),
    )
    return list(_runs(client, ended))


def _runs(client: SyncPrefectClient, wanted: filters.FlowRunFilter) -> Iterator[FlowRun]:
    wanted.tags = filters.FlowRunFilterTags(all_=[TAG])
    offset = 0
    while page := client.read_flow_runs(flow_run_filter=wanted, limit=_PAGE, offset=offset):
        yield from page
        offset += len(page)


def _last_change(run: FlowRun) -> datetime:
    return run.state.timestamp if run.state else datetime.now(UTC)


def _heard_of(client: SyncPrefectClient, run: FlowRun, since: datetime) -> bool:
    heartbeats = EventFilter(
        occurred=EventOccurredFilter(since=since, until=datetime.now(UTC)),
        event=EventNameFilter(name=["prefect.flow-run.heartbeat"]),
        resource=EventResourceFilter(id=[f"prefect.flow-run.{run.id}"]),
    )
    return bool(client.read_events(heartbeats, limit=1).events)

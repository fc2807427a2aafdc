"""What the server does by itself: notify of failed and late runs and of drift, mark runs whose worker died.

`make deploy` makes it. Safe to repeat: an automation of the same name is looked for before one is made, and brought up
to date if it differs.
"""

import sys
from datetime import timedelta

from prefect.automations import AutomationCore, CallWebhook, ChangeFlowRunState, EventTrigger, Posture
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound

from flows.drifting import DRIFT_FOUND, RESOURCE
from flows.servers.server_runs import TAG

# A block of type Webhook with this name, if there is one, hears of failed and late runs.
WEBHOOK = "evergreen-notify"
# A machine with too much to do can let a run wait for minutes before it begins.
DEAD_AFTER = timedelta(minutes=8)

_ENDED = ("Completed", "Failed", "Crashed", "Cancelled", "TimedOut")
_WAITING = ("Scheduled", "Late", "AwaitingConcurrencySlot", "AwaitingRetry", "Paused", "Suspended")
_HEARTBEAT = "prefect.flow-run.heartbeat"
_RUNS = {"prefect.resource.id": "prefect.flow-run.*"}
_OURS = {"prefect.resource.id": f"prefect.tag.{TAG}", "prefect.resource.role": "tag"}
_NOTICE = """{
  "run": {{ flow_run.name | tojson }},
  "state": {{ flow_run.state.name | tojson }},
  "message": {{ flow_run.state.message | tojson }},
  "url": {{ flow_run | ui_url | tojson }}
}"""

_DRIFT = """{
  "recipe": {{ event.payload.recipe | tojson }},
  "run": {{ event.payload.run | tojson }},
  "message": {{ event.payload.words | tojson }},
  "retrains": {{ event.payload.retrains | tojson }}
}"""


def dead_run(after: timedelta = DEAD_AFTER) -> AutomationCore:
    """Return the automation that marks a run Crashed, which frees its slot, when nothing is heard of it any more.

    Args:
        after: how long; a worker's runs give a sign of life every 30 seconds (prefect.yaml).
    """
    return AutomationCore(
        name="evergreen: a run whose worker died is marked Crashed",
        description="Its heartbeat stopped, or it was submitted and never began. Its slot is freed.",
        trigger=EventTrigger(
            match=_RUNS,
            match_related=_OURS,
            after={_HEARTBEAT, "prefect.flow-run.Pending"},
            expect={_HEARTBEAT, *(f"prefect.flow-run.{name}" for name in ("Running", *_ENDED, *_WAITING))},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=after,
        ),
        # Not forced: a last heartbeat may come in after the run's end, and an ended run cannot become Crashed.
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                name="Crashed",
                message=f"nothing was heard of it for {after.total_seconds():.0f} s: its process or its machine died",
            )
        ],
    )


def notice(client: SyncPrefectClient) -> AutomationCore | None:
    """Return the automation that calls the webhook for failed and late runs, or None if there is no such block."""
    try:
        block = client.read_block_document_by_name(WEBHOOK, "webhook")
    except ObjectNotFound:
        return None
    return AutomationCore(
        name="evergreen: a failed or late run notifies",
        description=f"Calls the block webhook/{WEBHOOK}. A receiver may hear twice of one run.",
        trigger=EventTrigger(
            match=_RUNS,
            match_related=_OURS,
            expect={f"prefect.flow-run.{name}" for name in ("Failed", "Crashed", "TimedOut", "Late")},
            for_each={"prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(seconds=10),
        ),
        actions=[CallWebhook(block_document_id=block.id, payload=_NOTICE)],
    )


def drifted(client: SyncPrefectClient) -> AutomationCore | None:
    """Return the automation that calls the webhook where a run finds drift, or None if there is no such block."""
    try:
        block = client.read_block_document_by_name(WEBHOOK, "webhook")
    except ObjectNotFound:
        return None
    return AutomationCore(
        name="evergreen: drift notifies",
        description=f"New images differ from those of the model. Calls the block webhook/{WEBHOOK}, retrained or not.",
        trigger=EventTrigger(
            match={"prefect.resource.id": f"{RESOURCE}.*"},
            expect={DRIFT_FOUND},
            for_each={"prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(seconds=0),
        ),
        actions=[CallWebhook(block_document_id=block.id, payload=_DRIFT)],
    )


def ensure(client: SyncPrefectClient, wanted: AutomationCore) -> str:
    """Make an automation, or bring the one of that name up to date; return which of these was done, in words."""
    known = client.read_automations_by_name(wanted.name)
    for twin in known[1:]:
        client.delete_automation(twin.id)
    if not known:
        client.create_automation(wanted)
        return "made"
    if AutomationCore.model_validate(known[0].model_dump()) == wanted:
        return "as it was"
    client.update_automation(known[0].id, wanted)
    return "brought up to date"


def ensure_all() -> list[str]:
    """Ensure every automation on the server that PREFECT_API_URL names, and return what was done, a line each."""
    with get_client(sync_client=True) as client:
        notifying, drifting = notice(client), drifted(client)
        said = [] if notifying else [f"nobody is notified: there is no block webhook/{WEBHOOK} (docs/tutorial.md)"]
        wanted = [dead_run(), *(one for one in (notifying, drifting) if one)]
        return [*said, *(f"automation {automation.name!r}: {ensure(client, automation)}" for automation in wanted)]


def main() -> None:
    """Ensure every automation, and say what was done."""
    sys.stdout.writelines(f"{line}\n" for line in ensure_all())

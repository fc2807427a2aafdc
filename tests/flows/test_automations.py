"""flows.automations: made once however often they are asked for, brought up to date, and heard."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

# As a doubt about labels is told: lines, quotes, brackets, and what a template might read.
MESSAGE = "failed at repair: BadDataset: which?\n  photos/[1]/{{ x }}\n  \"a\" \\ <b>&\n  --set 'repair.level=leaf'"
HEARD: list[dict[str, Any]] = []


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        HEARD.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@pytest.fixture
def receiver() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Receiver) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()


@pytest.fixture
def client(prefect_server: str) -> Iterator[Any]:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        for known in client.read_automations():
            client.delete_automation(known.id)
        yield client
        for known in client.read_automations():
            client.delete_automation(known.id)


def _until(true: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not (ended := true()) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert ended, HEARD


def test_twice_gives_one_of_each_and_a_change_is_brought_up_to_date(
    client: Any, receiver: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from prefect.blocks.webhook import Webhook

    from flows import automations

    automations.main()
    automations.main()
    said = capsys.readouterr().out
    assert said.count("nobody is notified") == 2
    assert [line.rpartition(": ")[2] for line in said.splitlines() if line.startswith("automation")] == [
        "made",
        "as it was",
    ]
    assert len(client.read_automations()) == 1

    Webhook(url=receiver, allow_private_urls=True).save(automations.WEBHOOK, overwrite=True)
    automations.main()
    automations.main()
    assert len(client.read_automations()) == 3
    assert automations.ensure(client, automations.dead_run(timedelta(minutes=7))) == "brought up to date"
    assert len(client.read_automations()) == 3
    client.create_automation(automations.dead_run())  # a twin, made by hand
    assert automations.ensure(client, automations.dead_run(timedelta(minutes=7))) != "made"
    assert len(client.read_automations()) == 3


def test_a_failed_and_a_late_run_notify_and_a_dead_one_is_marked(client: Any, receiver: str) -> None:
    from prefect import flow
    from prefect.blocks.webhook import Webhook
    from prefect.events import emit_event
    from prefect.states import Failed, Late, Pending

    from flows import automations
    from flows.servers.server_runs import TAG

    @flow(name="retrain")
    def stand_in() -> None:
        """Never runs."""

    HEARD.clear()
    Webhook(url=receiver, allow_private_urls=True).save(automations.WEBHOOK, overwrite=True)
    automations.main()
    automations.ensure(client, automations.dead_run(timedelta(seconds=10)))

    def notified() -> bool:
        early = client.create_flow_run(stand_in, name="early", tags=[TAG])
        client.set_flow_run_state(early.id, Failed(), force=True)
        time.sleep(2)
        return bool(HEARD)

    _until(notified)  # the server's triggers learn of new automations in their own time
    other = client.create_flow_run(stand_in, name="not ours")
    client.set_flow_run_state(other.id, Failed(), force=True)
    dead = client.create_flow_run(stand_in, name="it died", tags=[TAG])
    client.set_flow_run_state(dead.id, Pending(), force=True)

    def fails() -> None:
        failed = client.create_flow_run(stand_in, name="it failed", tags=[TAG])
        client.set_flow_run_state(failed.id, Failed(message=MESSAGE), force=True)

    def is_late() -> None:
        client.create_flow_run(stand_in, name="it is late", tags=[TAG], state=Late())

    def drifts() -> None:
        emit_event(
            event=automations.DRIFT_FOUND,
            resource={"prefect.resource.id": f"{automations.RESOURCE}.photos"},
            payload={"recipe": "photos", "run": "it drifted", "words": MESSAGE, "retrains": False},
        )

    happens = {"it failed": fails, "it is late": is_late, "it drifted": drifts}
    again = 0.0

    def all_heard() -> bool:
        """Let what was not heard of happen anew: Prefect's server on SQLite drops an event that met a locked file."""
        nonlocal again
        heard = {notice["run"] for notice in HEARD}
        if time.monotonic() > again:
            for name in happens.keys() - heard:
                happens[name]()
            again = time.monotonic() + 20
        return {*happens, "it died"} <= heard

    _until(all_heard, 120)
    by_run = {notice["run"]: notice for notice in HEARD}
    assert (by_run["it failed"]["state"], by_run["it failed"]["message"]) == ("Failed", MESSAGE)
    assert set(by_run["it failed"]) == {"run", "state", "message", "url"}
    assert by_run["it drifted"] == {"recipe": "photos", "run": "it drifted", "message": MESSAGE, "retrains": False}
    assert "not ours" not in by_run
    assert by_run["it is late"]["state"] == "Late"
    died = client.read_flow_run(dead.id)
    assert (died.state.name, died.state.message) == (
        "Crashed",
        "nothing was heard of it for 10 s: its process or its machine died",
    )

"""flows.servers.server_runs: a run that died is found by its silence; old ones are forgotten."""

import time
from datetime import timedelta


def test_a_run_that_died_is_found_by_its_silence_and_marked(prefect_server: str) -> None:
    from prefect import flow
    from prefect.client.orchestration import get_client
    from prefect.states import Running

    from flows.servers.server_runs import TAG, dead_runs, forget, mark_crashed, old_server_runs

    @flow(name="retrain")
    def stand_in() -> None:
        """Never runs."""

    with get_client(sync_client=True) as client:
        run = client.create_flow_run(stand_in, name="it died", tags=[TAG])
        client.set_flow_run_state(run.id, Running(), force=True)
        assert run.id not in [found.id for found in dead_runs(client, timedelta(minutes=10))]
        time.sleep(1)
        dead = [found for found in dead_runs(client, timedelta(seconds=0.5)) if found.id == run.id]
        assert len(dead) == 1
        mark_crashed(client, dead)
        marked = client.read_flow_run(run.id)
        assert (marked.state.name, marked.state.message) == ("Crashed", "maintain: nothing was heard of it any more")
        assert run.id not in [found.id for found in old_server_runs(client, 1)]
        past = [found for found in old_server_runs(client, 0) if found.id == run.id]
        forget(client, past)
        assert run.id not in [found.id for found in client.read_flow_runs(limit=200)]

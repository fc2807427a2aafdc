"""tasks.data.acquire: a step that runs again, for its key moved, fetches nothing that is here."""

from typing import Any

from prefect.logging import disable_run_logger

from evergreen.recipe import load_recipe
from runs.run import Run
from runs.source import ask_source, context_of_a_plan
from storage.steps.records import Records
from storage.store import Store
from tasks.data.acquire import acquire


def test_run_again_it_gives_the_same_without_fetching(server: Any, store: Store) -> None:
    server.add("/a.zip", b"archive" * 1000)
    recipe = load_recipe("digits", [f"source={{http: {{files: [{{url: '{server.url('/a.zip')}'}}]}}}}"])
    asked = ask_source(recipe, store, Records(store), context_of_a_plan(store))
    token = store.publish("source", {}, asked.manifest.facts)
    run = Run.new(store, recipe)
    with disable_run_logger():
        first = acquire.fn(run, token=token)
        asked_for = len(server.requests)
        assert acquire.fn(run, token=token) == first
    assert len(server.requests) == asked_for
    assert store.read(first, "a.zip") == b"archive" * 1000

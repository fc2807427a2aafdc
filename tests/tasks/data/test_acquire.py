"""tasks.data.acquire: a step that runs again, for its key moved, fetches nothing that is here."""

from pathlib import Path
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


def test_what_was_left_out_of_a_folder_goes_on_to_unpack_and_another_count_is_seen(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "photos/cat").mkdir(parents=True)
    (tmp_path / "photos/cat/1.png").write_bytes(b"one")
    recipe = load_recipe("digits", [f"source={{local: {{path: {tmp_path / 'photos'}}}}}"])
    tokens = []
    for number in range(3):
        asked = ask_source(recipe, store, Records(store), context_of_a_plan(store))
        tokens.append(store.publish("source", {}, asked.manifest.facts))
        with disable_run_logger():
            found = store.manifest(acquire.fn(Run.new(store, recipe), token=tokens[-1]).sha256)
        assert found.facts.get("left_out", {}) == ({"a broken link": number} if number else {})
        assert set(found.files) == {"cat/1.png"}
        (tmp_path / f"photos/cat/broken {number}.png").symlink_to("nowhere")
    assert len(set(tokens)) == 3

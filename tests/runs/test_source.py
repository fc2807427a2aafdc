"""runs.source: offline, a run and a plan go on with the last version whose bytes are all here, and say so."""

import json
from pathlib import Path
from typing import Any

import pytest
from releases import leave_record

from evergreen.errors import OnlyInARun, SourceGone, SourceUnreachable
from evergreen.recipe import Recipe, load_recipe
from runs.keys import only
from runs.plan import plan
from runs.source import ask_source, context_of_a_plan
from storage.artifacts import Ref
from storage.steps.keys import KeyParts
from storage.steps.records import Records
from storage.store import Store


def _recipe(url: str, **file: str) -> Recipe:
    source = {"http": {"files": [{"url": url} | file], "pause_seconds": 0.005}}
    return load_recipe("digits", [f"source={json.dumps(source)}"])


def _record(store: Store, step: str, recipe: Recipe, output: Ref, **inputs: str) -> None:
    parts = KeyParts(step, 1, inputs, recipe.sections(("source",)), {"old code": "0"}, {})
    leave_record(store, parts, output, inputs=inputs)


@pytest.fixture
def recipe(server: Any, store: Store) -> Recipe:
    """A recipe whose source was asked and acquired once, by older code, and that now answers 503."""
    served = server.add("/a.zip", b"archive")
    recipe = _recipe(server.url("/a.zip"))
    asked = ask_source(recipe, store, Records(store), context_of_a_plan(store))
    assert not asked.remark
    token = store.publish("source", {}, asked.manifest.facts)
    assert token == asked.manifest.ref()
    _record(store, "probe", recipe, token)
    _record(store, "acquire", recipe, store.publish("archive", {"a.zip": b"archive"}), probe=token.sha256)
    served.faults = [server.status(503)] * 20
    return recipe


def test_offline_with_a_good_copy_it_goes_on_and_says_so(store: Store, recipe: Recipe) -> None:
    asked = ask_source(recipe, store, Records(store), context_of_a_plan(store))
    assert asked.manifest.facts["version"] == 'a.zip etag "v1", 7 bytes'
    assert asked.remark.startswith("not reachable now; going on with what is here. http://127.0.0.1")
    in_a_step = ask_source(only(recipe, ("source",)), store, Records(store), context_of_a_plan(store))
    assert in_a_step.manifest == asked.manifest
    first = plan(recipe, store)[0]
    assert (first.name, first.output) == ("probe", asked.manifest.ref())
    assert first.reason == asked.remark


def test_offline_without_the_bytes_or_for_another_source_it_fails(server: Any, store: Store, recipe: Recipe) -> None:
    another = _recipe(server.url("/a.zip"), sha256="0" * 64).model_copy(update={"name": "another"})
    asked = ask_source(another, store, Records(store), context_of_a_plan(store))
    assert asked.manifest.facts["version"] == f"a.zip sha256 {'0' * 64}"
    server.add("/b.zip", b"").faults = [server.status(503)] * 20
    with pytest.raises(SourceUnreachable, match="HTTP 503"):
        ask_source(_recipe(server.url("/b.zip")), store, Records(store), context_of_a_plan(store))
    for path in (store.root / "blobs").glob("??/*"):
        if path.read_bytes() == b"archive":
            path.unlink()
    with pytest.raises(SourceUnreachable, match="HTTP 503"):
        ask_source(recipe, store, Records(store), context_of_a_plan(store))


def test_a_source_that_is_gone_is_no_matter_of_being_offline(server: Any, store: Store, recipe: Recipe) -> None:
    server.files.clear()
    with pytest.raises(SourceGone):
        ask_source(recipe, store, Records(store), context_of_a_plan(store))


def test_a_plan_opens_no_secret_block(server: Any, store: Store) -> None:
    server.add("/a.zip", b"archive")
    recipe = _recipe(server.url("/a.zip"), query="secret:photos")
    with pytest.raises(OnlyInARun, match="Secret block photos"):
        ask_source(recipe, store, Records(store), context_of_a_plan(store))
    entries = plan(recipe, store)
    assert {entry.state for entry in entries} == {"unknown"}
    assert not server.requests


def test_of_several_sources_the_one_that_is_offline_goes_on_with_what_is_here(
    server: Any, store: Store, recipe: Recipe, tmp_path: Path
) -> None:
    (tmp_path / "1.png").write_bytes(b"one")
    url = server.url("/a.zip")
    more = load_recipe(
        "digits", [f"source=[{json.dumps(recipe.source.model_dump())}, {{local: {{path: {tmp_path}}}}}]"]
    )
    asked = ask_source(more, store, Records(store), context_of_a_plan(store))
    facts = asked.manifest.facts
    assert [answer["name"] for answer in facts["sources"]] == [url, f"local:{tmp_path}"]
    assert facts["version"].startswith(f'{url} a.zip etag "v1", 7 bytes; local:{tmp_path} folder ')
    assert asked.remark.startswith(f"{url}: not reachable now; going on with what is here.")
    # Joined, acquired whole, and then alone again: the good answer is found among the others'.
    token = store.publish("source", {}, facts)
    another = Store(store.root.parent / "another")
    token = another.publish("source", {}, facts)
    _record(another, "probe", more, token)
    _record(another, "acquire", more, another.publish("sources", {}, {}), probe=token.sha256)
    alone = ask_source(recipe, another, Records(another), context_of_a_plan(another))
    assert alone.manifest.facts == {
        "address": url,
        "version": 'a.zip etag "v1", 7 bytes',
        "files": facts["sources"][0]["files"],
    }
    server.files.clear()
    with pytest.raises(SourceGone, match=f"^of several sources, {url}: "):
        ask_source(more, store, Records(store), context_of_a_plan(store))

"""Records and releases made of next to nothing, for tests of what becomes of them."""

import json
from typing import Any

from runs.releases import release_of
from storage.artifacts import Ref
from storage.champions import Champions, Event
from storage.steps.keys import KeyParts
from storage.steps.records import SERIALIZER, Record, Records
from storage.store import Store


def leave_record(store: Store, parts: KeyParts, output: Ref, **other: Any) -> None:
    """Leave the record of a step that published ``output``, as Prefect writes it; ``other`` are fields of it."""
    store.put_blob(parts.canonical())
    told = {
        "inputs": {},
        "recipe": "digits",
        "run": "run",
        "seconds": 0.0,
        "finished": "2026-01-01T00:00:00+00:00",
    } | other
    record = Record(step=parts.step, key=parts.key, output=output, **told)
    path = Records(store).path(parts.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"metadata": {"serializer": {"type": SERIALIZER}}, "result": record.dumps().decode()}))


def crown(store: Store, release: str, run: str) -> None:
    """Make a release the champion of the recipe digits, as a run would."""
    champions = Champions(store.root)
    champions.commit("digits", champions.state("digits"), Event("promoted", release, "cd" * 32, "better", run))


def make_release(store: Store, name: str, recipe: str = "digits", **facts: Any) -> Ref:
    """Publish a release whose parts depend on a name and have ``facts``, and the record of the step that bundled it."""
    parts = {
        kind: store.publish(kind, {f"{kind}.txt": f"{kind} {name}".encode()}, facts)
        for kind in ("dataset", "model", "evaluation", "exports", "verification")
    }
    manifest = release_of(recipe, parts)
    release = store.publish(manifest.kind, {}, manifest.facts)
    key = KeyParts("bundle", 1, {kind: ref.sha256 for kind, ref in parts.items()}, {"name": recipe}, {}, {})
    leave_record(store, key, release, inputs=dict(key.inputs), recipe=recipe)
    return release


def make_comparison(store: Store, verdict: str, summary: str = "as the test says") -> Ref:
    """Publish what compare would."""
    return store.publish("comparison", {"comparison.json": b"{}"}, {"verdict": verdict, "summary": summary})

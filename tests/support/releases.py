"""Releases made of next to nothing, for tests of what becomes of them."""

import json

from runs.releases import release_of
from storage.artifacts import Ref
from storage.steps.keys import KeyParts
from storage.steps.records import SERIALIZER, Record, Records
from storage.store import Store


def make_release(store: Store, name: str, recipe: str = "digits") -> Ref:
    """Publish a release whose parts depend on a name, and the record of the step that bundled it."""
    parts = {
        kind: store.publish(kind, {f"{kind}.txt": f"{kind} {name}".encode()})
        for kind in ("dataset", "model", "evaluation", "exports", "verification")
    }
    manifest = release_of(recipe, parts)
    release = store.publish(manifest.kind, {}, manifest.facts)
    key = KeyParts("bundle", 1, {kind: ref.sha256 for kind, ref in parts.items()}, {"name": recipe}, {}, {})
    store.put_blob(key.canonical())
    record = Record("bundle", key.key, release, dict(key.inputs), recipe, "run", 0.0, "2026-01-01T00:00:00")
    path = Records(store).path(key.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"metadata": {"serializer": {"type": SERIALIZER}}, "result": record.dumps().decode()}))
    return release


def make_comparison(store: Store, verdict: str, summary: str = "as the test says") -> Ref:
    """Publish what compare would."""
    return store.publish("comparison", {"comparison.json": b"{}"}, {"verdict": verdict, "summary": summary})

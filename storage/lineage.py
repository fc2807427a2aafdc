"""Lineage: the step records read as a graph, from an artifact up to the bytes it came from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from storage.artifacts import Manifest
from storage.errors import ArtifactMissing, StoreError
from storage.records import Records
from storage.store import Store


@dataclass(frozen=True)
class Node:
    """One artifact, the step that made it, and what that step was given.

    Attributes:
        artifact: SHA-256 of the artifact.
        kind: the artifact's kind.
        facts: the artifact's facts.
        step: the step's name, or None if no record tells.
        parts: the parts of the step key as JSON values, or None.
        inputs: upstream step -> node.
    """

    artifact: str
    kind: str
    facts: dict[str, Any]
    step: str | None = None
    parts: dict[str, Any] | None = None
    inputs: dict[str, "Node"] = field(default_factory=dict)


def find(store: Store, prefix: str) -> str:
    """Return the digest of the one artifact whose digest starts with ``prefix``, or that holds that blob.

    Raises:
        ArtifactMissing: none does, or several do.
    """
    found = [digest for digest in store.artifacts() if digest.startswith(prefix)] or list(_holders(store, prefix))
    if len(found) != 1:
        raise ArtifactMissing(
            f"expected the digest (or its beginning) of one artifact or file in {store.root}, "
            f"received {prefix!r}, which names {len(found)}: take more digits from the step table of a run"
        )
    return found[0]


def trace(store: Store, digest: str) -> Node:
    """Return the graph above an artifact.

    Raises:
        ArtifactMissing, ArtifactDamaged: the artifact itself cannot be read; such an ancestor is shown as missing.
    """
    records = Records(store)
    makers = {record.output.sha256: record for record in reversed(list(records.all()))}
    known: dict[str, Node] = {}

    def node_of(sha256: str, manifest: Manifest | None) -> Node:
        if sha256 in known:
            return known[sha256]
        kind, facts = (manifest.kind, dict(manifest.facts)) if manifest else ("missing", {})
        node = Node(sha256, kind, facts)
        if record := makers.get(sha256):
            parts = records.parts(record)
            inputs = (
                {name: node_of(above, _manifest_or_none(store, above)) for name, above in parts.inputs.items()}
                if parts
                else {}
            )
            node = Node(sha256, kind, facts, record.step, parts.__dict__ if parts else None, inputs)
        known[sha256] = node
        return node

    return node_of(digest, store.manifest(digest))


def as_json(node: Node) -> dict[str, Any]:
    """Return the graph above ``node`` as plain JSON: ``artifact``, and ``nodes``, each once, its inputs by digest."""
    nodes: dict[str, Any] = {}

    def add(node: Node) -> None:
        if node.artifact not in nodes:
            inputs = {name: above.artifact for name, above in node.inputs.items()}
            nodes[node.artifact] = node.__dict__ | {"inputs": inputs}
            for above in node.inputs.values():
                add(above)

    add(node)
    return {"artifact": node.artifact, "nodes": list(nodes.values())}


def _manifest_or_none(store: Store, sha256: str) -> Manifest | None:
    try:
        return store.manifest(sha256)
    except StoreError:
        return None


def _holders(store: Store, prefix: str) -> Iterator[str]:
    for digest in store.artifacts():
        manifest = _manifest_or_none(store, digest)
        if manifest and any(blob.sha256.startswith(prefix) for blob in manifest.files.values()):
            yield digest

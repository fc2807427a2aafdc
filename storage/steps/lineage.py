"""Lineage: the step records read as a graph, from an artifact up to the bytes it came from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from storage.artifacts import Manifest
from storage.errors import ArtifactMissing, StoreError
from storage.steps.records import Records
from storage.store import Store

_MOST_FILES = 20


@dataclass(frozen=True)
class Node:
    """One artifact, the step that made it, and what that step was given.

    Attributes:
        artifact: SHA-256 of the artifact.
        kind: the artifact's kind.
        facts: the artifact's facts.
        files: file name -> SHA-256, of the first of them if there are many.
        step: the step's name, or None if no record tells.
        parts: the parts of the step key as JSON values, the recipe's with every default; or None.
        inputs: upstream step -> node.
    """

    artifact: str
    kind: str
    facts: dict[str, Any]
    files: dict[str, str] = field(default_factory=dict)
    step: str | None = None
    parts: dict[str, Any] | None = None
    inputs: dict[str, "Node"] = field(default_factory=dict)


def find(store: Store, prefix: str) -> str:
    """Return the digest of the one artifact whose digest starts with ``prefix``, or of the newest that holds that file.

    Raises:
        ArtifactMissing: none does, or several artifacts or files do.
    """
    found = [digest for digest in store.artifacts() if digest.startswith(prefix)]
    if not found:
        holders = list(_holders(store, prefix))
        if len({blob for _, blob in holders}) == 1:
            newest = {record.output.sha256: record.finished for record in reversed(list(Records(store).all()))}
            found = [max((artifact for artifact, _ in holders), key=lambda artifact: newest.get(artifact, ""))]
    if len(found) != 1:
        raise ArtifactMissing(
            f"expected the digest (or its beginning) of one artifact or file in {store.root}, "
            f"received {prefix!r}, which names {len(found) or 'none'}: runs have ids, their steps have digests, and "
            "evergreen champions tells those of releases\n    try: evergreen runs"
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
        entries = sorted(manifest.files.items())[:_MOST_FILES] if manifest else []
        files = {name: blob.sha256 for name, blob in entries}
        node = Node(sha256, kind, facts, files)
        if record := makers.get(sha256):
            parts = records.parts(record)
            told = parts.__dict__ | {"recipe": record.settings or parts.recipe} if parts else None
            inputs = {name: node_of(above, _manifest_or_none(store, above)) for name, above in record.inputs.items()}
            node = Node(sha256, kind, facts, files, record.step, told, inputs)
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


def as_mermaid(node: Node) -> str:
    """Return the graph above ``node`` as a Mermaid flowchart, sources at the left."""
    lines = ["flowchart LR"]
    seen: set[str] = set()

    def add(node: Node) -> None:
        if node.artifact in seen:
            return
        seen.add(node.artifact)
        name = node.artifact[:12]
        lines.append(f'    {name}["{node.step or node.kind}<br>{node.kind} {name}"]')
        for above in node.inputs.values():
            add(above)
            lines.append(f"    {above.artifact[:12]} --> {name}")

    add(node)
    return "\n".join(lines) + "\n"


def _manifest_or_none(store: Store, sha256: str) -> Manifest | None:
    try:
        return store.manifest(sha256)
    except StoreError:
        return None


def _holders(store: Store, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield (artifact, blob) for every blob whose digest starts with ``prefix``."""
    for digest in store.artifacts():
        manifest = _manifest_or_none(store, digest)
        for blob in manifest.files.values() if manifest else ():
            if blob.sha256.startswith(prefix):
                yield digest, blob.sha256

"""storage.steps.lineage: from an artifact, or a file in it, up to the source."""

import json

import pytest

from storage.artifacts import Ref
from storage.errors import ArtifactMissing
from storage.steps.keys import KeyParts
from storage.steps.lineage import as_json, find, trace
from storage.steps.records import SERIALIZER, Record, Records
from storage.store import Store


def _step(store: Store, name: str, output: Ref, **inputs: Ref) -> None:
    parts = KeyParts(name, 1, {above: ref.sha256 for above, ref in inputs.items()}, {"seed": 1}, {}, {})
    store.put_blob(parts.canonical())
    record = Record(name, parts.key, output, dict(parts.inputs), "digits", "run", 0.1, "2026-01-01T00:00:00")
    path = Records(store).path(parts.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"metadata": {"serializer": {"type": SERIALIZER}}, "result": record.dumps().decode()}))


@pytest.fixture
def exported(store: Store) -> Ref:
    token = store.publish("source", {}, {"address": "embedded:digits"})
    archive = store.publish("archive", {"digits.zip": b"zip"})
    dataset = store.publish("dataset", {"dataset.csv": b"csv"})
    model = store.publish("model", {"model.keras": b"model"})
    exports = store.publish("exports", {"tflite/model.tflite": b"tflite"})
    _step(store, "probe", token)
    _step(store, "acquire", archive, probe=token)
    _step(store, "split", dataset, acquire=archive)
    _step(store, "train", model, split=dataset)
    _step(store, "export", exports, split=dataset, train=model)
    return exports


def test_the_graph_reaches_the_source(store: Store, exported: Ref) -> None:
    node = trace(store, exported.sha256)
    source = node.inputs["train"].inputs["split"].inputs["acquire"].inputs["probe"]
    assert source.facts == {"address": "embedded:digits"}
    assert node.inputs["split"] is node.inputs["train"].inputs["split"]
    listed = as_json(node)
    assert listed["artifact"] == exported.sha256
    assert sorted(entry["step"] for entry in listed["nodes"]) == ["acquire", "export", "probe", "split", "train"]


def test_an_artifact_is_found_by_its_beginning_and_by_a_file_in_it(store: Store, exported: Ref) -> None:
    assert find(store, exported.sha256[:10]) == exported.sha256
    blob = store.manifest(exported.sha256).files["tflite/model.tflite"]
    assert find(store, blob.sha256) == exported.sha256


@pytest.mark.parametrize("prefix", ["", "zz"])
def test_a_prefix_that_names_none_or_several_is_refused(store: Store, exported: Ref, prefix: str) -> None:
    with pytest.raises(ArtifactMissing, match="expected the digest"):
        find(store, prefix)


def test_a_lost_ancestor_is_shown_as_missing(store: Store, exported: Ref) -> None:
    digest = trace(store, exported.sha256).inputs["split"].artifact
    (store.root / "manifests" / digest[:2] / digest).unlink()
    lost = trace(store, exported.sha256).inputs["split"]
    assert (lost.kind, lost.step) == ("missing", "split")

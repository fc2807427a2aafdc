"""runs.tables: what steps publish is read back as it was, and JSON has the same bytes every time."""

import pandas as pd
import pytest

from evergreen import columns
from evergreen.tables import to_csv
from runs.tables import (
    classes_of,
    publish_dataset,
    read_baseline,
    read_folder,
    read_json,
    read_notes,
    read_places,
    read_rows,
    read_table,
    read_views,
    to_json,
)
from storage.errors import ArtifactMissing
from storage.store import Store

TABLE = pd.DataFrame({"path": ["a", "ü,b"], "label": ["cat", "dog"]})


def test_a_dataset_carries_its_classes_and_tables(store: Store) -> None:
    ref = publish_dataset(store, TABLE, ["dog", "cat"], {"bits": 3}, dropped=TABLE.head(1))
    pd.testing.assert_frame_equal(read_table(store, ref), TABLE)
    pd.testing.assert_frame_equal(read_table(store, ref, "dropped.csv"), TABLE.head(1))
    assert classes_of(store, ref) == ["dog", "cat"]
    assert store.manifest(ref.sha256).facts["bits"] == 3


def test_a_large_table_is_read_as_a_small_one_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "ROWS", 2)
    ref = publish_dataset(store, TABLE, ["dog"], dropped=TABLE.head(1), notes=pd.DataFrame({"note": ["one", "two"]}))
    assert sorted(store.manifest(ref.sha256).files) == ["dataset.arrow", "dropped.csv", "notes.arrow"]
    pd.testing.assert_frame_equal(read_table(store, ref), TABLE)
    assert read_notes(store, ref) == ["one", "two"]
    assert list(read_rows(store, ref, "dataset.csv", ("label",))) == [{"label": "cat"}, {"label": "dog"}]
    assert list(read_rows(store, ref, "dropped.csv", ("label",))) == [{"path": "a", "label": "cat"}]
    with pytest.raises(ArtifactMissing, match=r"no file 'groups\.csv'"):
        read_table(store, ref, "groups.csv")


def test_a_folder_of_an_artifact_is_read_by_names_without_suffixes(store: Store) -> None:
    ref = store.publish("x", {"examples/grey.png": b"1", "examples/as it is.png": b"2", "other.png": b"3"})
    assert read_folder(store, ref, "examples/") == {"grey": b"1", "as it is": b"2"}


def test_json_is_for_people_and_comes_back(store: Store) -> None:
    value = {"b": 1, "a": ["kæt"]}
    assert to_json(value) == '{\n  "a": [\n    "kæt"\n  ],\n  "b": 1\n}\n'.encode() == to_json({"a": ["kæt"], "b": 1})
    assert read_json(store, store.publish("x", {"a.json": to_json(value)}), "a.json") == value


def test_notes_are_read_where_a_step_left_some(store: Store) -> None:
    notes = pd.DataFrame({"note": ["one, two", "NA"]})
    assert read_notes(store, publish_dataset(store, TABLE, [], notes=notes)) == ["one, two", "NA"]
    assert read_notes(store, publish_dataset(store, TABLE, [], notes=notes.head(0))) == []
    assert read_notes(store, publish_dataset(store, TABLE, [])) == []


def test_a_baseline_is_read_as_it_was_published_with_a_probe_or_without(store: Store) -> None:
    for predictions in (pd.DataFrame({"path": ["a", "b"], "predicted": ["NA", "1"]}), TABLE[["path"]].head(0)):
        table = predictions.reindex(columns=["path", "predicted"])
        files = {"baseline.json": to_json({"why": "a cnn"}), "predictions.csv": to_csv(table)}
        read = read_baseline(store, store.publish("baseline", files))
        assert read.found == {"why": "a cnn"}
        assert read.predictions.to_dict("records") == table.to_dict("records")


def test_views_are_read_where_a_step_measured_them(store: Store) -> None:
    assert read_views(store, store.publish("evaluation", {"metrics.json": b"{}"})) is None
    found = store.publish("evaluation", {"metrics.json": b"{}", "views.json": b'{"accuracy": 0.5}'})
    assert read_views(store, found) == {"accuracy": 0.5}


def test_a_reference_of_before_has_no_places(store: Store) -> None:
    assert read_places(store, store.publish("reference", {"reference.npz": b"old"}, {"classes": []})) == (None, {})
    files = {"reference.npz": b"new", "places.csv": to_csv(TABLE)}
    table, facts = read_places(store, store.publish("reference", files, {"projection": {"variance": 0.5}}))
    pd.testing.assert_frame_equal(table, TABLE)
    assert facts == {"variance": 0.5}

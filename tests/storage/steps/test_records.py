"""storage.steps.records: a record is relied on, or it is a miss."""

import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from storage.steps.keys import KeyParts
from storage.steps.records import SERIALIZER, Record, Records
from storage.store import Store

PARTS = KeyParts("split", 1, {}, {"seed": 1}, {}, {})


def _write(store: Store, record: Record, **envelope: object) -> Path:
    path = Records(store).path(record.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = {"metadata": {"serializer": {"type": SERIALIZER}}, "result": record.dumps().decode()} | envelope
    path.write_text(json.dumps(written))
    return path


@pytest.fixture
def record(store: Store) -> Record:
    store.put_blob(PARTS.canonical())
    output = store.publish("dataset", {"dataset.csv": b"path\n"})
    return Record("split", PARTS.key, output, {}, "digits", "run-1", 0.5, "2026-01-01T00:00:00.000+00:00")


def test_a_record_is_read_back_with_its_parts(store: Store, record: Record) -> None:
    _write(store, record)
    assert Records(store).read(record.key) == record
    assert Records(store).parts(record) == PARTS
    assert list(Records(store).all("split")) == [record]
    assert list(Records(store).all("train")) == []


def test_a_record_that_is_replaced_is_read_again_not_remembered(store: Store, record: Record) -> None:
    records = Records(store)
    _write(store, record)
    assert next(records.all()).run == "run-1"
    _write(store, replace(record, run="run-22"))
    assert next(records.all()).run == "run-22"
    records.path(record.key).unlink()
    assert list(records.all()) == []
    assert records.read(record.key) is None


def test_a_missing_artifact_is_a_miss(store: Store, record: Record) -> None:
    _write(store, record)
    blob = store.manifest(record.output.sha256).files["dataset.csv"]
    store.blob_path(blob.sha256).unlink()
    assert Records(store).read(record.key) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"result": 1}',
        json.dumps({"metadata": {"serializer": {"type": SERIALIZER}}, "result": "{}"}),
        json.dumps({"metadata": {"serializer": {"type": SERIALIZER}}, "result": '{"output": {"sha256": "../../x"}}'}),
    ],
)
def test_a_torn_or_foreign_file_is_a_miss_and_is_discarded(store: Store, record: Record, text: str) -> None:
    path = _write(store, record)
    path.write_text(text)
    records = Records(store)
    assert records.read(record.key) is None
    records.discard_unreliable(record.key)
    assert not path.exists()


def test_a_record_under_another_key_is_a_miss(store: Store, record: Record) -> None:
    path = _write(store, record)
    moved = path.with_name("0" * 64)
    path.rename(moved)
    assert Records(store).read("0" * 64) is None


def test_a_planted_pickle_is_discarded_unread(store: Store, record: Record, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple:
            return (Path.touch, (tmp_path / "ran",))

    bomb = pickle.dumps(Bomb()).decode("latin-1")
    path = _write(store, record, metadata={"serializer": {"type": "pickle"}}, result=bomb)
    Records(store).discard_unreliable(record.key)
    assert not path.exists()
    assert not (tmp_path / "ran").exists()


def test_a_reliable_record_is_kept(store: Store, record: Record) -> None:
    path = _write(store, record)
    Records(store).discard_unreliable(record.key)
    assert path.exists()

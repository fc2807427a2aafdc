"""runs.summaries.labels: classes are counted after the last step that gave a table, and held against the champion's."""

import pandas as pd
import pytest
from releases import crown, make_release

from runs.summaries.labels import against_champion, classes_and_labels, images_by_source
from runs.tables import publish_dataset
from storage.artifacts import Ref
from storage.store import Store

ROWS = pd.DataFrame({
    "path": ["b/1.png", "b/2.png", "a/3.png", "unlabelled/4.png"], "label": ["b", "b", "a", ""],
    "subset": ["", "", "", "unlabelled"],
})  # fmt: skip


@pytest.fixture
def outputs(store: Store) -> dict[str, Ref]:
    """What repair, screen and split published: one image was quarantined, and the unlabelled one is on no side."""
    renames = pd.DataFrame(
        [("B", "", "b", "renamed", "case", 2)], columns=["folder", "subset", "label", "what", "why", "count"]
    )
    repaired = publish_dataset(
        store, ROWS, ["b", "a"], renames=renames, dropped=pd.DataFrame([("a sound", 3)], columns=["reason", "count"]),
        notes=pd.DataFrame([("a is a group",)], columns=["note"]),
    )  # fmt: skip
    left = ROWS.drop(index=1)
    quarantine = pd.DataFrame([("b/2.png", "a web page")], columns=["path", "reason"])
    screened = publish_dataset(store, left, ["b", "a"], quarantine=quarantine)
    divided = publish_dataset(store, left.iloc[:2].assign(split=["train", "test"]), ["b", "a"])
    return {"repair": repaired, "screen": screened, "split": divided}


def test_each_step_that_ended_gives_a_truer_count(store: Store, outputs: dict[str, Ref]) -> None:
    classes, labels = classes_and_labels(store, {"repair": outputs["repair"]})
    assert labels
    assert (list(classes.items()), labels["counted"]) == ([("b", {"images": 2}), ("a", {"images": 1})], "repair")
    assert "quarantined" not in labels
    del outputs["split"]
    classes, labels = classes_and_labels(store, outputs)
    assert labels
    assert (list(classes.items()), labels["counted"]) == ([("b", {"images": 1}), ("a", {"images": 1})], "screen")
    assert labels["quarantined"] == {"a web page": 1}


def test_after_the_split_the_sides_are_counted_and_what_changed_is_named(store: Store, outputs: dict[str, Ref]) -> None:
    classes, labels = classes_and_labels(store, outputs)
    assert list(classes.items()) == [
        ("b", {"train": 1, "validation": 0, "test": 0}),
        ("a", {"train": 0, "validation": 0, "test": 1}),
    ]
    assert labels
    assert labels["renamed"] == [{"folder": "B", "label": "b", "why": "case", "count": 2}]
    assert (labels["dropped"], labels["notes"]) == ({"a sound": 3}, ["a is a group"])


def test_a_run_that_did_not_come_so_far_has_none(store: Store) -> None:
    assert classes_and_labels(store, {}) == ({}, None)


def _champion(store: Store, classes: list[str]) -> str:
    release = make_release(store, "champion", classes=classes).sha256
    crown(store, release, "run")
    return release


def test_other_classes_than_the_champions_are_named(store: Store, outputs: dict[str, Ref]) -> None:
    assert against_champion(store, "digits", outputs["split"]) is None  # there is none
    release = _champion(store, ["a", "c"])
    changes = against_champion(store, "digits", outputs["repair"])
    assert changes
    assert (changes["champion"], changes["new"], changes["gone"], changes["reordered"]) == (
        release,
        ["b"],
        ["c"],
        False,
    )
    assert "new: b; gone: c. The gate will answer 'cannot compare'" in changes["summary"]


def test_the_same_classes_in_the_same_order_are_no_change(store: Store, outputs: dict[str, Ref]) -> None:
    _champion(store, ["b", "a"])
    assert against_champion(store, "digits", outputs["split"]) is None
    _champion(store, ["a", "b"])
    changes = against_champion(store, "digits", outputs["split"])
    assert changes
    assert changes["reordered"]


def test_images_are_counted_by_the_source_that_they_came_from(store: Store, outputs: dict[str, Ref]) -> None:
    assert images_by_source(store, outputs) is None
    outputs["probe"] = store.publish("source", {}, {"version": "1", "address": "local:a"})
    assert images_by_source(store, outputs) is None
    facts = {"sources": [{"name": name, "version": "1"} for name in "AB"]}
    several = {"probe": store.publish("source", {}, facts)}
    assert images_by_source(store, several) == [{"name": "A", "version": "1"}, {"name": "B", "version": "1"}]
    sources = pd.DataFrame({"path": ROWS["path"], "source": ["A", "A", "B", "B"]})
    several["repair"] = publish_dataset(store, ROWS, ["b", "a"], sources=sources)
    found = images_by_source(store, several)
    assert found
    assert [(one["name"], one["images"]) for one in found] == [("A", 2), ("B", 1)]
    found = images_by_source(store, several | {"split": outputs["split"]})
    assert found
    assert found[1] == {"name": "B", "version": "1", "train": 0, "validation": 0, "test": 1, "share": 0.0}
    assert found[0]["share"] == 1.0

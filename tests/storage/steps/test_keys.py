"""storage.steps.keys: what is in a key, and the words for what changed."""

from dataclasses import replace

import pytest

from storage.digests import sha256_bytes
from storage.steps.keys import KeyParts, differences

PARTS = KeyParts(
    step="train",
    format=1,
    inputs={"split": "a" * 64},
    recipe={"train": {"phases": [{"epochs": 5, "batch": 32}], "backbone": "cnn"}, "seed": 7},
    code={"evergreen.vision.train": "b" * 64},
    libraries={"keras": "3.15.1"},
)


def test_the_key_is_the_digest_of_its_parts() -> None:
    assert PARTS.key == sha256_bytes(PARTS.canonical())
    assert KeyParts.parse(PARTS.canonical()) == PARTS


def test_the_order_of_names_does_not_matter() -> None:
    assert replace(PARTS, recipe={"seed": 7, "train": PARTS.recipe["train"]}).key == PARTS.key


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 2}, "format of train: 1 -> 2"),
        ({"inputs": {"split": "c" * 64}}, "split gave another result"),
        ({"recipe": {**PARTS.recipe, "seed": 8}}, "seed: 7 -> 8"),
        (
            {"recipe": {"train": {"phases": [{"epochs": 8, "batch": 32}], "backbone": "cnn"}, "seed": 7}},
            "train.phases.0.epochs: 5 -> 8",
        ),
        ({"code": {"evergreen.vision.train": "d" * 64}}, "code of evergreen.vision.train"),
        ({"code": {**PARTS.code, "evergreen.new": "d" * 64}}, "code of evergreen.new"),
        ({"libraries": {"keras": "3.16"}}, "keras 3.15.1 -> 3.16"),
    ],
)
def test_every_part_counts_and_is_named(change: dict, words: str) -> None:
    changed = replace(PARTS, **change)
    assert changed.key != PARTS.key
    assert differences(PARTS, changed) == [words]


def test_equal_parts_differ_in_nothing() -> None:
    assert differences(PARTS, replace(PARTS)) == []

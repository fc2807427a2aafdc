"""storage.artifacts: references and names that no store produces are refused, and a manifest proves itself."""

from typing import Any

import pytest

from storage.artifacts import Blob, Manifest, Ref, checked_name
from storage.errors import ArtifactDamaged, BadReference


def test_a_reference_of_another_form_is_refused() -> None:
    for bad in ({}, {"kind": "x y", "sha256": "0" * 64, "size": 1}, {"kind": "x", "sha256": "0" * 64, "size": -1}):
        with pytest.raises(Exception, match="expected"):
            Ref.from_json(bad)


@pytest.mark.parametrize(
    "value", [{}, {"kind": "x", "sha256": "a" * 64}, None, {"kind": "X", "sha256": "a" * 64, "size": 1}]
)
def test_what_is_no_reference_is_none(value: Any) -> None:
    with pytest.raises(BadReference, match="expected"):
        Ref.from_json(value)
    whole = Ref("model", "a" * 64, 7)
    assert Ref.from_json(whole.as_json()) == whole


def test_a_manifest_is_the_one_that_its_digest_says() -> None:
    made = Manifest("model", {"b": Blob("b" * 64, 2), "a": Blob("a" * 64, 5)}, {"classes": ["x"]})
    ref = made.ref()
    assert (ref.kind, ref.size) == ("model", 7)
    assert Manifest.parse(made.canonical(), ref.sha256) == made
    assert Manifest("model", dict(reversed(made.files.items())), made.facts).ref() == ref  # the order is no matter
    with pytest.raises(ArtifactDamaged, match="expected SHA-256"):
        Manifest.parse(made.canonical() + b" ", ref.sha256)


@pytest.mark.parametrize("name", ["", "/a", "../a", "a/../b", "a/./b", "a//b", "a\\b", "a\0b", "a/"])
def test_a_name_that_could_leave_its_folder_is_refused(name: str) -> None:
    with pytest.raises(BadReference, match="expected a relative file name"):
        checked_name(name)
    assert checked_name("keras/ä b.png") == "keras/ä b.png"

"""storage.artifacts: references and names that no store produces are refused, and a manifest proves itself."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import artifacts
from storage.artifacts import Blob, Manifest, Ref, checked_name
from storage.digests import canonical_json, sha256_bytes
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


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 2**60), max_size=8),
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
        st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)),
    ),
)
def test_a_manifests_bytes_are_those_of_plain_json(sizes: dict[str, int], facts: dict[str, Any]) -> None:
    files = {name: Blob(sha256_bytes(name.encode()), size) for name, size in sizes.items()}
    plain = {
        "kind": "files",
        "facts": facts,
        "files": {name: {"sha256": b.sha256, "size": b.size} for name, b in files.items()},
    }
    made = Manifest("files", files, facts)
    assert made.canonical() == canonical_json(plain)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(artifacts, "_AT_ONCE", 3)
        assert made.canonical() == canonical_json(plain)
    assert list(Manifest.parse(made.canonical(), made.ref().sha256).files.items()) == sorted(
        files.items(), key=lambda one: one[0]
    )


@pytest.mark.parametrize(
    "facts", [{"files": {"a": {}}, "x": 1}, {"text": ',"files":{'}, {"a": {"b": 1, "files": {}}}, {}], ids=str
)
def test_facts_that_look_like_files_are_facts(facts: dict[str, Any]) -> None:
    for files in ({}, {'"ü"\\\n': Blob("b" * 64, 2), "a": Blob("a" * 64, 5)}):
        made = Manifest("source", files, facts)
        assert Manifest.parse(made.canonical(), made.ref().sha256) == made


@pytest.mark.parametrize("entry", [{"size": 5, "sha256": "a" * 64}, {"sha256": "a" * 64, "more": 1, "size": 5}])
def test_a_manifest_in_another_form_is_read_too(entry: dict[str, Any]) -> None:
    text = json.dumps({"facts": {}, "files": {"a": entry}, "kind": "x"}, separators=(",", ":")).encode()
    assert Manifest.parse(text, sha256_bytes(text)) == Manifest("x", {"a": Blob("a" * 64, 5)}, {})


def test_a_manifest_that_names_no_digest_is_refused() -> None:
    text = Manifest("x", {"a": Blob("../../x", 5)}).canonical()
    with pytest.raises(BadReference, match="expected a SHA-256"):
        Manifest.parse(text, sha256_bytes(text))


def test_a_manifest_of_several_blocks_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "_BLOCK", 250)
    made = Manifest(
        "x", {f'"{number}"\n': Blob(sha256_bytes(b"%d" % number), number) for number in range(20)}, {"a": 1}
    )
    assert Manifest.parse(made.canonical(), made.ref().sha256) == made
    long = Manifest("x", {"n" * 500: Blob("a" * 64, 5)})
    assert Manifest.parse(long.canonical(), long.ref().sha256) == long


@pytest.mark.parametrize("name", ["", "/a", "../a", "a/../b", "a/./b", "a//b", "a\\b", "a\0b", "a/"])
def test_a_name_that_could_leave_its_folder_is_refused(name: str) -> None:
    with pytest.raises(BadReference, match="expected a relative file name"):
        checked_name(name)
    assert checked_name("keras/ä b.png") == "keras/ä b.png"

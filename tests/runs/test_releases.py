"""runs.releases: what a release names, and the words by which it is found."""

import pytest
from releases import make_release

from runs.releases import find_release, parts_of, recipe_of, release_of, whole_parts_of
from storage.artifacts import Ref
from storage.errors import ArtifactMissing, BadReference
from storage.store import Store


def test_a_release_is_found_by_its_digest_and_by_its_models(store: Store) -> None:
    first, second = make_release(store, "a"), make_release(store, "b")
    model = parts_of(store, second.sha256)["model"]
    assert find_release(store, first.sha256) == find_release(store, first.sha256[:8]) == first.sha256
    assert find_release(store, model.sha256[:10]) == second.sha256
    assert recipe_of(store, first.sha256) == "digits"
    for nothing in ("", first.sha256[:5], "0123456789", "../x", "zzzzzzz"):
        with pytest.raises(ArtifactMissing, match="expected a run's id, or 6 digits or more"):
            find_release(store, nothing)
    with pytest.raises(BadReference, match="expected a release"):
        parts_of(store, model.sha256)
    assert set(whole_parts_of(store, second.sha256)) == {"dataset", "model", "evaluation", "exports", "verification"}
    store.blob_path(store.manifest(model.sha256).files["model.txt"].sha256).unlink()
    with pytest.raises(ArtifactMissing, match="files of its model are missing or damaged"):
        whole_parts_of(store, second.sha256)


def test_a_release_says_how_it_is_served_only_where_its_recipe_does() -> None:
    parts = {"model": Ref("model", "0" * 64, 1)}
    assert set(release_of("digits", parts, {}).facts) == {"recipe", "parts"}, "or every release had another digest"
    assert release_of("digits", parts, {"format": "tflite-int8"}).facts["serve"] == {"format": "tflite-int8"}

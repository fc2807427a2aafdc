"""runs.kept.caches: how large they may be, and names that go with the code that fills them."""

import pytest

from evergreen.images.shelves import Shelf
from evergreen.recipe import load_recipe
from runs.kept import caches
from runs.run import Run
from storage.store import Store


def test_what_is_over_the_limit_is_counted_and_trimmed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert caches.cache_excess(store) == caches.trim_cache(store) == 0
    shards = [store.root / "cache" / "pixels" / "0123" / f"{name}.rows" for name in ("a", "b")]
    shards[0].parent.mkdir(parents=True)
    for path in shards:
        path.write_bytes(bytes(2**20))
    monkeypatch.setenv("EVERGREEN_CACHE_GIB", str(1.5 / 1024))
    assert caches.cache_excess(store) == 2**19
    assert caches.trim_cache(store) == 2**20
    assert len([path for path in shards if path.exists()]) == 1
    monkeypatch.setenv("EVERGREEN_CACHE_GIB", "0")
    caches.trim_cache(store)
    assert not [path for path in shards if path.exists()]


def test_other_code_or_libraries_fill_other_folders(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run.new(store, load_recipe("digits"))

    def names() -> list[object]:
        images = caches.images_of(run)
        return [*vars(images).values(), caches.memo_prefix()]

    def folders() -> set[str]:
        return {str(one.folder if isinstance(one, Shelf) else one) for one in names() if isinstance(one, str | Shelf)}

    before = folders()
    assert before == folders()
    assert len(before) == 3
    real = caches.fingerprint_of
    monkeypatch.setattr(caches, "fingerprint_of", lambda core, libraries: real(core, [*libraries, "keras"])[::-1])
    assert not before & folders()

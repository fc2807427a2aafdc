"""runs.kept.caches: how large they may be, and names that go with the code that fills them."""

import numpy as np
import pytest

from evergreen.images.rows import RowCache
from evergreen.images.shelves import Shelf
from evergreen.recipe import load_recipe
from runs.kept import caches
from runs.run import Run
from runs.summaries.summary import finish
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


def test_what_finds_no_room_is_said_and_noted_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERGREEN_CACHE_GIB", "0")
    run = Run.new(store, load_recipe("digits"))
    for folder in (caches.images_of(run).pixels, caches.images_of(run).pixels):
        RowCache(folder, (1,), np.uint8).rows([bytes(32)], lambda positions: iter([np.ones((1, 1))]))
    (said,) = run.journal.no_room
    assert said.startswith("of 1 images, the pixels of 1 find no room in the cache and are made anew")
    assert finish(run, "failed")["cache"] == [said]


def test_other_code_or_libraries_fill_other_folders(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run.new(store, load_recipe("digits"))

    def names() -> list[object]:
        images = caches.images_of(run)
        return [*vars(images).values(), caches.memo_prefix()]

    def folders() -> set[str]:
        return {str(one.folder if isinstance(one, Shelf) else one) for one in names() if isinstance(one, str | Shelf)}

    before = folders()
    assert before == folders()
    assert len(before) == 4
    real = caches.fingerprint_of
    monkeypatch.setattr(caches, "fingerprint_of", lambda core, libraries: real(core, [*libraries, "keras"])[::-1])
    assert not before & folders()

"""evergreen.images.shelves: what is written stays, what makes room, and what is made again because nothing does."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from evergreen.images import rows as module
from evergreen.images.rows import RowCache, Rows
from evergreen.images.shelves import Shelf, evict, standing

EACH = 8 + 32  # bytes of a row and its key


class Cache:
    """A cache of rows of one number each, on a shelf that has room for some, and what it was asked to make."""

    def __init__(self, root: Path, name: str, most: int, cheap: str | None = None) -> None:
        self.said: list[str] = []
        self.made: list[int] = []
        # Of every ten rows a shard, and eight bytes a shard.
        limit = most * EACH + most // 10 * 8
        self.shelf = Shelf(root / name, root, limit, self.said.append, root / cheap if cheap else None) / "rule"

    def rows(self, numbers: range) -> Rows:
        """Return rows that hold their numbers."""
        self.made.clear()

        def make(positions: list[int]) -> Iterator[np.ndarray]:
            for start in range(0, len(positions), 4):
                some = [numbers[position] for position in positions[start : start + 4]]
                self.made += some
                yield np.array(some, np.int64)[:, None]

        keys = [number.to_bytes(32, "little") for number in numbers]
        return RowCache(self.shelf, (1,), np.int64).rows(keys, make)


def _used(root: Path, name: str, ago: float) -> None:
    for shard in standing(root / name):
        os.utime(shard.path, (time.time() - ago, time.time() - ago))


def _shards(root: Path) -> list[tuple[str, int]]:
    return sorted((str(shard.path.relative_to(root).parts[0]), shard.size) for shard in standing(root))


@pytest.fixture(autouse=True)
def _ten_rows_a_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SHARD", 10 * EACH + 8)


def test_what_is_over_the_limit_is_never_written_and_the_rest_stays_for_the_next_run(tmp_path: Path) -> None:
    cache = Cache(tmp_path, "pixels", 20)
    rows = cache.rows(range(50))
    assert cache.made == list(range(20))
    assert _shards(tmp_path) == [("pixels", 10 * EACH + 8)] * 2
    assert rows.gather(np.array([49, 3, 20, 49, 15]))[:, 0].tolist() == [49, 3, 20, 49, 15]
    assert cache.made[20:] == [49, 20, 49]
    assert np.concatenate(list(rows.blocks(7)))[:, 0].tolist() == list(range(50))
    assert cache.said == [
        "of 50 images, the pixels of 30 find no room in the cache and are made anew each time that they are needed: "
        "EVERGREEN_CACHE_GIB is 7.6e-07, and 1.12e-06 more would keep them"
    ]
    before = _shards(tmp_path)
    del rows
    again = cache.rows(range(50))
    assert (cache.made, _shards(tmp_path), evict(tmp_path, cache.shelf.limit)) == ([], before, 0)
    assert again.gather(np.arange(50))[:, 0].tolist() == list(range(50))


def test_less_than_a_shard_is_written_where_less_has_room(tmp_path: Path) -> None:
    cache = Cache(tmp_path, "pixels", 3)
    assert cache.rows(range(5)).gather(np.arange(5))[:, 0].tolist() == list(range(5))
    assert sum(size for _, size in _shards(tmp_path)) <= cache.shelf.limit
    none = Cache(tmp_path / "none", "pixels", 0)
    assert none.rows(range(5)).gather(np.arange(5))[:, 0].tolist() == list(range(5))
    assert not (tmp_path / "none").exists()


def test_a_new_cache_pushes_out_what_was_unused_for_longest_shard_by_shard(tmp_path: Path) -> None:
    Cache(tmp_path, "old", 40).rows(range(20))
    Cache(tmp_path, "newer", 40).rows(range(20))
    _used(tmp_path, "old", 20)
    _used(tmp_path, "newer", 10)
    new = Cache(tmp_path, "new", 40)
    held = new.rows(range(10))
    assert [name for name, _ in _shards(tmp_path)] == ["new", "newer", "newer", "old"]
    assert new.said == []
    del held


def test_what_this_process_reads_or_was_used_since_is_not_pushed_out(tmp_path: Path) -> None:
    other, own = Cache(tmp_path, "other", 30), Cache(tmp_path, "own", 30)
    read = other.rows(range(20))
    _used(tmp_path, "other", 99)
    own.rows(range(20))
    assert [name for name, _ in _shards(tmp_path)] == ["other", "other", "own"]
    assert "the own of 10" in own.said[0]
    del read
    _used(tmp_path, "own", 50)
    _used(tmp_path, "other", 40)
    own.rows(range(20))  # the other was used since: it would come again, and push these out
    assert own.made == []
    _used(tmp_path, "own", 30)
    own.rows(range(20))
    assert own.made == list(range(10, 20))
    assert [name for name, _ in _shards(tmp_path)] == ["other", "own", "own"]


def test_what_is_cheap_makes_room_for_what_is_dear_which_is_held_in_memory_where_it_cannot_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels, features = Cache(tmp_path, "pixels", 20), Cache(tmp_path, "features", 20, cheap="pixels")
    read = pixels.rows(range(20))
    features.rows(range(10))
    assert [name for name, _ in _shards(tmp_path)] == ["features", "pixels"]
    assert read.gather(np.arange(20))[:, 0].tolist() == list(range(20))
    del read
    pixels.rows(range(20))
    assert pixels.made == []
    assert [name for name, _ in _shards(tmp_path)] == ["features", "pixels"]
    for free, made, becomes in (
        (20 * EACH, [*range(10, 40)], "held in memory as long as they are needed"),
        (20 * EACH - 1, [*range(20, 40)], "made anew each time that they are needed"),
    ):
        monkeypatch.setattr(module, "free_memory", lambda free=free: 2 * free)
        found = features.rows(range(40))
        assert found.gather(np.arange(40))[:, 0].tolist() == list(range(40))
        assert features.made == made  # once each
        assert f"the features of 20 find no room in the cache and are {becomes}" in features.said.pop()
        assert [name for name, _ in _shards(tmp_path)] == ["features"] * 2
        assert evict(tmp_path, features.shelf.limit) == 0
        del found


def test_what_was_unused_for_longest_goes_first_and_a_reader_reads_on(tmp_path: Path) -> None:
    caches = {number: Cache(tmp_path / str(number), "pixels", 9) for number in (1, 2, 3)}
    rows = {number: cache.rows(range(number, number + 1)) for number, cache in caches.items()}
    now = time.time()
    for number, age in ((1, 30), (2, 10), (3, 20)):
        _used(tmp_path, str(number), age)
    caches[1].rows(range(1, 2))  # used just now
    each = next(tmp_path.rglob("*.rows")).stat().st_size
    (tmp_path / "dead.part").write_bytes(b"x")
    os.utime(tmp_path / "dead.part", (now - 2e5, now - 2e5))
    (tmp_path / "live.part").write_bytes(b"x")
    assert evict(tmp_path, 2 * each) == each
    assert [name for name, _ in _shards(tmp_path)] == ["1", "2"]
    assert rows[3].gather(np.array([0]))[0, 0] == 3
    assert evict(tmp_path, 0) == 2 * each
    assert [path.name for path in tmp_path.rglob("*.part")] == ["live.part"]
    assert evict(tmp_path / "nothing here", 0) == 0

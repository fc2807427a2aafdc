"""evergreen.images.rows and pixels: made once, kept in shards that are never trusted unseen, evicted by use."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evergreen.images import rows as module
from evergreen.images.pixels import Images
from evergreen.images.rows import RowCache, Rows
from evergreen.sections.data import Image

EACH = 2 * 3 * 4 + 32  # bytes of a row and its key


def _key(number: int) -> bytes:
    return bytes([number]) * 32


class Maker:
    """Makes rows of (2, 3) that say their number, and remembers which it was asked for."""

    def __init__(self, keys: list[bytes]) -> None:
        self.keys, self.made = keys, list[int]()

    def __call__(self, positions: list[int]) -> Iterator[np.ndarray]:
        for start in range(0, len(positions), 2):
            some = [self.keys[position][0] for position in positions[start : start + 2]]
            self.made += some
            yield np.stack([np.full((2, 3), number, np.float32) for number in some])


def _rows(folder: Path | None, numbers: list[int]) -> tuple[Rows, list[int]]:
    maker = Maker([_key(number) for number in numbers])
    return RowCache(folder, (2, 3), np.float32).rows(maker.keys, maker), maker.made


@pytest.fixture(autouse=True)
def _nothing_is_checked_yet() -> None:
    module._checked.clear()


@pytest.mark.parametrize("on_disk", [True, False])
def test_rows_come_in_the_order_of_their_keys(tmp_path: Path, on_disk: bool) -> None:
    rows, made = _rows(tmp_path / "rows" if on_disk else None, [3, 1, 2, 3, 9])
    assert made == [3, 1, 2, 9]
    assert rows.gather(np.array([4, 0, 3, 1]))[:, 0, 0].tolist() == [9, 3, 3, 1]
    assert [len(block) for block in rows.blocks(2)] == [2, 2, 1]
    assert len(rows) == 5


def test_only_what_is_new_is_made_and_nothing_is_rewritten(tmp_path: Path) -> None:
    _rows(tmp_path, [1, 2, 3])
    before = {path: path.read_bytes() for path in tmp_path.glob("*.rows")}
    rows, made = _rows(tmp_path, [5, 3, 1, 4])
    assert made == [5, 4]
    assert rows.gather(np.arange(4))[:, 1, 2].tolist() == [5, 3, 1, 4]
    assert len(list(tmp_path.glob("*.rows"))) == 2
    assert all(path.read_bytes() == data for path, data in before.items())
    assert _rows(tmp_path, [1, 2, 3, 4, 5])[1] == []


@pytest.mark.parametrize("damage", ["cut", "altered", "empty"])
def test_a_shard_that_is_not_what_its_name_says_is_a_miss(tmp_path: Path, damage: str) -> None:
    _rows(tmp_path, [1, 2])
    (path,) = tmp_path.glob("*.rows")
    data = bytearray(path.read_bytes())
    data[5] ^= 1
    path.write_bytes({"cut": data[:-9], "altered": data, "empty": b""}[damage])
    module._checked.clear()  # as in another process
    rows, made = _rows(tmp_path, [1, 2])
    assert made == [1, 2]
    assert rows.gather(np.arange(2))[:, 0, 0].tolist() == [1, 2]


def test_a_maker_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def broken(positions: list[int]) -> Iterator[np.ndarray]:
        yield np.zeros((1, 2, 3), np.float32)
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        RowCache(tmp_path, (2, 3), np.float32).rows([_key(1), _key(2)], broken)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="expected 2 rows to keep, received 0"):
        RowCache(tmp_path, (2, 3), np.float32).rows([_key(1), _key(2)], lambda _: iter(()))


def test_a_shard_takes_no_more_than_its_bytes_and_a_mix_of_shards_gives_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _rows(tmp_path, [7, 2])  # as one shard, of earlier
    monkeypatch.setattr(module, "_SHARD", 3 * EACH + 8)
    rows, made = _rows(tmp_path, list(range(12)))
    assert made == [0, 1, 3, 4, 5, 6, 8, 9, 10, 11]
    assert sorted(path.stat().st_size for path in tmp_path.glob("*.rows")) == [
        EACH + 8,
        2 * EACH + 8,
        *[3 * EACH + 8] * 3,
    ]
    assert rows.gather(np.array([11, 0, 7, 3, 3]))[:, 1, 2].tolist() == [11, 0, 7, 3, 3]
    again, made = _rows(tmp_path, list(range(11, -1, -1)))
    assert (made, again.gather(np.arange(12))[:, 0, 0].tolist()) == ([], list(range(11, -1, -1)))
    assert np.concatenate(list(again.blocks(5)))[:, 1, 1].tolist() == list(range(11, -1, -1))


def test_shards_nobody_asks_for_are_neither_checked_nor_touched(tmp_path: Path) -> None:
    _rows(tmp_path, [1, 2])
    (path,) = tmp_path.glob("*.rows")
    os.utime(path, (1e9, 1e9))
    module._checked.clear()
    _rows(tmp_path, [3])
    assert path.stat().st_mtime == 1e9
    assert len(module._checked) == 1  # what was just written
    _rows(tmp_path, [1])
    assert path.stat().st_mtime > 1e9


# -- pixels ------------------------------------------------------------------------------------------------------------


def test_an_image_is_decoded_once_for_each_size(tmp_path: Path, png: Callable[..., bytes]) -> None:
    data = [png(seed, (20, 10), (seed * 30, 0, 0)) for seed in range(5)]
    digests = [hashlib.sha256(one).hexdigest() for one in data]
    read: list[str] = []

    def reading(digest: str) -> bytes:
        read.append(digest)
        return data[digests.index(digest)]

    table = pd.DataFrame({"sha256": digests})
    image = Image(height=8, width=12)
    first = Images(reading, tmp_path).rows(table, image)
    assert sorted(read) == sorted(digests)
    read.clear()
    again = Images(reading, tmp_path).rows(table.iloc[[4, 0]], image)
    assert read == []
    assert (again.gather(np.arange(2)) == first.gather(np.array([4, 0]))).all()
    in_memory = Images(reading).rows(table, image)
    assert (in_memory.gather(np.arange(5)) == first.gather(np.arange(5))).all()
    assert first.gather(np.arange(5)).shape == (5, 8, 12, 3)
    read.clear()
    Images(reading, tmp_path).rows(table, Image(height=8, width=12, resize="pad"))
    assert len(read) == 5

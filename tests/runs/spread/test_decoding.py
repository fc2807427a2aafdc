"""runs.spread.decoding: pixels that a cluster makes are those that this machine makes, in the same cache."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from evergreen.cluster import Address
from evergreen.errors import BadImage, BadInput
from evergreen.images.pixels import Images
from evergreen.images.shelves import Shelf
from evergreen.sections.data import Image
from runs.spread import decoding, shards
from runs.spread.decoding import Decoded, Shard, SpreadImages

distributed = pytest.importorskip("distributed", reason="make setup EXTRAS=dask")

IMAGE = Image(height=8, width=9)


class Photos:
    """Twenty images by digest, the cache that they fill, and what was said."""

    def __init__(self, folder: Path, png: Callable[..., bytes]) -> None:
        self.folder, self.said, self.opened = folder, list[str](), list[str]()
        rows = []
        for number in range(20):
            data = png(number, (30 + number, 40))
            digest = hashlib.sha256(data).hexdigest()
            (folder / digest).write_bytes(data)
            rows.append((digest, 30 + number, 40))
        self.table = pd.DataFrame(rows, columns=["sha256", "width", "height"])

    def read(self, digest: str) -> bytes:
        self.opened.append(digest)
        return (self.folder / digest).read_bytes()

    def spread(self, address: Address, limit: int = 2**30) -> SpreadImages:
        root = self.folder / "cache"
        shelf = Shelf(root / "pixels", root, limit, self.said.append)
        return SpreadImages(self.read, shelf, address=address, path_of=self.folder.joinpath, say=self.said.append)

    def expected(self) -> np.ndarray:
        rows = Images(self.read).rows(self.table, IMAGE).gather(np.arange(20))
        self.opened.clear()
        return rows


@pytest.fixture
def photos(tmp_path: Path, png: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch) -> Photos:
    monkeypatch.setattr(decoding, "_MEGAPIXELS", 0.005)
    monkeypatch.setattr(decoding, "_MEGAPIXELS_EACH", 0.0005)
    monkeypatch.setattr(decoding, "_SHARD_BYTES", 3 * 8 * 9 * 3)
    monkeypatch.setattr(decoding, "_KEPT_BYTES", 5 * 8 * 9 * 3)
    monkeypatch.setattr(shards, "_LOOK_SECONDS", 0.2)
    return Photos(tmp_path, png)


def test_a_cluster_makes_the_same_pixels_once_and_few_or_small_ones_are_made_here(
    photos: Photos, threads: Address
) -> None:
    expected, images = photos.expected(), photos.spread(threads)
    assert (images.rows(photos.table.head(2), IMAGE).gather(np.arange(2)) == expected[:2]).all()
    assert photos.said == []
    photos.opened.clear()
    for _ in range(2):  # the second time from the cache
        assert (images.rows(photos.table, IMAGE).gather(np.arange(20)) == expected).all()
    assert photos.opened == []
    assert photos.said == [f"images are decoded by Dask at {threads.on}, 2 workers"]


def test_what_finds_no_room_is_made_here_and_said_once(photos: Photos, threads: Address) -> None:
    expected = photos.expected()
    rows = photos.spread(threads, 12 * (8 * 9 * 3 + 32) + 8).rows(photos.table, IMAGE)
    assert (rows.gather(np.arange(20)) == expected).all()
    assert len(photos.opened) == 8
    assert len([line for line in photos.said if "find no room" in line]) == 1


def test_what_a_worker_does_not_see_or_dies_of_costs_no_pixel(
    photos: Photos, threads: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, real, bad = photos.expected(), decoding.decoded, photos.table["sha256"][4]

    def far(shard: Shard) -> Decoded:
        if shard.data is None:
            shard = replace(shard, files=tuple((digest, Path("none")) for digest, _ in shard.files))
        elif any(digest == bad for digest, _ in shard.files):
            raise distributed.KilledWorker("shard", SimpleNamespace(address="tcp://127.0.0.1:1"), 1)
        return real(shard)

    monkeypatch.setattr(decoding, "decoded", far)
    assert (photos.spread(threads).rows(photos.table, IMAGE).gather(np.arange(20)) == expected).all()
    assert photos.opened == [bad], "one image is larger than a shard here, so each travels alone"
    assert photos.said[1].endswith("does not see the store's folder: images travel with what is sent")
    assert photos.said[2] == f"1 image is decoded by this machine: {shards.DIED}"


def test_another_version_is_refused_and_no_image_is_an_error_as_without_a_cluster(
    photos: Photos, threads: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = hashlib.sha256(b"text").hexdigest()
    (photos.folder / text).write_bytes(b"text")
    table = pd.concat([photos.table, pd.DataFrame([(text, 9, 9)], columns=photos.table.columns)], ignore_index=True)
    with pytest.raises(BadImage, match="not a readable image"):
        photos.spread(threads).rows(table, IMAGE)
    real = decoding.decoded

    def other(shard: Shard) -> Decoded:
        found = real(shard)
        return replace(found, traits=replace(found.traits, told={**found.traits.told, "numpy": "1"}))

    monkeypatch.setattr(decoding, "decoded", other)
    with pytest.raises(BadInput, match=r"numpy: expected .*, received 1\."):
        photos.spread(threads).rows(photos.table, IMAGE)

"""Screened images, decoded for a network by the workers of a Dask cluster: only what the cache of pixels has room for.

A worker opens images in itself, as a training does. What no worker answers for is decoded here. So are small pictures,
which are opened in less time than their pixels travel.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evergreen.cluster import Address, Cluster
from evergreen.images.door import SCREENED, Range, open_image
from evergreen.images.pixels import Images, Outputs, resize
from evergreen.images.processes.budget import Room, free_memory
from evergreen.images.rows import RowCache, Rows
from evergreen.images.shelves import Shelf
from evergreen.images.threads import Threads
from runs.spread.agreeing import Traits, traits
from runs.spread.computing import OnCluster
from runs.spread.shards import done_here, spread, unseen_by

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.data import Image

# A second of one processor opens some 50 megapixels of JPEG, and brings the pixels of some 1,000 images over a network.
_MEGAPIXELS_EACH, _MEGAPIXELS = 0.5, 1000.0
_SHARD_BYTES = 8 * 2**20  # of pixels that come back, and of images that go along
_MOST, _BLOCK = 2000, 64
_KEPT_BYTES = 2**30  # of pixels that came before those of an earlier shard


@dataclass(frozen=True)
class Shard:
    """Some images to decode.

    Attributes:
        start: place of the first one among all.
        files: SHA-256 and path of each.
        image: size, rule and filter that they are brought to.
        values: as ``Images.values``.
        data: their bytes, in the same order; None where a worker reads them from the store.
    """

    start: int
    files: tuple[tuple[str, Path], ...]
    image: Image
    values: Range | None
    data: tuple[bytes, ...] | None = None


@dataclass(frozen=True)
class Decoded:
    """What a worker answers: its traits, and (n, H, W, 3) uint8; None where it has not the bytes of every image."""

    traits: Traits
    block: np.ndarray | None


@dataclass(frozen=True)
class SpreadImages(Images):
    """Images whose pixels a cluster makes, where they are many and large, and the cache has room for them.

    Attributes:
        address: of the cluster.
        path_of: where the bytes of a SHA-256 lie.
        say: told who decodes.
    """

    address: Address | None = None
    path_of: Callable[[str], Path] = Path
    say: Callable[[str], object] = print

    def rows(self, table: pd.DataFrame, image: Image) -> Rows:
        """Return the images of a table, as ``Images.rows`` does, with the same bytes.

        Raises:
            BadInput: no cluster answers there; a worker would answer with other bytes.
            BadImage: a file is no image; screened tables hold none.
        """
        kept: Rows | None = None
        if self.address and isinstance(self.pixels, Shelf) and {"width", "height"} <= set(table):
            digests = list(table["sha256"])
            megapixels = list(table["width"] * table["height"] / 1e6)

            def made(positions: list[int]) -> Iterator[np.ndarray]:
                some = [digests[position] for position in positions]
                yield from self._made(some, [megapixels[position] for position in positions], image)

            if _pays(megapixels):
                # What finds no room is said, and made anew, by the rows that are returned.
                quiet = replace(self.pixels, say=lambda _: None) / self.rule(image)
                cache = RowCache(quiet, (image.height, image.width, 3), np.uint8)
                kept = cache.rows([bytes.fromhex(digest) for digest in digests], made)
        rows = super().rows(table, image)
        del kept  # until now, that nobody deletes what was just written
        return rows

    def others(self) -> Outputs | None:
        """Return what has the cluster compute with a network."""
        return OnCluster(self.address, self.say) if self.address else None

    def _made(self, digests: list[str], megapixels: list[float], image: Image) -> Iterator[np.ndarray]:
        """Yield blocks of decoded images, in order: of a cluster, if these are many and large."""
        sending = _Sending(self, digests, megapixels, image)
        if self.address is None or not _pays(megapixels):
            yield from (sending.here(start, start + _BLOCK) for start in range(0, len(digests), _BLOCK))
            return
        with closing(Cluster(self.address)) as cluster:
            self.say(f"images are decoded by {cluster.where}")
            yield from sending.blocks(cluster)


def _pays(megapixels: list[float]) -> bool:
    """Whether opening images takes longer than bringing their pixels."""
    return sum(megapixels) >= max(_MEGAPIXELS, _MEGAPIXELS_EACH * len(megapixels))


class _Sending:
    """Which shards are to be sent, and in which order their pixels are wanted."""

    def __init__(self, images: SpreadImages, digests: list[str], megapixels: list[float], image: Image) -> None:
        self._images, self._digests, self._image = images, digests, image
        self._megapixels, self._room = megapixels, Room(free_memory())
        each = image.height * image.width * 3
        self._size = max(1, min(_MOST, _SHARD_BYTES // each))
        self._ahead = max(self._size, _KEPT_BYTES // each)
        self._next_start, self._wanted = 0, 0
        self._again: deque[Iterator[Shard]] = deque()
        self._with_bytes = False
        self._left: Counter[str] = Counter()

    def blocks(self, cluster: Cluster) -> Iterator[np.ndarray]:
        """Yield the pixels of all images, in order."""
        found: dict[int, np.ndarray] = {}
        for done in spread(cluster, decoded, self._next):
            shard = done.shard
            if not done.why:
                done.answer.traits.agree(cluster)
            if not done.why and done.answer.block is not None:
                found[shard.start] = done.answer.block
            elif not done.why and shard.data is None:
                self._send_bytes(shard, done.answer.traits.host)
            else:
                why = done.why or "their bytes are not those of their digest"
                self._left[why] += len(shard.files)
                found[shard.start] = self.here(shard.start, shard.start + len(shard.files))
            while (block := found.pop(self._wanted, None)) is not None:
                self._wanted += len(block)
                yield block
        for told in done_here(self._left, "decoded"):
            self._images.say(told)

    def here(self, start: int, stop: int) -> np.ndarray:
        """Return images that are decoded by this machine, (n, H, W, 3) uint8."""
        digests = self._digests[start:stop]
        block = np.empty((len(digests), self._image.height, self._image.width, 3), np.uint8)

        def one(index: int) -> None:
            with self._room.of(self._megapixels[start + index]):
                block[index] = resize(self._images.pixels_of(digests[index]), self._image)

        with Threads() as threads:
            threads.each(one, len(digests))
        return block

    def _next(self) -> Shard | None:
        while self._again:
            if (piece := next(self._again[0], None)) is not None:
                return piece
            self._again.popleft()
        start = self._next_start
        if start >= min(len(self._digests), self._wanted + self._ahead):
            return None
        some = self._digests[start : start + self._size]
        files = tuple((digest, self._images.path_of(digest)) for digest in some)
        shard = Shard(start, files, self._image, self._images.values)
        self._next_start += len(some)
        if not self._with_bytes:
            return shard
        self._again.append(_with_bytes(shard))
        return self._next()

    def _send_bytes(self, shard: Shard, host: str) -> None:
        if not self._with_bytes:
            self._images.say(unseen_by(host))
        self._with_bytes = True
        self._again.append(_with_bytes(shard))


def _with_bytes(shard: Shard) -> Iterator[Shard]:
    """Yield a shard in pieces that hold the images' bytes; what is not there goes as nothing, and is refused."""
    files = iter(shard.files)
    start = shard.start
    while first := list(islice(files, 1)):
        some, data = first, [_read(first[0][1])]
        while sum(map(len, data)) < _SHARD_BYTES and (following := next(files, None)):
            some.append(following)
            data.append(_read(following[1]))
        yield replace(shard, start=start, files=tuple(some), data=tuple(data))
        start += len(some)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


# -- in a worker -------------------------------------------------------------------------------------------------------


def decoded(shard: Shard) -> Decoded:
    """Decode some images, and bring them to their size.

    Raises:
        BadImage: one is none.
    """
    image = shard.image
    block = np.empty((len(shard.files), image.height, image.width, 3), np.uint8)
    for index, (digest, path) in enumerate(shard.files):
        data = _read(path) if shard.data is None else shard.data[index]
        if hashlib.sha256(data).hexdigest() != digest:
            return Decoded(traits(), None)
        block[index] = resize(open_image(data, SCREENED, values=shard.values).pixels, image)
    return Decoded(traits(), block)

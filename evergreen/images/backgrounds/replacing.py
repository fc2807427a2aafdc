"""Other backgrounds for training images: which, in which view, by the seed and the images' digests alone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from blake3 import blake3

from evergreen.images.augmenting.draws import digests, generator, purpose, uniform
from evergreen.images.backgrounds import scenes
from evergreen.images.backgrounds.cutout import is_cut_out, mean_colour, over
from evergreen.images.backgrounds.photos import Photos
from evergreen.images.rows import Rows
from evergreen.sections.background import IMAGES, Background

if TYPE_CHECKING:
    from evergreen.images.threads import Threads

_DRAWN = {"plain": scenes.plain, "spots": scenes.spots}
_BLOCK = 64
_RANK_BYTES = 16


@dataclass(frozen=True)
class Backgrounds:
    """What stands behind the objects of a training side.

    Attributes:
        settings: as in the recipe.
        seed: of the recipe.
        keys: N, one an image of the side, of 32 bytes, all different.
        images: (N, H, W, 3) uint8, as they are.
        cutouts: (N, H, W, 4) uint8, as ``cutout.cut_out`` gives them.
        folders: folder, as the recipe names it -> its photos.
        found: (N,) bool, which images have a background that can be replaced.
    """

    settings: Background
    seed: int
    keys: Sequence[bytes]
    images: Rows
    cutouts: Rows
    folders: dict[str, Photos] = field(default_factory=dict)
    found: np.ndarray = field(init=False)
    _place: Mapping[bytes, int] = field(init=False)
    _ring: tuple[list[bytes], np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        found = np.concatenate([is_cut_out(block) for block in self.cutouts.blocks(_BLOCK)] or [np.empty(0, bool)])
        # Where there are surroundings that are not one colour, those are what images lend each other.
        lent = np.flatnonzero(~found) if (~found).any() else np.arange(len(found))
        ranks = digests([self.keys[index] for index in lent], f"surroundings {self.seed} ".encode(), _RANK_BYTES)
        order = sorted(range(len(lent)), key=ranks.__getitem__)
        object.__setattr__(self, "found", found)
        object.__setattr__(self, "_place", {key: at for at, key in enumerate(self.keys)})
        object.__setattr__(self, "_ring", ([ranks[index] for index in order], lent[order]))

    @property
    def name(self) -> str:
        """A digest of what decides the scenes, beside the seed, the images, and who lends their surroundings."""
        photos = [self.folders[name].digest for name in self.settings.folders]
        return blake3(f"{self.settings.model_dump_json()} {photos}".encode()).hexdigest()

    def facts(self) -> dict[str, Any]:
        """Return ``images``, ``uniform`` (how many of them may be given another background), ``replace``, ``with``.

        And ``photos``: folder -> ``used``, ``beyond`` (files after the first 500), ``left_out`` (file -> why).
        """
        photos = {
            name: {"used": len(found.pictures), "beyond": found.beyond, "left_out": dict(found.left_out)}
            for name, found in self.folders.items()
        }
        return {
            "images": len(self.found),
            "uniform": int(self.found.sum()),
            "replace": self.settings.replace,
            "with": list(self.settings.scenes),
            "photos": photos,
        }

    def names(self, keys: Sequence[bytes], view: int) -> list[bytes]:
        """Return a key of 32 bytes for each picture of a view: another one where another image lends its surroundings.

        Args:
            keys: of images of the side.
            view: number of the view, from 0.
        """
        kinds, _ = self._chosen(keys, view)
        return [
            blake3(key + self.keys[self._lender(key, view)]).digest() if kind == IMAGES else key
            for key, kind in zip(keys, kinds, strict=True)
        ]

    def __call__(self, images: np.ndarray, keys: Sequence[bytes], view: int, threads: Threads) -> np.ndarray:
        """Return images of the side, (n, H, W, 3) uint8, some before another scene.

        Args:
            images: (n, H, W, 3) uint8, as they are.
            keys: of them.
            view: number of the view, from 0.
            threads: what works on the images side by side.
        """
        kinds, which = self._chosen(keys, view)
        chosen = [index for index, kind in enumerate(kinds) if kind]
        if not chosen:
            return images
        replaced = images.copy()
        cutouts = self.cutouts.gather(np.array([self._place[keys[index]] for index in chosen]))
        lends = [index for index in chosen if kinds[index] == IMAGES]
        lenders = np.array([self._lender(keys[index], view) for index in lends], np.int64)
        lent = dict(zip(lends, self.images.gather(lenders), strict=True)) if lends else {}

        beginnings = digests([keys[index] for index in chosen], purpose("scene", self.seed, view), 16)

        def one(number: int) -> None:
            index = chosen[number]
            drawn = generator(beginnings[number])
            cut = cutouts[number]
            replaced[index] = over(cut, self._scene(kinds[index], which[index], lent.get(index), cut, drawn))

        threads.each(one, len(chosen))
        return replaced

    def replaced(self, image: np.ndarray, key: bytes, most: int, threads: Threads) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the views of an image in which it has another background, each with its number, of the first so many.

        Args:
            image: (H, W, 3) uint8, of the side.
            key: of it.
            most: views that are looked at.
            threads: what works on the images.
        """
        for view in range(most):
            if self._chosen([key], view)[0][0]:
                yield view, self(image[None], [key], view, threads)[0]

    def _scene(
        self, kind: str, which: float, lent: np.ndarray | None, cut: np.ndarray, drawn: np.random.Generator
    ) -> np.ndarray:
        height, width = cut.shape[:2]
        if lent is not None:
            return scenes.surroundings_of(lent, height, width, drawn)
        if kind == "leaves":
            return scenes.leaves(height, width, drawn, mean_colour(cut))
        if draw := _DRAWN.get(kind):
            return draw(height, width, drawn)
        pictures = self.folders[kind].pictures
        return scenes.part_of(pictures[int(which * len(pictures))], height, width, drawn)

    def _chosen(self, keys: Sequence[bytes], view: int) -> tuple[list[str], np.ndarray]:
        """Return what stands behind each image, empty where it stays as it is, and which of a folder's photos, 0-1.

        Where an image begins is drawn; from there on it is replaced in every second view of a half, say, by one kind
        of scene after the other: a few views of a frozen phase show each image both ways, where drawing anew would
        show some one way alone.
        """
        first = uniform(keys, f"background {self.seed} ".encode(), 2)
        (which,) = uniform(keys, purpose("photo", self.seed, view), 1).T
        turns = first[:, 0] + self.settings.replace * np.array([view, view + 1])[:, None]
        before, after = np.floor(turns).astype(np.int64)
        changed = self.found[[self._place[key] for key in keys]] & (after > before)
        many = len(self.settings.scenes)
        wanted = np.array(self.settings.scenes)[((first[:, 1] * many).astype(np.int64) + after) % many]
        return np.where(changed, wanted, "").tolist(), which

    def _lender(self, key: bytes, view: int) -> int:
        """Return the place of the image whose surroundings another is given: the next in a ring that the seed draws.

        So another dataset of nearly the same images gives nearly all the same surroundings.
        """
        ranks, places = self._ring
        (own,) = digests([key], purpose("lender", self.seed, view), _RANK_BYTES)
        at = bisect_left(ranks, own) % len(ranks)
        if len(ranks) > 1 and self.keys[places[at]] == key:
            at = (at + 1) % len(ranks)
        return int(places[at])

"""Photos that are put behind objects: a person's own, for training; and those that ship, for judging alone."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np

from evergreen.errors import BadInput, EvergreenError
from evergreen.images.processes.decoders import Decoders
from evergreen.images.threads import Threads
from evergreen.images.thumbnails import smaller
from evergreen.paths import is_folder, path_of
from evergreen.sections.background import MOST_PHOTOS

_SIDE = 512  # the longer one, in pixels, to which photos are brought
_SHIPPED = Path(__file__).resolve().parent / "shipped"
# No training sees them, so they show how a model does before scenes that are new to it. Their digests are here so that
# a step's key, which knows code, knows them too. All are CC0 or in the public domain: shipped/README.md.
_SCENES = {
    "astronaut.jpg": "d8a762db848d031261f1194f17efe4b8193e10319b76fb461766ea9983870947",
    "brick.jpg": "cf602385ac7d70bd1fb2a10ea5f7bf217f4de2a4c89b6357ce266f1ada68cc18",
    "camera.jpg": "563e5d072450001fce6ccc97ef8eae8cb445b6349dcf79f276dc62d39a7a95c3",
    "cat.jpg": "83a388db8b28fac6d9bd65f5be4f459311049d498f8087806e0daa52efd3b55f",
    "coffee.jpg": "ea018b58f27f5a1e04d420efae3115b0a4a53eb653a3b67008f0ffd90dd14d6e",
    "galaxies.jpg": "5c1f1002492e68f510931ed336e7da1b6250a69efbf8ce5fa86ea3081baa1d10",
    "grass.jpg": "4b7cc64cc004ff4a727f9bddbafa75c560998527b79c5dfe8a157c118b9a42c4",
    "gravel.jpg": "5b4e5035f94202ea1c474fa431531b3d19633a0eea243eb3cb3d1e458b9e9849",
    "rocket.jpg": "2755a8dcc230b4d7143f03377968dc689e3dbc67ed10ade8975ea0ee47327824",
}


@dataclass(frozen=True)
class Photos:
    """The photos of a folder.

    Attributes:
        pictures: (h, w, 3) uint8 each, their longer side 512 pixels at most.
        digest: SHA-256 of the bytes of all of them.
        left_out: file, as it is named in the folder -> why it is not used.
        beyond: how many files were not looked at, since they come after the first 500.
    """

    pictures: Sequence[np.ndarray]
    digest: str
    left_out: Mapping[str, str] = field(default_factory=dict)
    beyond: int = 0


def photos_in(folder: str) -> Photos:
    """Open the photos of a folder and the folders in it: the first 500 by name.

    Raises:
        BadInput: there is no such folder, or no image in it.
    """
    files, beyond = _files(folder)
    opened: list[tuple[np.ndarray, str] | str] = [""] * len(files)
    with Threads() as threads, Decoders(threads.number) as decoders:

        def one(index: int) -> None:
            try:
                data = files[index].read_bytes()
                opened[index] = smaller(decoders.decode(data), _SIDE), sha256(data).hexdigest()
            except (OSError, EvergreenError) as error:
                opened[index] = str(error)

        threads.each(one, len(files))
    base = path_of(folder)
    left_out = {
        str(file.relative_to(base)): why for file, why in zip(files, opened, strict=True) if isinstance(why, str)
    }
    good = [entry for entry in opened if not isinstance(entry, str)]
    if not good:
        why = "".join(f"\n  {name}: {reason}" for name, reason in list(left_out.items())[:3])
        raise BadInput(
            f"augment.background.with: expected photos in {folder}, found none that can be used among "
            f"{len(files):,} files{why}"
        )
    digests = "".join(digest for _, digest in good)
    return Photos([pixels for pixels, _ in good], sha256(digests.encode()).hexdigest(), left_out, beyond)


def digest_of(folder: str) -> str:
    """Return a digest of the bytes of a folder's files, in the order in which ``photos_in`` takes them.

    Raises:
        BadInput: there is no such folder.
    """
    digest = sha256()
    for file in _files(folder)[0]:
        try:
            digest.update(sha256(file.read_bytes()).digest())
        except OSError:
            digest.update(b"not read")  # which ``photos_in`` says
    return digest.hexdigest()


@cache
def shipped() -> tuple[np.ndarray, ...]:
    """Return the photos that ship with Evergreen, (h, w, 3) uint8 each, in the order of their names."""
    return tuple(
        np.asarray(cv2.imread(str(_SHIPPED / name), cv2.IMREAD_COLOR_RGB), np.uint8) for name in sorted(_SCENES)
    )


def _files(folder: str) -> tuple[list[Path], int]:
    """Return the first 500 files of a folder and of those in it, by name, and how many more there are; none hidden."""
    base = path_of(folder)
    if not is_folder(base):
        raise BadInput(f"augment.background.with: expected a folder of photos, found none at {base.absolute()}")
    found = []
    for place, inside, names in os.walk(base):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        found += [Path(place) / name for name in names if not name.startswith(".")]
    found.sort()
    return found[:MOST_PHOTOS], max(0, len(found) - MOST_PHOTOS)

"""Where the craft reads images, and where in the store's folder it keeps what it made of them. Knows no Prefect."""

import os

from evergreen.errors import BadInput
from evergreen.vision.cache import evict
from evergreen.vision.pixels import Images
from storage.store import Store
from tasks.keys import fingerprint_of
from tasks.run import Run

LIMIT_VARIABLE = "EVERGREEN_CACHE_GIB"
_DEFAULT_GIB = 20.0
_DOOR = ("opencv-python-headless", "pillow", "numpy")


def images_of(run: Run) -> Images:
    """Return where a run's images are read, and its caches: one folder for each version of the code that fills it."""
    cache = run.store.root / "cache"
    pixels = cache / "pixels" / fingerprint_of("evergreen.vision.pixels:Images.rows", _DOOR)[:16]
    craft = fingerprint_of("evergreen.vision.fit:Fitting", ("tensorflow", "keras", *_DOOR))
    features = cache / "features" / craft[:16]
    return Images(run.store.read_blob, pixels, features)


def trim_cache(store: Store) -> int:
    """Delete what was unused for longest from the caches, down to their limit; return the bytes freed.

    Raises:
        BadInput: ``EVERGREEN_CACHE_GIB`` is no number of 0 or more.
    """
    return evict(store.root / "cache", _limit())


def cache_excess(store: Store) -> int:
    """Return by how many bytes the caches are over their limit.

    Raises:
        BadInput: as ``trim_cache``.
    """
    return max(0, sum(path.stat().st_size for path in (store.root / "cache").rglob("*.rows")) - _limit())


def _limit() -> int:
    text = os.environ.get(LIMIT_VARIABLE, "") or str(_DEFAULT_GIB)
    try:
        limit = float(text)
    except ValueError:
        limit = -1
    if not limit >= 0:
        raise BadInput(f"{LIMIT_VARIABLE}: expected a number of GiB, 0 or more; received {text!r}")
    return int(limit * 2**30)

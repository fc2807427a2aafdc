"""Where the craft reads images, and where in the store's folder it keeps what it made of them. Knows no Prefect."""

from evergreen.cluster import address_of
from evergreen.images.door import Range
from evergreen.images.pixels import Images
from evergreen.images.shelves import Shelf, evict
from evergreen.sections.data import Screen
from evergreen.variables import CACHE_GIB, value_of
from runs.keys import fingerprint_of
from runs.run import Run, say
from runs.spread.decoding import SpreadImages
from storage.steps.memo import Memo
from storage.store import Store
from storage.upkeep import below

# What one image says of itself depends on this code and these libraries, and is remembered for as long as they stay.
_MEASURE = "evergreen.datasets.measure_worker:answer"
_KIND = "evergreen.images.formats:kind_of"
_LIBRARIES = ("pillow", "pillow-heif", "opencv-python-headless", "numpy", "blake3")
_CUT, _CUT_BY = "evergreen.images.backgrounds.cutout:cut_out", ("opencv-python-headless", "numpy")
_DOOR = ("opencv-python-headless", "pillow", "pillow-heif", "numpy")


def images_of(run: Run, values: Range | None = None) -> Images:
    """Return where a run's images are read, and its caches: one folder for each version of the code that fills it.

    Args:
        run: whose store it is.
        values: ``screen.range``, of the recipe or of the champion.

    Raises:
        BadInput: as ``trim_cache``; ``EVERGREEN_DASK`` holds no address that may be used.
    """
    root = run.store.root / "cache"

    def no_room(text: str) -> None:
        if text not in run.journal.no_room:
            run.journal.no_room.append(text)
        say(text)

    cheap = Shelf(root / "pixels", root, _limit(), no_room)
    dear = Shelf(root / "features", root, _limit(), no_room, cheap=cheap.folder)
    pixels = cheap / fingerprint_of("evergreen.images.pixels:Images.rows", _DOOR)[:16]
    craft = fingerprint_of("evergreen.vision.training.fit:Fitting", ("tensorflow", "keras", *_DOOR))
    cut = Shelf(root / "cutouts", root, _limit(), no_room) / pixels.folder.name / fingerprint_of(_CUT, _CUT_BY)[:16]
    kept = run.store.read_blob, pixels, dear / craft[:16], values, cut
    if address := address_of():
        return SpreadImages(*kept, address, run.store.blob_path, say)
    return Images(*kept)


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
    taken = sum(found.st_size for name, found in below(store.root / "cache") if name.endswith(".rows"))
    return max(0, taken - _limit())


def _limit() -> int:
    set_to = value_of(CACHE_GIB)
    limit: float = CACHE_GIB.read(CACHE_GIB.default) if set_to is None else set_to
    return int(limit * 2**30)


def memo_prefix() -> str:
    """Return how the name of the file begins in which this code and these libraries remember images."""
    return f"screen-{fingerprint_of(_MEASURE, _LIBRARIES)[:24]}"


def memo_of(store: Store, settings: Screen) -> Memo:
    """Return where this code remembers images that it measured under the limits of a recipe."""
    values = f"-{settings.range[0]!r}-{settings.range[1]!r}" if settings.range else ""
    return Memo(store.root / "memos" / f"{memo_prefix()}-{settings.max_megapixels:g}{values}.sqlite")


def kinds_memo() -> str:
    """Return the name, without its suffix, of the file in which this code remembers what files are."""
    return f"kinds-{fingerprint_of(_KIND, ())[:24]}"

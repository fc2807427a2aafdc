"""screen: which files are images that can be used."""

from evergreen.datasets.screen import screen as put_through_the_door
from evergreen.vision.processors import image_threads
from storage.artifacts import Ref
from storage.memo import Memo
from tasks.keys import fingerprint_of
from tasks.run import Run
from tasks.step import step
from tasks.tables import classes_of, publish_dataset, read_table

# What one image says of itself depends on this code and these libraries, and is remembered for as long as they stay.
_MEASURE = "evergreen.datasets.measure_worker:answer"
_LIBRARIES = ("pillow", "pillow-heif", "opencv-python-headless", "numpy", "blake3")


@step("screen")
def screen(run: Run, dataset: Ref) -> Ref:
    """Decode every new image once; quarantine what cannot be used, with a reason; find duplicates."""
    settings = run.recipe.screen
    known = Memo(run.store.root / "memos" / f"{memo_prefix()}-{settings.max_megapixels:g}.sqlite")
    table = read_table(run.store, dataset)
    read, path_of = run.store.read_blob, run.store.blob_path
    found = put_through_the_door(table, read, path_of, settings, known, image_threads())
    return publish_dataset(
        run.store,
        found.accepted,
        classes_of(run.store, dataset),
        {"near_duplicate_bits": settings.near_duplicate_bits},
        quarantine=found.quarantine,
        duplicates=found.duplicates,
        near_duplicates=found.near_duplicates,
    )


def memo_prefix() -> str:
    """Return how the name of the file begins in which this code and these libraries remember images."""
    return f"screen-{fingerprint_of(_MEASURE, _LIBRARIES)[:24]}"

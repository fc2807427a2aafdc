"""screen: which files are images that can be used."""

from evergreen.datasets.screen import screen as put_through_the_door
from evergreen.images.processors import image_threads
from runs.kept.caches import memo_of
from runs.run import Run, say
from runs.spread.measuring import measure_of
from runs.tables import classes_of, publish_dataset, read_sources, read_table, with_range
from storage.artifacts import Ref
from tasks.step import step


@step("screen")
def screen(run: Run, dataset: Ref) -> Ref:
    """Decode every new image once; quarantine what cannot be used, with a reason; find duplicates."""
    settings = run.recipe.screen
    known = memo_of(run.store, settings)
    table = read_table(run.store, dataset)
    read, path_of = run.store.read_blob, run.store.blob_path
    sources = read_sources(run.store, dataset)
    there = measure_of(say)
    measure = there.measure_all if there else None
    found = put_through_the_door(table, read, path_of, settings, known, image_threads(), sources, measure)
    return publish_dataset(
        run.store,
        found.accepted,
        classes_of(run.store, dataset),
        {"near_duplicate_bits": settings.near_duplicate_bits} | with_range(settings.range),
        quarantine=found.quarantine,
        duplicates=found.duplicates,
        near_duplicates=found.near_duplicates,
    )

"""The reference that a model's run kept, and what of the store the model knows already."""

from evergreen.drifting.reference import Reference
from runs.tables import DATASET, REFERENCE, read_rows, table_file
from storage.artifacts import Ref
from storage.errors import StoreError
from storage.steps.records import Records
from storage.store import Store


def reference_of(store: Store, model: str) -> tuple[Ref, Reference] | None:
    """Return the reference of a model, and its artifact; None where no run kept one that is still whole.

    Args:
        store: where it is.
        model: SHA-256 of what train gave.
    """
    for record in Records(store).all("reference"):
        if record.inputs.get("train") == model and store.is_whole(record.output):
            facts = store.manifest(record.output.sha256).facts
            return record.output, Reference.read(store.read(record.output, REFERENCE), facts)
    return None


def known_images(store: Store, dataset: str) -> frozenset[str] | None:
    """Return the SHA-256 of every image that a run divided or set aside; None where its tables are not stored.

    Args:
        store: where they are.
        dataset: SHA-256 of what split gave.
    """
    try:
        ref = store.manifest(dataset).ref()
        names = [name for name in (DATASET, "aside.csv") if table_file(store, ref, name)]
        return frozenset(row["sha256"] for name in names for row in read_rows(store, ref, name, ("sha256",)))
    except StoreError:
        return None

"""Reading and publishing what travels between tasks: tables, JSON, and the class order."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from evergreen import columns
from evergreen.reports.found import Data, Heats, Repairs, Screening, Splits, by_source
from evergreen.sections.base import Range
from evergreen.sections.split import FOLDER
from evergreen.tables import UNLABELLED, rows_of
from storage.artifacts import Ref
from storage.store import Store

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from evergreen.judging.baseline import Baseline

DATASET = "dataset.csv"
NOTES = "notes.csv"
SOURCES = "sources.csv"
DECISIONS = "decisions.csv"
VIEWS = "views.json"
TAUGHT = "taught.json"
BACKGROUNDS = "backgrounds.json"
BASELINE = "baseline.json"
CALIBRATION = "calibration.json"
PROBABILITIES = "probabilities.npy"
DIAGNOSIS = "diagnosis.json"
SUSPECTS = "suspects.csv"
HEAT = "heat/"
LOOKALIKES = "lookalikes.csv"
REFERENCE = "reference.npz"
PLACES = "places.csv"


def table_file(store: Store, ref: Ref, name: str) -> str | None:
    """Return what the file of a table is called in an artifact, as CSV or by column; None: it has no such table."""
    files = store.manifest(ref.sha256).files
    return next((file for file in (name, columns.by_column(name)) if file in files), None)


def read_table(store: Store, ref: Ref, name: str = DATASET) -> "pd.DataFrame":
    """Return a table of an artifact, in whichever form it rests there; named as CSV is."""
    file = table_file(store, ref, name) or name
    return columns.read(file, store.read(ref, file))


def read_rows(store: Store, ref: Ref, name: str, only: Sequence[str] = ()) -> Iterator[dict[str, str]]:
    """Return the rows of a table of an artifact, one at a time, each cell as text; pandas is not started for it.

    Args:
        store: where bytes rest.
        ref: the artifact.
        name: as for ``read_table``.
        only: the columns that are asked for, all if none is named; those that the table lacks are in no row.
    """
    file = table_file(store, ref, name) or name
    data = store.read(ref, file)
    return rows_of(data) if file == name else columns.rows_of(data, only)


def read_groups(store: Store, repaired: Ref, kinds: Sequence[str] | None) -> "pd.DataFrame":
    """Return path and group of the images whose folders stay together; no rows where folders do not.

    Args:
        store: where bytes rest.
        repaired: what repair gave.
        kinds: the recipe's ``split.group``.
    """
    groups = read_table(store, repaired, "groups.csv")
    return groups if FOLDER in (kinds or ()) else groups.head(0)


def read_array(store: Store, ref: Ref, name: str) -> "np.ndarray":
    """Return an array of an artifact, as ``to_npy`` wrote it."""
    import numpy as np

    array: np.ndarray = np.load(io.BytesIO(store.read(ref, name)), allow_pickle=False)
    return array


def read_json(store: Store, ref: Ref, name: str) -> Any:
    """Return a JSON file of an artifact."""
    return json.loads(store.read(ref, name))


def read_folder(store: Store, ref: Ref, under: str) -> dict[str, bytes]:
    """Return name without its suffix -> bytes, for the files of an artifact below a prefix."""
    names = [name for name in store.manifest(ref.sha256).files if name.startswith(under)]
    return {PurePosixPath(name).stem: store.read(ref, name) for name in names}


def classes_of(store: Store, ref: Ref) -> list[str]:
    """Return the class names, in order, that an artifact carries."""
    return list(store.manifest(ref.sha256).facts["classes"])


def read_notes(store: Store, ref: Ref) -> list[str]:
    """Return the sentences that a step left for people, if it leaves any."""
    if not table_file(store, ref, NOTES):
        return []
    return [str(note) for note in read_table(store, ref, NOTES)["note"]]


def read_sources(store: Store, repaired: Ref) -> "pd.DataFrame | None":
    """Return which image came from which of several sources (path, source); None where there is one."""
    return read_table(store, repaired, SOURCES) if table_file(store, repaired, SOURCES) else None


def read_views(store: Store, evaluation: Ref) -> dict[str, Any] | None:
    """Return how a model does with test-time views, or None where the recipe asks for none."""
    there = VIEWS in store.manifest(evaluation.sha256).files
    return dict(read_json(store, evaluation, VIEWS)) if there else None


def read_places(store: Store, reference: Ref) -> tuple["pd.DataFrame | None", dict[str, Any]]:
    """Return where judged images lie in a plane, and what is known of it; None and nothing in a store of before."""
    if not table_file(store, reference, PLACES):
        return None, {}
    return read_table(store, reference, PLACES), dict(store.manifest(reference.sha256).facts["projection"])


def read_heat(store: Store, evaluation: Ref) -> Heats:
    """Return the heat maps of some judged images."""
    return Heats(read_json(store, evaluation, "heat.json"), read_folder(store, evaluation, HEAT))


def read_taught(store: Store, model: Ref) -> dict[str, Any] | None:
    """Return who taught a model, as ``judging.taught.words`` takes it; None if nobody did."""
    there = TAUGHT in store.manifest(model.sha256).files
    return dict(read_json(store, model, TAUGHT)) if there else None


def read_backgrounds(store: Store, model: Ref) -> dict[str, Any] | None:
    """Return how many images had other backgrounds, as ``backgrounds.told.words`` takes it; None if none had."""
    there = BACKGROUNDS in store.manifest(model.sha256).files
    return dict(read_json(store, model, BACKGROUNDS)) if there else None


def read_baseline(store: Store, probed: Ref) -> "Baseline":
    """Return what the step ``baseline`` published."""
    from evergreen.judging.baseline import Baseline  # late: NumPy, without which commands begin sooner

    return Baseline(read_json(store, probed, BASELINE), read_table(store, probed, "predictions.csv"))


def read_data(store: Store, repaired: Ref, screened: Ref, dataset: Ref | None, weights: Ref | None) -> Data:
    """Return what repair, screen, split and balance found, as a report and an inspection show it.

    Args:
        store: where bytes rest.
        repaired: what repair published.
        screened: what screen published.
        dataset: what split published; None where it refused the images.
        weights: what balance published; None where split refused the images.
    """
    origins = read_table(store, repaired, "origins.csv")
    quarantine = read_table(store, screened, "quarantine.csv").merge(origins, on="path")
    splits = _splits(store, dataset) if dataset else _not_split(store, screened)
    if (sources := read_sources(store, repaired)) is not None:
        named = quarantine["path"].map(sources.set_index("path")["source"])
        quarantine["origin"] = named + ": " + quarantine["origin"]
    return Data(
        repairs=Repairs(
            renames=read_table(store, repaired, "renames.csv"),
            dropped=read_table(store, repaired, "dropped.csv"),
            notes=read_table(store, repaired, "notes.csv"),
        ),
        screening=Screening(
            quarantine=quarantine,
            duplicates=read_table(store, screened, "duplicates.csv"),
            near_duplicates=read_table(store, screened, "near_duplicates.csv"),
            values=range_in(store.manifest(screened.sha256).facts),
        ),
        splits=splits,
        weights=read_json(store, weights, "class-weights.json") if weights else {},
        sources=None if sources is None else by_source(sources, quarantine, splits),
    )


def _splits(store: Store, dataset: Ref) -> Splits:
    return Splits(
        classes=classes_of(store, dataset),
        dataset=read_table(store, dataset),
        leakage=read_table(store, dataset, "leakage.csv"),
        unlabelled=read_table(store, dataset, "unlabelled.csv"),
        aside=read_table(store, dataset, "aside.csv"),
        groups=read_table(store, dataset, "groups.csv"),
        notes=read_notes(store, dataset),
    )


def _not_split(store: Store, screened: Ref) -> Splits:
    """Return the images that could be used, on no side."""
    import pandas as pd

    table = read_table(store, screened)
    labelled = table["subset"] != UNLABELLED
    none = table.head(0)
    return Splits(
        classes=classes_of(store, screened),
        dataset=table[labelled].reset_index(drop=True),
        leakage=none,
        unlabelled=table[~labelled].reset_index(drop=True),
        aside=none,
        groups=pd.DataFrame(columns=["group", "split", "count"]),
        notes=[],
    )


def publish_dataset(
    store: Store,
    dataset: "pd.DataFrame",
    classes: list[str],
    facts: Mapping[str, Any] | None = None,
    **tables: "pd.DataFrame",
) -> Ref:
    """Publish a dataset table, its class order, and tables about it, by name: as CSV, or large ones by column."""
    return store.publish("dataset", files_of(dataset=dataset, **tables), {"classes": classes, **(facts or {})})


def files_of(**tables: "pd.DataFrame") -> dict[str, bytes]:
    """Return the files in which tables rest: of each ``<name>.csv``, or where it is large ``<name>.arrow``."""
    return {file: data for name, table in tables.items() for file, data in columns.file_of(name, table).items()}


def with_range(values: Range | None) -> dict[str, Any]:
    """Return what the facts of an artifact say of ``screen.range``: nothing where it is left alone."""
    return {"range": list(values)} if values else {}


def range_in(facts: Mapping[str, Any]) -> Range | None:
    """Return ``screen.range`` as ``with_range`` wrote it."""
    found = facts.get("range")
    return (float(found[0]), float(found[1])) if found else None


def to_npy(array: "np.ndarray") -> bytes:
    """Return an array as NumPy's ``.npy``: the same bytes every time."""
    import numpy as np

    data = io.BytesIO()
    np.save(data, array, allow_pickle=False)
    return data.getvalue()


def to_json(value: Any) -> bytes:
    """Return JSON for a person to read: indented, sorted, the same bytes every time."""
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()

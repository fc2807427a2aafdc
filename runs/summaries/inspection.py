"""What an inspection found: its page in the run's folder, and what ``run.json`` says of it. Knows no Prefect."""

from collections.abc import Mapping
from typing import Any

from evergreen.columns import by_column, from_arrow
from evergreen.errors import BadInput
from evergreen.reports.inspection import Inspected
from evergreen.reports.inspection import inspect as write_page
from evergreen.tables import to_csv
from runs.run import Run
from runs.summaries.summary import output_of
from runs.tables import DATASET, read_data, read_table
from storage.artifacts import Ref
from storage.runs import run_folder, write_summary
from storage.store import Store

INSPECTED = "inspected"
# The steps that an inspection calls.
STEPS = ("probe", "acquire", "unpack", "repair", "screen", "split", "balance")


def write_inspection(run: Run, summary: dict[str, Any]) -> tuple[Inspected, dict[str, bytes]]:
    """Write the page of an inspection that came to its end, and what it found into ``run.json``.

    Args:
        run: with its journal.
        summary: what ``run.json`` says; ``renames`` and ``findings`` are added.

    Returns:
        What was found, and file name -> bytes of the page and its pictures.
    """
    summary["renames"] = renames(run)
    found = _found(run)
    files = write_page(found, run.store.read_blob)
    folder = run_folder(run.store, run.id)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    summary["findings"] = _findings(found)
    write_summary(run.store, summary)
    return found, files


def dataset_of(store: Store, summary: Mapping[str, Any]) -> bytes:
    """Return the images of an inspection as CSV for people, one row an image: as split left them, or as it found them.

    Args:
        store: where the inspection was.
        summary: what ``run.json`` says of it.

    Raises:
        BadInput: it did not come as far as a table of images.
        ArtifactMissing, ArtifactDamaged: the table cannot be read.
    """
    outputs = (output_of(dict(summary), step) for step in ("split", "screen", "repair"))
    digest = next(filter(None, outputs), None)
    if digest is None:
        raise BadInput(f"--csv: expected a table of images, found none: the inspection {summary['outcome']}")
    manifest = store.manifest(digest)
    file = by_column(DATASET) if by_column(DATASET) in manifest.files else DATASET
    data = store.read_blob(manifest.files[file].sha256)
    return data if file == DATASET else to_csv(from_arrow(data))


def renames(run: Run) -> list[dict[str, Any]]:
    """Return what every folder became: folder, subset, label, why, count."""
    return list(read_table(run.store, _output(run, "repair"), "renames.csv").to_dict("records"))


def _findings(found: Inspected) -> dict[str, int]:
    screening, splits = found.data.screening, found.data.splits
    counts = {
        "images that can be used" if found.refused else "images used": len(splits.dataset),
        "unlabelled": len(splits.unlabelled),
        "quarantined": len(screening.quarantine),
        "exact duplicates": len(screening.duplicates),
        "near-duplicates": len(screening.near_duplicates),
    }
    if found.refused:
        return counts
    return counts | {
        "near-duplicate pairs across splits": len(splits.leakage),
        "set aside": len(splits.aside),
        "groups of folders": splits.groups["group"].nunique(),
        "groups on several sides": int((splits.groups["group"].value_counts() > 1).sum()),
    }


def _found(run: Run) -> Inspected:
    refused = run.journal.refused
    divided = (None, None) if refused else (_output(run, "split"), _output(run, "balance"))
    data = read_data(run.store, _output(run, "repair"), _output(run, "screen"), *divided)
    recipe = run.recipe
    return Inspected(recipe.name, recipe.title, data, recipe.image, recipe.augment, recipe.seed, refused or "")


def _output(run: Run, step: str) -> Ref:
    output = run.journal.entries[step].output
    if output is None:
        raise LookupError(f"{step} did not end")
    return output

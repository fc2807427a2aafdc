"""Look at a recipe's data, up to the split, and train nothing."""

from pathlib import Path
from typing import Any

from prefect import flow

from evergreen.errors import BadDataset
from evergreen.recipe import load_recipe
from evergreen.reports.inspection import Inspected
from evergreen.reports.inspection import inspect as write_page
from evergreen.reports.markdown import literal
from flows.dashboard.classes import show_classes
from flows.dashboard.run import show_inspection, show_repair
from flows.decision import classes_beside_the_champion
from flows.outcome import tells_outcome
from flows.say import say
from flows.started import started
from runs.run import Run
from runs.tables import read_data, read_table
from storage.artifacts import Ref
from storage.runs import run_folder, write_summary
from tasks.data.acquire import acquire
from tasks.data.balance import balance
from tasks.data.probe import probe
from tasks.data.repair import repair
from tasks.data.screen import screen
from tasks.data.split import split
from tasks.data.unpack import unpack

INSPECTED, DRY_RUN = "inspected", "dry run"
REFUSED = "the split will refuse this"


@flow(name="inspect", flow_run_name="inspect {recipe}")
@tells_outcome
def inspect(
    recipe: str,
    overrides: list[str] | None = None,
    source: str | list[str] | None = None,
    store: str | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Show what a recipe's data is, once it is repaired, screened and split.

    Args:
        recipe: a name in recipes/, or the path of a YAML file.
        overrides: dotted.path=value pairs that replace values of the recipe.
        source: a path, an address or kaggle:OWNER/DATASET in place of the recipe's source; a list joins several.
        store: the folder of the store; EVERGREEN_STORE or .evergreen/ if empty.
        dry_run: stop once it is known which folder becomes which class.
    """
    outcome = DRY_RUN if dry_run else INSPECTED
    with started(load_recipe(recipe, overrides or [], source), store, outcome, _show, "inspect") as (
        run,
        summary,
    ):
        token = probe(run)
        archive = acquire(run, token=token)
        files = unpack(run, archive=archive)
        repaired = repair(run, files=files)
        classes_beside_the_champion(run, repaired)
        if not dry_run:
            screened = screen(run, dataset=repaired)
            try:
                dataset = split(run, dataset=screened, repaired=repaired)
                balance(run, dataset=dataset)
            except BadDataset as error:  # what is wrong with the images is what an inspection is asked for
                run.journal.refused = str(error)
                say(f"{REFUSED}: {error}")
    return summary


def renames(run: Run) -> list[dict[str, Any]]:
    """Return what every folder became: folder, subset, label, why, count."""
    return list(read_table(run.store, _output(run, "repair"), "renames.csv").to_dict("records"))


def _show(run: Run, summary: dict[str, Any]) -> None:
    """Write the page into the run's folder, and what it shows into the dashboard."""
    summary["renames"] = renames(run)
    if summary["outcome"] == DRY_RUN:
        write_summary(run.store, summary)
        show_classes(run, summary)
        show_repair(run)
        return
    found = _found(run)
    files = write_page(found, run.store.read_blob)
    folder = run_folder(run.store, run.id)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    summary["findings"] = _findings(found)
    write_summary(run.store, summary)
    counted = "\n".join(f"- {name}: {count:,}" for name, count in summary["findings"].items())
    pictures = {name: data for name, data in files.items() if Path(name).suffix == ".png"}
    lines = [f"# {literal(found.title or found.name)}: the data", counted]
    if found.refused:
        lines.insert(1, f"**{REFUSED.capitalize()}:** {literal(found.refused)}")
    show_inspection(run, summary, pictures, lines)


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

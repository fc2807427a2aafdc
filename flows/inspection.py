"""Look at a recipe's data, up to the split, and train nothing."""

from pathlib import Path
from typing import Any

from prefect import flow

from evergreen.errors import BadDataset
from evergreen.recipe import load_recipe
from evergreen.reports.markdown import literal
from flows.dashboard.classes import show_classes
from flows.dashboard.run import show_inspection, show_repair
from flows.decision import classes_beside_the_champion
from flows.outcome import tells_outcome
from flows.say import say
from flows.started import started
from runs.run import Run
from runs.summaries.inspection import INSPECTED, renames, write_inspection
from storage.runs import write_summary
from tasks.data.acquire import acquire
from tasks.data.balance import balance
from tasks.data.probe import probe
from tasks.data.repair import repair
from tasks.data.screen import screen
from tasks.data.split import split
from tasks.data.unpack import unpack

DRY_RUN = "dry run"
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


def _show(run: Run, summary: dict[str, Any]) -> None:
    """Write the page into the run's folder, and what it shows into the dashboard."""
    if summary["outcome"] == DRY_RUN:
        summary["renames"] = renames(run)
        write_summary(run.store, summary)
        show_classes(run, summary)
        show_repair(run)
        return
    found, files = write_inspection(run, summary)
    counted = "\n".join(f"- {name}: {count:,}" for name, count in summary["findings"].items())
    pictures = {name: data for name, data in files.items() if Path(name).suffix == ".png"}
    lines = [f"# {literal(found.title or found.name)}: the data", counted]
    if found.refused:
        lines.insert(1, f"**{REFUSED.capitalize()}:** {literal(found.refused)}")
    show_inspection(run, summary, pictures, lines)

"""Diagnose a recipe's labels, and train nothing."""

from typing import Any

from prefect import flow

from flows.dashboard.diagnosis import show_diagnosis
from flows.dashboard.run import show_recipe
from flows.data import divided
from flows.folds import cross_validated
from flows.opening import open_store
from flows.outcome import tells_outcome
from flows.say import say
from flows.started import started
from runs.doctor import to_diagnose
from runs.run import Run
from runs.summaries.diagnosis import DIAGNOSED
from tasks.data.probe import probe
from tasks.model.diagnose import diagnose


@flow(name="doctor", flow_run_name="doctor {recipe}")
@tells_outcome
def doctor(
    recipe: str,
    overrides: list[str] | None = None,
    source: str | list[str] | None = None,
    store: str | None = None,
) -> dict[str, Any]:
    """Find wrong labels, outliers, near-duplicates under several labels: a ranked table; it decides nothing.

    Args:
        recipe: a name in recipes/, or the path of a YAML file.
        overrides: dotted.path=value pairs that replace values of the recipe.
        source: a path, an address or kaggle:OWNER/DATASET in place of the recipe's source; a list joins several.
        store: the folder of the store; EVERGREEN_STORE or .evergreen/ if empty.
    """
    wanted, said = to_diagnose(recipe, overrides, source, open_store(store))
    with started(wanted, store, DIAGNOSED, _show, "doctor") as (run, summary):
        if said:
            say(said)
        data = divided(run, probe(run))
        folds = (
            {"folds": cross_validated(run, data.screened, data.dataset, data.repaired)}
            if run.recipe.evaluate.folds
            else {}
        )
        diagnose(run, dataset=data.dataset, screened=data.screened, repaired=data.repaired, **folds)
    return summary


def _show(run: Run, summary: dict[str, Any]) -> None:
    """Show a diagnosis in the dashboard; what stands there of the recipe's model stays."""
    show_recipe(run)
    show_diagnosis(run, summary)

"""Cross-validation: every image is judged once, by a network that did not see it. No model comes of it."""

from functools import partial
from typing import Any

from prefect import flow

from flows.away import each, sending
from flows.dashboard.evaluation import show_folds
from flows.dashboard.run import show_recipe
from flows.data import divided
from flows.outcome import tells_outcome
from flows.say import say
from flows.started import started
from runs.folds import with_folds
from runs.run import Run
from runs.summaries.folds import CROSS_VALIDATED, fold_in_words
from runs.tables import read_json, read_notes
from storage.artifacts import Ref
from tasks.data.deal import deal
from tasks.data.probe import probe
from tasks.model.fold import fold
from tasks.model.folds import folds as pool


@flow(name="folds", flow_run_name="folds {recipe}")
@tells_outcome
def folds(
    recipe: str,
    overrides: list[str] | None = None,
    source: str | list[str] | None = None,
    store: str | None = None,
    folds: int | None = None,
    on: str | None = None,
) -> dict[str, Any]:
    """Cross-validate a recipe: it trains no final model, exports nothing, and touches no champion.

    Args:
        recipe: a name in recipes/, or the path of a YAML file.
        overrides: dotted.path=value pairs that replace values of the recipe.
        source: a path, an address or kaggle:OWNER/DATASET in place of the recipe's source; a list joins several.
        store: the folder of the store; EVERGREEN_STORE or .evergreen/ if empty.
        folds: how many; the recipe's evaluate.folds if empty, or 5 where it has none.
        on: ``dask``, or the address of a Dask scheduler; what EVERGREEN_DASK says, or this machine, if empty.
    """
    asked = with_folds(recipe, overrides, source, folds)
    with started(asked, store, CROSS_VALIDATED, _show, "folds") as (run, summary), sending(on, asked.evaluate.folds):
        data = divided(run, probe(run))
        cross_validated(run, data.screened, data.dataset, data.repaired)
    return summary


def cross_validated(run: Run, screened: Ref, dataset: Ref, repaired: Ref) -> Ref:
    """Deal the images into folds, train and judge each, and pool them; each fold is told as it ends.

    A fold is a task and a record of its own: what is done stays done, whatever stops the run. On a cluster all go on at
    once, and one that fails ends none of the others.

    Args:
        run: whose recipe has ``evaluate.folds``.
        screened: what screen published.
        dataset: what split published.
        repaired: what repair published.
    """
    dealt = deal(run, dataset=dataset, screened=screened, repaired=repaired)
    for note in read_notes(run.store, dealt):
        say(note)
    work = {n: partial(fold.numbered(n), run, dealt=dealt) for n in range(1, run.recipe.evaluate.folds + 1)}
    done = each(run, dealt, work, lambda number: say(fold_in_words(run, number)))
    pooled = pool(run, dealt=dealt, **{f"fold_{number}": ref for number, ref in done.items()})
    say(str(read_json(run.store, pooled, "folds.json")["words"]))
    return pooled


def _show(run: Run, summary: dict[str, Any]) -> None:
    """Show a cross-validation in the dashboard; what stands there of the recipe's model stays."""
    show_recipe(run)
    show_folds(run, summary)

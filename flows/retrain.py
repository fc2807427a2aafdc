"""The main job, from a source to a champion with verified exports, in the order of the step table."""

from typing import Any

from prefect import flow

from evergreen.errors import SourceChanged
from evergreen.recipe import load_recipe
from evergreen.vision.formats.catalogue.known import refuse_absent
from flows.away import sending
from flows.dashboard.run import show_in_dashboard
from flows.data import divided
from flows.decision import compared, retraining_is_due
from flows.drifting import look_for_drift
from flows.folds import cross_validated
from flows.form import Settings, as_overrides
from flows.outcome import tells_outcome
from flows.servers.deciding import deciding, must_decide
from flows.started import started
from flows.tracking import track
from runs.run import Run
from storage.errors import ArtifactDamaged, ArtifactMissing, ChampionMoved
from storage.runs import write_summary
from tasks.data.balance import balance
from tasks.data.probe import probe
from tasks.model.baseline import baseline
from tasks.model.diagnose import diagnose
from tasks.model.evaluate import evaluate
from tasks.model.reference import reference
from tasks.model.train import train
from tasks.release.bundle import bundle
from tasks.release.challenge import challenge
from tasks.release.compare import compare
from tasks.release.export import export
from tasks.release.promote import promote
from tasks.release.report import report
from tasks.release.verify import verify


@flow(name="retrain", flow_run_name="retrain {recipe}")
@tells_outcome
def retrain(
    recipe: str,
    overrides: list[str] | None = None,
    source: str | list[str] | None = None,
    store: str | None = None,
    settings: Settings | None = None,
    cure: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Retrain one recipe, redoing only what changed.

    Args:
        recipe: a name in recipes/, or the path of a YAML file.
        overrides: dotted.path=value pairs that replace values of the recipe.
        source: a path, an address or kaggle:OWNER/DATASET in place of the recipe's source; a list joins several.
        store: the folder of the store; EVERGREEN_STORE or .evergreen/ if empty.
        settings: values that replace the recipe's, as a form; what is left out stays as the recipe has it.
        cure: what `evergreen retrain --cure` chose; its pairs are among the overrides, the report has before and after.
    """
    chosen = [*(overrides or []), *as_overrides(settings)]
    with started(load_recipe(recipe, chosen, source), store, show=_tell) as (run, summary), sending():
        run.journal.cure = cure
        must_decide(run)
        refuse_absent(run.recipe.export.formats)
        try:
            steps(run)
        except (ArtifactDamaged, ArtifactMissing, SourceChanged, ChampionMoved):
            # What was damaged is gone now, so the step that made it is a miss: once more, and only that is done again.
            # A source that was replaced between probe and acquire is asked again. A challenger that was compared while
            # another run promoted its own meets the new champion.
            steps(run)
    return summary


def _tell(run: Run, summary: dict[str, Any]) -> None:
    """Tell the trackers of the run, and show it in the dashboard."""
    if told := track(run, summary):
        summary["tracking"] = told
        write_summary(run.store, summary)
    show_in_dashboard(run, summary)


def steps(run: Run) -> None:
    """Call every step, each with what the earlier ones gave; end before training where too little changed."""
    token = probe(run)
    since = compared(run, token)
    data = divided(run, token)
    repaired, screened, dataset = data.repaired, data.screened, data.dataset
    look_for_drift(run, since.baseline if since else None, data)
    weights = balance(run, dataset=dataset)
    if not retraining_is_due(run, since, dataset, weights):
        return
    model = train(run, dataset=dataset, weights=weights)
    evaluation = evaluate(run, dataset=dataset, model=model)
    kept = reference(run, dataset=dataset, model=model, evaluation=evaluation, screened=screened, repaired=repaired)
    probed = baseline(run, dataset=dataset)
    folds = {"folds": cross_validated(run, screened, dataset, repaired)} if run.recipe.evaluate.folds else {}
    diagnosed = diagnose(run, dataset=dataset, screened=screened, repaired=repaired, **folds)
    exports = export(run, dataset=dataset, model=model, evaluation=evaluation)
    verification = verify(run, dataset=dataset, model=model, exports=exports)
    challenger = bundle(
        run, dataset=dataset, model=model, evaluation=evaluation, exports=exports, verification=verification
    )
    champion = challenge(run, challenger=challenger)
    comparison = compare(
        run,
        screened=screened,
        dataset=dataset,
        evaluation=evaluation,
        verification=verification,
        champion=champion,
    )
    report(
        run,
        repaired=repaired,
        screened=screened,
        dataset=dataset,
        weights=weights,
        model=model,
        evaluation=evaluation,
        reference=kept,
        probed=probed,
        diagnosed=diagnosed,
        exports=exports,
        verification=verification,
        comparison=comparison,
        **folds,
    )
    with deciding(run):
        promote(run, challenger=challenger, champion=champion, comparison=comparison)

"""Drift, before training: are the new images like those that the earlier model was judged by? Said, shown, an event."""

from prefect.context import FlowRunContext
from prefect.events import emit_event

from evergreen.errors import EvergreenError
from evergreen.images.processors import of_this_step, threads_of
from flows.data import Divided as Data
from flows.say import say
from runs.changes import Baseline
from runs.drifting.comparing import Divided, Model, not_compared, of_dataset
from runs.run import Run
from storage.errors import StoreError

# What the server hears when drift is found; its resource is evergreen.recipe.NAME.
DRIFT_FOUND = "evergreen.drift.found"
RESOURCE = "evergreen.recipe"


def look_for_drift(run: Run, baseline: Baseline | None, data: Data) -> None:
    """Hold images that the earlier model's run had not seen against its reference, and note it in the journal.

    Nothing of it is an input of a training, so it changes none; nor does a run fail where it cannot be done.

    Args:
        run: that has divided its images.
        baseline: the earlier model; None if there is none.
        data: what was divided.
    """
    if baseline is None or not {"train", "split"} <= set(baseline.outputs):
        return
    model = Model(baseline.run, baseline.outputs["train"], baseline.outputs["split"])
    # TensorFlow keeps the number of threads that it starts with, so it starts with the training's.
    token = of_this_step.set(threads_of(run.recipe.train))
    try:
        found = of_dataset(run, model, Divided(data.dataset, data.screened, data.repaired), say)
    except (EvergreenError, StoreError) as error:
        found = not_compared(f"{type(error).__name__}: {error}", model)
    finally:
        of_this_step.reset(token)
    run.journal.drift = found
    say(found["words"])


def tell_of_drift(run: Run, *, retrains: bool) -> None:
    """Emit an event where drift was found, whether or not something is retrained; once for the same images.

    Args:
        run: with its journal.
        retrains: whether the run goes on to training.
    """
    found = run.journal.drift
    if not found or found["verdict"] != "drift" or "first" in found or not FlowRunContext.get():
        return
    sources = [source["name"] for source in found["sources"] if source["found"]]
    emit_event(
        event=DRIFT_FOUND,
        resource={
            "prefect.resource.id": f"{RESOURCE}.{run.recipe.name}",
            "prefect.resource.name": run.recipe.name,
        },
        payload={
            "recipe": run.recipe.name,
            "run": run.id,
            "p": found["p"],
            "words": found["words"],
            "sources": sources,
            "retrains": retrains,
        },
    )

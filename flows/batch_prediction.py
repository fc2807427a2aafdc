"""The flow ``predict``: a batch of images through a model; files for programs, a table and a sheet for people."""

import base64
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from evergreen.errors import BadInput
from evergreen.reports.predictions import Prediction
from flows.dashboard.reasons import reason_in
from flows.opening import open_store
from flows.outcome import rename
from flows.say import say
from flows.scheduling.fresh import keep_form_fresh
from flows.servers.deciding import decided_elsewhere
from runs.answering.prediction import Job, Request, answer, refuse_in_batch, understand
from runs.answering.prediction_files import as_json, counts, in_words, print_csv, sheet_at, written
from runs.run import new_id
from storage.in_use import in_use
from storage.runs import run_folder, write_summary
from tasks.telling import listen

PREDICTED = "predicted"
_MOST_ROWS = 500


@flow(name="predict", flow_run_name="predict")
def predict(
    paths: list[str] | None = None,
    sample: int = 0,
    unlabelled: bool = False,
    seed: int = 0,
    recipe: str | None = None,
    model: str | None = None,
    format: str | None = None,  # noqa: A002 - the name of the parameter in the dashboard
    top: int = 3,
    store: str | None = None,
) -> dict[str, Any]:
    """Classify a batch of images; bad files are listed, and the rest is done.

    Args:
        paths: files, folders, patterns and URLs, as the worker sees them; or else one of the next two.
        sample: so many random test images of the model's own dataset, through TFLite unless a format is named.
        unlabelled: the images without labels of the model's own dataset.
        seed: of the sample.
        recipe: whose champion answers; the newest run's recipe if empty.
        model: a run's id, a digest, or the path of an exported file or folder.
        format: keras, or an export format.
        top: how many classes are listed.
        store: the folder of the store; EVERGREEN_STORE or .evergreen/ if empty.

    Returns:
        id, recipe, outcome, folder, model, and counts: images, bad, and unsure and right where they are known.
    """
    request = Request(tuple(paths or ()), sample, unlabelled, seed, recipe, model, format, top)
    name = recipe or "model"
    outcome = "failed"
    listen()
    keep_form_fresh()
    try:
        refuse_in_batch(request)
        opened = open_store(store)
        with in_use(opened):
            job = understand(request, opened)
            name = job.meant.recipe or name
            if elsewhere := decided_elsewhere(opened, name):
                say(elsewhere)
            summary = _predict(job)
        outcome = in_words(summary["counts"])
    except Exception as error:
        outcome = reason_in(f"{type(error).__name__}: {error}")
        raise
    finally:
        rename(f"predict {name}: {outcome}")
    if summary["counts"]["bad"] == summary["counts"]["images"]:
        raise BadInput(f"none of {summary['counts']['images']} images could be used: see {summary['folder']}")
    return summary


def _predict(job: Job) -> dict[str, Any]:
    """Classify, and leave the answers in the run's folder and in the dashboard."""
    run_id = new_id()
    folder = run_folder(job.store, run_id)
    folder.mkdir(parents=True)
    sheet = sheet_at(folder / "sheet.png")
    predictions = list(answer(job, sheet))
    summary = _summary(run_id, folder, job, predictions)
    with written(folder / "predictions.csv") as file:
        print_csv(file, job, predictions)
    with written(folder / "predictions.json") as file:
        file.write(as_json(job, predictions))
    write_summary(job.store, summary)
    _show(job, predictions, summary, folder / "sheet.png" if sheet.pages else None)
    return summary


def _summary(run_id: str, folder: Path, job: Job, predictions: list[Prediction]) -> dict[str, Any]:
    return {
        "id": run_id,
        "recipe": job.meant.recipe,
        "outcome": PREDICTED,
        "folder": str(folder),
        "model": job.as_json(),
        "counts": counts(predictions),
        "steps": [],
        "metrics": {},
        "exports": [],
    }


def _show(job: Job, predictions: list[Prediction], summary: dict[str, Any], sheet: Path | None) -> None:
    """Show the answers, those that could not be used first, and the first page of the contact sheet."""
    recipe = job.meant.recipe or "model"
    caution = f". Caution: {job.meant.caution}" if job.meant.caution else ""
    found = f"Run {summary['id']}: {in_words(summary['counts'])}{caution}"
    rows = [_row(one) for one in sorted(predictions, key=lambda one: not one.error)[:_MOST_ROWS]]
    create_table_artifact(key=f"{recipe}-predictions", table=rows, description=found)
    if sheet:
        picture = base64.b64encode(sheet.read_bytes()).decode()
        text = f"# {recipe}: predictions\n\n{found}\n\n![contact sheet](data:image/png;base64,{picture})"
        create_markdown_artifact(key=f"{recipe}-contact-sheet", markdown=text, description=found)


def _row(one: Prediction) -> dict[str, Any]:
    label, probability = one.top[0] if one.top else ("", None)
    unsure = "" if one.unsure is None else "yes" if one.unsure else "no"
    row = {"image": one.image, "label": label, "probability": probability, "unsure": unsure, "error": one.error}
    return row | ({"truth": one.truth} if one.truth is not None else {})

"""Tell MLflow of a sweep: a parent run, and below it a run a trial, so that its own parallel coordinates can be drawn.

A sweep has an experiment beside the recipe's, so that no retraining stands among its trials. What was told once is
found again by its tag, so telling twice makes one parent run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from evergreen.errors import TrackingFailed
from evergreen.sweeping.found import is_finite
from evergreen.sweeping.naming import trial_name
from evergreen.sweeping.over import over_text
from evergreen.sweeping.states import ENDED, FAILED
from evergreen.sweeping.values import value_text
from evergreen.tracking.mlflow_log import client_of, experiment_of, log, without_telemetry

if TYPE_CHECKING:
    from mlflow import MlflowClient

_SWEEP, _OF_SWEEP, _PARENT = "evergreen.sweep", "evergreen.of_sweep", "mlflow.parentRunId"
_METRICS = ("val_accuracy", "val_loss", "accuracy", "loss")
_TOLD = ("recipe", "name", "method", "prune", "planned", "parallel", "threads", "search_seed", "where", "validation")
_LONGEST = 250  # characters of a name or a tag
_STATUS = dict.fromkeys(ENDED, "FINISHED") | {FAILED: "FAILED"}


def tell(uri: str, sweep: Mapping[str, Any]) -> dict[str, Any]:
    """Log a sweep, unless it is logged already, and return how MLflow names it: ``run_id``, ``experiment``, ``uri``.

    A trial's values are parameters. What it reached at its kept epoch are the metrics val_accuracy, val_loss, accuracy
    and loss, and those of each epoch the same below ``epochs/``, for MLflow draws the last number of a metric. A pruned
    trial is a run that was killed, a failed one a run that failed; one that never began has none.

    Args:
        uri: as in ``mlflow_log.tell``: without credentials, which stand in MLflow's own variables.
        sweep: values of ``sweep.json``.

    Raises:
        TrackingFailed: MLflow cannot be reached, or refuses.
    """
    without_telemetry()
    from mlflow.exceptions import MlflowException

    try:
        client = client_of(uri)
        name = f"{sweep['recipe']}-sweeps"
        experiment = experiment_of(client, uri, name)
        told = f"tags.`{_SWEEP}` = '{sweep['id']}' and attributes.status = 'FINISHED'"
        earlier = client.search_runs([experiment], told)
        run_id = earlier[0].info.run_id if earlier else _log(client, experiment, sweep)
        return {"run_id": str(run_id), "experiment": name, "uri": uri}
    except (MlflowException, OSError) as error:
        raise TrackingFailed(f"track.mlflow: {uri} could not be told of the sweep: {str(error)[:300]}") from error


def _log(client: MlflowClient, experiment: str, sweep: Mapping[str, Any]) -> str:
    """Make the parent run and its trials' runs; one that fails midway leaves none that is finished."""
    began = round(datetime.fromisoformat(sweep["began"]).timestamp() * 1000)
    tags = {_SWEEP: sweep["id"], "evergreen.outcome": sweep["outcome"], **_said(sweep)}
    parent = client.create_run(experiment, start_time=began, run_name=f"{sweep['name']} {sweep['id']}", tags=tags)
    parent_id = str(parent.info.run_id)
    try:
        over = {f"over.{path}": over_text(of.get("choices", of)) for path, of in sweep["over"].items()}
        params = {name: sweep[name] for name in _TOLD} | over
        best = next((trial for trial in sweep["trials"] if trial["number"] == sweep["best"]), None)
        log(client, parent_id, params, _reached(best, began) if best else [])
        for trial in sweep["trials"]:
            if trial["state"] != "waiting":
                _log_trial(client, experiment, parent_id, sweep, trial, began)
    except BaseException:
        client.set_terminated(parent_id, "FAILED")
        raise
    client.set_terminated(parent_id, "FINISHED", began + round(1000 * sweep["seconds"]))
    return parent_id


def _log_trial(
    client: MlflowClient,
    experiment: str,
    parent: str,
    sweep: Mapping[str, Any],
    trial: Mapping[str, Any],
    began: int,
) -> None:
    start = began + round(1000 * (trial["began_at"] or 0))
    tags = {
        _PARENT: parent,
        _OF_SWEEP: sweep["id"],
        "evergreen.trial": str(trial["number"]),
        "evergreen.state": trial["state"],
        "evergreen.best": str(trial["number"] == sweep["best"]).lower(),
    }
    tags |= {"evergreen.why": trial["why"][:_LONGEST]} if trial["why"] else {}
    run = client.create_run(experiment, start_time=start, run_name=trial_name(trial)[:_LONGEST], tags=tags)
    run_id = str(run.info.run_id)
    # As --set takes them, but for quotes: MLflow draws what it can read as a number on a scale.
    values = {path: value if isinstance(value, str) else value_text(value) for path, value in trial["values"].items()}
    log(client, run_id, values, [*_reached(trial, start), *_epochs(trial, start)])
    status = _STATUS.get(trial["state"], "KILLED")
    client.set_terminated(run_id, status, start + round(1000 * (trial["seconds"] or 0)))


def _said(sweep: Mapping[str, Any]) -> dict[str, str]:
    """Return what the sweep found, in words, as tags."""
    said = {"lead": (sweep["lead"] or {}).get("words"), "optimism": sweep["optimism"], "next": sweep["next"]}
    return {f"evergreen.{name}": words for name, words in said.items() if words}


def _reached(trial: Mapping[str, Any], time: int) -> list[Any]:
    """Return what a trial reached at its kept epoch, and in the mean of its seeds and with each of them."""
    from mlflow.entities import Metric

    values = {name: trial[name] for name in _METRICS}
    if len(trial["seeds"]) > 1:
        values |= {f"seeds/{one['seed']}": one["val_accuracy"] for one in trial["seeds"]}
    return [Metric(name, float(value), time, 0) for name, value in values.items() if is_finite(value)]


def _epochs(trial: Mapping[str, Any], time: int) -> Iterator[Any]:
    """Yield every metric of every epoch; the step is the epoch's number over all phases, from 1."""
    from mlflow.entities import Metric

    for step, row in enumerate(trial["history"], start=1):
        yield from (Metric(f"epochs/{name}", float(row[name]), time, step) for name in _METRICS if is_finite(row[name]))

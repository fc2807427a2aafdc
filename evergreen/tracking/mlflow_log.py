"""Tell MLflow of a run: parameters, metrics of every epoch, dataset, models, report, exports, registered model.

MLflow's own client does it. What was told once is found again by its tag, so telling twice makes one MLflow run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from evergreen.errors import TrackingFailed

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient

CHAMPION = "champion"
_ID, _RUN = "evergreen.model", "evergreen.run"
_MOST_AT_ONCE = 100
_LONGEST = 500


@dataclass(frozen=True)
class Told:
    """What a run has to tell.

    Attributes:
        recipe: the recipe's name: the experiment, and the registered model.
        run: our run's id.
        model: digest of the model artifact: what makes one tracked run another than the next.
        settings: the recipe, nested.
        digests: step -> digest of what it gave.
        dataset: digest, counts by split, classes, and how many folders were renamed, merged and so on.
        history: one row an epoch, over all phases; see ``vision.train``.
        metrics: split -> metric -> value.
        files: path below the MLflow run's artifacts -> file here.
    """

    recipe: str
    run: str
    model: str
    settings: Mapping[str, Any]
    digests: Mapping[str, str]
    dataset: Mapping[str, Any]
    history: pd.DataFrame
    metrics: Mapping[str, Mapping[str, float]]
    files: Mapping[str, Path]


def tell(uri: str, told: Told) -> dict[str, Any]:
    """Log a run, unless it is logged already, and return how MLflow names it: ``run_id``, ``version``, ``uri``.

    Args:
        uri: of a tracking server, or ``sqlite:///PATH``, whose artifacts lie in ``mlartifacts`` beside that file.
        told: what is logged.

    Raises:
        TrackingFailed: MLflow cannot be reached, or refuses.
    """
    without_telemetry()
    from mlflow.exceptions import MlflowException

    try:
        client = client_of(uri)
        experiment = experiment_of(client, uri, told.recipe)
        earlier = client.search_runs([experiment], f"tags.`{_ID}` = '{told.model}' and attributes.status = 'FINISHED'")
        run_id = earlier[0].info.run_id if earlier else _log(client, experiment, told)
        return {"run_id": run_id, "version": _version(client, told, run_id), "uri": uri}
    except (MlflowException, OSError) as error:
        raise TrackingFailed(f"track.mlflow: {uri} could not be told of the run: {str(error)[:300]}") from error


def name_champion(uri: str, recipe: str, model: str) -> str | None:
    """Let the alias ``champion`` stand for the version that holds a model, and return that version; None if none does.

    Args:
        uri: as in ``tell``.
        recipe: name of the registered model.
        model: digest of the model artifact.

    Raises:
        TrackingFailed: MLflow cannot be reached, or refuses.
    """
    without_telemetry()
    from mlflow.exceptions import MlflowException

    try:
        client = client_of(uri)
        found = [version for version in _versions(client, recipe) if version.tags.get(_ID) == model]
        if not found:
            return None
        client.set_registered_model_alias(recipe, CHAMPION, found[0].version)
        return str(found[0].version)
    except (MlflowException, OSError) as error:
        raise TrackingFailed(f"track.mlflow: {uri} could not be told of the champion: {str(error)[:300]}") from error


def without_telemetry() -> None:
    """Keep MLflow's client, before it is imported, from telling its makers; whoever says otherwise is obeyed.

    Its thread also changes the environment while requests read it, and one of them then fails with a KeyError.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


def client_of(uri: str) -> MlflowClient:
    """Return a client that tracks and registers at one address."""
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def experiment_of(client: MlflowClient, uri: str, name: str) -> str:
    """Return the id of an experiment, made if it is not there."""
    found = client.get_experiment_by_name(name)
    if found:
        return str(found.experiment_id)
    # Without a server MLflow would put artifacts into the working folder, wherever that is.
    database = urlsplit(uri)
    beside = Path(database.path.removeprefix("/")).absolute().parent if database.scheme == "sqlite" else None
    return str(client.create_experiment(name, artifact_location=(beside / "mlartifacts").as_uri() if beside else None))


def _log(client: MlflowClient, experiment: str, told: Told) -> str:
    from mlflow.entities import Metric, RunTag

    tags = {_RUN: told.run, _ID: told.model, **{f"evergreen.{step}": digest for step, digest in told.digests.items()}}
    run = client.create_run(experiment, run_name=f"{told.recipe} {told.run}", tags=tags)
    run_id = str(run.info.run_id)
    try:
        params = dict(_flat(told.settings)) | {f"dataset.{name}": value for name, value in _flat(told.dataset)}
        metrics = list(_epochs(told.history, run.info.start_time))
        metrics += [
            Metric(f"{split}_{name}", float(value), run.info.start_time, 0)
            for split, values in told.metrics.items()
            for name, value in values.items()
            if isinstance(value, int | float)
        ]
        log(client, run_id, params, metrics)
        client.log_batch(run_id, tags=[RunTag("evergreen.classes", ", ".join(told.dataset.get("classes", ())))])
        for name, file in told.files.items():
            folder = name.rpartition("/")[0]
            client.log_artifact(run_id, str(file), folder or None)
    except BaseException:
        client.set_terminated(run_id, "FAILED")
        raise
    client.set_terminated(run_id, "FINISHED")
    return run_id


def log(client: MlflowClient, run_id: str, params: Mapping[str, Any], metrics: Sequence[Any]) -> None:
    """Log parameters, cut where MLflow would refuse them, and metrics, so many at once as it takes."""
    from mlflow.entities import Param

    given = [Param(name, str(value)[:_LONGEST]) for name, value in params.items()]
    for start in range(0, len(given), _MOST_AT_ONCE):
        client.log_batch(run_id, params=given[start : start + _MOST_AT_ONCE])
    for start in range(0, len(metrics), _MOST_AT_ONCE):
        client.log_batch(run_id, metrics=metrics[start : start + _MOST_AT_ONCE])


def _epochs(history: pd.DataFrame, time: int) -> Iterator[Any]:
    """Yield every metric of every epoch; the step is the epoch's number over all phases, from 1."""
    from mlflow.entities import Metric

    names = [name for name in history.columns if name not in ("epoch", "kept")]
    for step, row in enumerate(history.to_dict("records"), start=1):
        yield from (Metric(name, float(row[name]), time, step) for name in names)


def _version(client: MlflowClient, told: Told, run_id: str) -> str:
    """Return the registered version of a run's model, made if it is not there."""
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(told.recipe)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    found = [version for version in _versions(client, told.recipe) if version.run_id == run_id]
    if not found:
        source = f"{client.get_run(run_id).info.artifact_uri}/model"
        tags = {_ID: told.model, _RUN: told.run}
        found = [client.create_model_version(told.recipe, source=source, run_id=run_id, tags=tags)]
    return str(found[0].version)


def _versions(client: MlflowClient, name: str) -> list[Any]:
    return list(client.search_model_versions(f"name = '{name}'"))


def _flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted names and plain values; lists of sections by number."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{name}.")
        elif isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
            for number, item in enumerate(value):
                yield from _flat(item, f"{path}{name}.{number}.")
        elif value is not None:
            yield f"{path}{name}", value

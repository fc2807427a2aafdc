"""flows.tracking: a run is told of once it has a report, and a tracker that is not there fails no run."""

import pandas as pd
import pytest

from evergreen.errors import TrackingFailed
from evergreen.recipe import load_recipe
from evergreen.tables import to_csv
from flows import tracking
from runs.run import Entry, Run
from runs.tables import publish_dataset, to_json
from storage.runs import run_folder
from storage.store import Store

HISTORY = pd.DataFrame(
    {"phase": [1], "epoch": [1], "loss": [0.9], "accuracy": [0.5], "val_loss": [1.0], "val_accuracy": [0.4],
     "learning_rate": [0.1], "kept": [True]}
)  # fmt: skip
LABELS = {"labels": {"renamed": [{"folder": "Cat"}], "merged": [], "notes": ["a word"], "dropped": {}}}
DATASET = pd.DataFrame({"path": ["a", "b"], "split": ["train", "test"]})


@pytest.fixture
def run(store: Store) -> Run:
    """A run that came to its report, of a recipe with both trackers."""
    run = Run.new(store, load_recipe("digits", ["track={tensorboard: true, mlflow: 'http://127.0.0.1:9'}"]))
    run_folder(store, run.id).mkdir(parents=True)
    outputs = {
        "split": publish_dataset(store, DATASET, ["cat"]),
        "train": store.publish("model", {"history.csv": to_csv(HISTORY), "model.keras": b"m"}),
        "evaluate": store.publish("evaluation", {"metrics.json": to_json({})}),
        "report": store.publish("report", {}),
    }
    for name, output in outputs.items():
        run.journal.add(Entry(name, "ran", "first run", output=output))
    return run


def test_what_is_told_is_what_the_run_made(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = []
    monkeypatch.setattr(tracking.mlflow_log, "tell", lambda uri, told: heard.append((uri, told)) or {"run_id": "r"})
    probed = {"accuracy": 0.75, "standing": "better"}
    told = tracking.track(run, LABELS | {"metrics": {"views": {"accuracy": 0.5}}, "baseline": probed})
    assert told == {"tensorboard": str(run_folder(run.store, run.id) / "tensorboard"), "mlflow": {"run_id": "r"}}
    assert (run_folder(run.store, run.id) / "tensorboard" / "train").is_dir()
    ((uri, what),) = heard
    assert (uri, what.run, set(what.files)) == ("http://127.0.0.1:9", run.id, {"model/model.keras"})
    assert what.metrics == {"views": {"accuracy": 0.5}, "baseline": probed}
    assert what.dataset | {"digest": ""} == {
        "digest": "", "classes": ["cat"], "folders": {"renamed": 1}, "images.train": 1, "images.test": 1,
    }  # fmt: skip


def test_a_tracker_that_fails_fails_no_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise TrackingFailed("nobody answers")

    monkeypatch.setattr(tracking.mlflow_log, "tell", fail)
    assert tracking.track(run, LABELS)["mlflow"] == {"error": "nobody answers"}


def test_without_a_report_nothing_is_told(run: Run) -> None:
    del run.journal.entries["report"]
    assert tracking.track(run, {}) == {}

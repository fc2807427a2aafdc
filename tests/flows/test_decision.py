"""flows.decision: thresholds of new images and of age; and what changed since the last model, from a real store."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command import Command
from releases import crown, make_release

from evergreen.datasets.changes import ImageChanges
from evergreen.recipe import load_recipe
from evergreen.sections.release import RetrainWhen
from flows.decision import classes_beside_the_champion, decide, retraining_is_due
from flows.retrain import retrain
from runs.changes import Changes
from runs.run import Run, listener
from runs.tables import publish_dataset
from storage.store import Store

NONE = Changes(source=("v1", "v1"), recipe=[], code=[], libraries=[], training=[], images=ImageChanges(100, 0, 0, 0))
NINE = dataclasses.replace(NONE, images=ImageChanges(100, 6, 50, 3))


@pytest.mark.parametrize(
    ("when", "changes", "age", "due", "reason"),
    [
        ({}, NONE, 0, True, "retrain_when sets no threshold"),
        ({"min_new_share": 0.1}, NINE, 400, False, "9.0% of the images are new, below 10.0%"),
        ({"min_new_share": 0.09}, NINE, 0, True, "9.0% of the images are new, at least 9.0%"),
        ({"max_age_days": 30}, NINE, 29.9, False, "the model is 29.9 days old, below 30"),
        ({"max_age_days": 30}, NONE, 30, True, "the model is 30.0 days old, at least 30"),
        (
            {"min_new_share": 0.5, "max_age_days": 30}, NINE, 3, False,
            "9.0% of the images are new, below 50.0%, and the model is 3.0 days old, below 30",
        ),
        ({"min_new_share": 0.5, "max_age_days": 30}, NINE, 31, True, "the model is 31.0 days old, at least 30"),
        (
            {"min_new_share": 0.5}, dataclasses.replace(NONE, training=["seed: 1 -> 2"]), 0, True,
            "the recipe changed: seed: 1 -> 2",
        ),
        ({"min_new_share": 0.5}, dataclasses.replace(NONE, code=["code of x"], libraries=["keras"]), 0, False, ""),
        ({"min_new_share": 0.5}, dataclasses.replace(NONE, images=None), 0, True, "the champion's dataset is no"),
    ],
)  # fmt: skip
def test_one_threshold_that_is_reached_is_enough(
    when: dict[str, Any], changes: Changes, age: float, due: bool, reason: str
) -> None:
    decided, why = decide(RetrainWhen(**when), changes, age)
    assert (decided, why.startswith(reason)) == (due, True), why


def _drifted(p: float | None) -> dict[str, Any]:
    return {"p": p, "words": "New images were not compared: there are none."}


@pytest.mark.parametrize(
    ("drift", "due", "reason"),
    [
        (_drifted(0.002), True, "new images differ from those that the model was judged by (p = 0.002, below 0.01)"),
        (_drifted(0.3), False, "no drift was found (p = 0.3)"),
        (_drifted(None), False, "new images were not compared: there are none"),
        (None, False, "new images were not compared"),
    ],
)
def test_drift_makes_a_run_due_and_what_was_not_compared_does_not(
    drift: dict[str, Any] | None, due: bool, reason: str
) -> None:
    assert decide(RetrainWhen(drift=0.01), NINE, 0, drift) == (due, reason)
    assert decide(RetrainWhen(), NONE, 0, drift)[0]  # without a threshold, as before


class Heard:
    """Remembers what is said."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """Remember it."""
        self.notes.append(text)


@pytest.fixture
def heard() -> Iterator[list[str]]:
    hearing = Heard()
    token = listener.set(hearing)  # type: ignore[arg-type]
    yield hearing.notes
    listener.reset(token)


def test_other_classes_than_the_champions_are_said_before_the_training(store: Store, heard: list[str]) -> None:
    run = Run.new(store, load_recipe("digits"))
    dataset = publish_dataset(store, pd.DataFrame(columns=["path"]), ["monday", "tuesday"])
    assert retraining_is_due(run, None, dataset, dataset)
    assert (heard, run.journal.class_changes) == ([], None)  # there is no champion
    release = make_release(store, "a", classes=["cat", "dog"]).sha256
    crown(store, release, "run")
    assert retraining_is_due(run, None, dataset, dataset)
    assert run.journal.class_changes
    assert run.journal.class_changes["new"] == ["monday", "tuesday"]
    assert heard == [run.journal.class_changes["summary"]]
    assert f"release {release[:12]}: new: monday, tuesday; gone: cat, dog." in heard[0]


def test_a_champion_that_cannot_be_read_is_said_and_ends_no_run(store: Store, heard: list[str]) -> None:
    run = Run.new(store, load_recipe("digits"))
    crown(store, "ab" * 32, "run")
    classes_beside_the_champion(run, publish_dataset(store, pd.DataFrame(columns=["path"]), ["a", "b"]))
    assert heard[0].startswith("whether the classes are the champion's is not known: ")


def test_below_the_threshold_a_run_ends_before_training_and_says_what_changed(
    tmp_path: Path, png: Callable[..., bytes], prefect_server: str
) -> None:
    photos = tmp_path / "photos"
    for label, grey in (("dark", 20), ("bright", 190)):
        (photos / label).mkdir(parents=True)
        for seed in range(30):
            (photos / label / f"{seed}.png").write_bytes(png(seed + grey, (8, 8), (grey, grey, grey)))
    command = Command(tmp_path / "store")
    settings = [
        "repair.classes=[dark, bright]", "split={method: stable, validation: 0.2, test: 0.2}",
        "image={height: 8, width: 8}", "train.cnn=[{filters: 4}]", "train.head={pooling: average}",
        "train.phases=[{epochs: 1, learning_rate: 0.01, batch: 32}]", "evaluate.shortcut_images=0",
        "export.formats=[tflite-float32]",
    ]  # fmt: skip

    def retrained(*thresholds: str) -> dict[str, Any]:
        return retrain("digits", [*settings, *thresholds], str(photos), str(command.root))

    first = retrained()
    assert first["decision"] == {"retrain": True, "reason": "there is no earlier model"}

    (photos / "dark/new.png").write_bytes(png(1000, (8, 8)))
    (photos / "bright/3.png").rename(photos / "dark/3 moved.png")
    (photos / "bright/4.png").unlink()
    options = [part for value in (*settings, "retrain_when.min_new_share=0.5") for part in ("--set", value)]
    said = command("retrain", "digits", "--source", str(photos), *options, server=prefect_server)
    assert said.returncode == 0, said.stderr
    assert "Not retrained: 3.3% of the images are new, below 50.0%." in said.stdout
    assert "report.html" not in said.stdout
    assert "2 classes, in the order of the model's scores: images that are used" in said.stdout
    assert "images: 1 added, 1 removed, 1 relabelled, 60 now (3.3% new)" in said.stderr
    below = json.loads(max(command.root.glob("runs/*/run.json")).read_text())
    assert below["outcome"] == "not retrained"
    assert [step["name"] for step in below["steps"]][-1] == "balance"
    decision = below["decision"]
    assert (decision["retrain"], decision["compared_with"]) == (False, first["id"])
    counts = {"total": 60, "added": 1, "removed": 1, "relabelled": 1}
    assert {name: decision["images"][name] for name in counts} == counts
    assert {decision["changes"][what] for what in ("recipe", "code", "libraries")} == {"the same"}
    assert " -> folder " in decision["changes"]["source"]
    run, shown = _newest_decision()
    assert run.name == "retrain digits: not retrained"
    assert (run.state.name, run.state.message.split(": ")[0]) == ("Completed", "not retrained")
    assert "3.3% of the images are new, below 50.0%" in run.state.message
    assert shown.startswith("# Not retrained\n")
    assert "| images | 1 added, 1 removed, 1 relabelled, 60 now (3.3% new) |" in shown

    reached = retrained("retrain_when.min_new_share=0.03")
    assert (reached["outcome"], reached["decision"]["retrain"]) == ("completed", True)
    assert {step["name"] for step in reached["steps"] if step["state"] == "ran"} >= {"train", "report"}
    assert _newest_decision()[1].startswith("# Retrained\n")
    again = retrained("retrain_when.min_new_share=0.03")
    assert again["outcome"] == "completed"
    assert {step["state"] for step in again["steps"]} == {"reused"}
    assert again["decision"]["reason"] == "the training is known already"
    assert _newest_decision()[1].startswith("# Nothing changed\n")


def _newest_decision() -> tuple[Any, str]:
    """Return the newest run, and the decision that the dashboard shows of it."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
    from prefect.client.schemas.sorting import FlowRunSort

    with get_client(sync_client=True) as client:
        (run,) = client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=1)
        key = ArtifactFilter(key=ArtifactFilterKey(any_=["digits-decision"]))
        (shown,) = [found for found in client.read_artifacts(artifact_filter=key) if found.flow_run_id == run.id]
    return run, str(shown.data)

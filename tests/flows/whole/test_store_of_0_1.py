"""A store that version 0.1 wrote: it opens, its champion stays champion, and what is said of it is true."""

import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from command import EVERGREEN

from evergreen.recipe import Recipe, load_recipe
from evergreen.steps import STEPS
from runs.answering.model_meant import in_format, model_meant
from runs.changes import baseline_of, changes_since
from runs.keys import key_parts, nearest_earlier
from runs.plan import plan
from runs.releases import find_release, whole_parts_of
from runs.run import Entry, Run
from runs.summaries.summary import finish, newest_run, run_summary
from runs.tables import read_json
from runs.why import why
from storage.artifacts import Ref
from storage.champions import Champions
from storage.steps import lineage
from storage.steps.records import Records
from storage.store import Store

ARCHIVE = Path(__file__).parents[2] / "support" / "evergreen-0.1.tar.xz"
RELEASE = "4df0f0740ea3adb815c08cd80e6f25bac6bf3872905af5374add71be9b638d1b"
MODEL = "c7625dbe2ff07370bc17273b5999fcd732082a8ec6401f35ba2c35f9e70a34d2"


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store, in a working folder that also has its recipe and its photos."""
    with tarfile.open(ARCHIVE) as packed:
        packed.extractall(tmp_path, filter="data")
    monkeypatch.chdir(tmp_path)
    return Store(tmp_path / "store")


@pytest.fixture
def recipe(old: Store) -> Recipe:
    return load_recipe("photos.yaml")


def _outputs(store: Store) -> dict[str, Ref]:
    return {step["name"]: store.manifest(step["output"]).ref() for step in run_summary(store, None)["steps"]}


def test_its_champion_is_champion_and_whole(old: Store) -> None:
    champions = Champions(old.root)
    assert champions.recipes() == ["photos"]
    assert champions.current("photos") == RELEASE
    assert [event.event for event in champions.history("photos")] == ["promoted"]
    assert find_release(old, MODEL[:8]) == RELEASE
    assert whole_parts_of(old, RELEASE)["model"].sha256 == MODEL


def test_its_model_is_the_one_that_answers(old: Store) -> None:
    meant = model_meant(old, "photos", None)
    run = newest_run(old, "photos", RELEASE)
    assert run is not None
    assert (meant.recipe, meant.run, meant.model) == ("photos", run["id"], MODEL)
    assert in_format(old, meant, "tflite").exports == whole_parts_of(old, RELEASE)["exports"].sha256
    assert old.read(old.manifest(MODEL).ref(), meant.file)[:2] == b"PK"


def test_lineage_from_the_release_reaches_the_source_with_every_value(old: Store) -> None:
    nodes = {node["step"]: node for node in lineage.as_json(lineage.trace(old, RELEASE))["nodes"]}
    assert nodes["probe"]["facts"]["address"] == "local:photos.zip"
    assert nodes["train"]["parts"]["recipe"]["train"]["phases"][0] == {
        "epochs": 2, "learning_rate": 0.02, "batch": 8, "unfreeze": "all", "batch_norm": "trained", "optimizer": "adam",
        "decay": 1.0, "ema_momentum": 0.0, "early_stopping": None, "reduce_on_plateau": None,
    }  # fmt: skip


def test_a_plan_says_what_runs_again_and_no_value_is_said_to_have_changed(old: Store, recipe: Recipe) -> None:
    entries = {entry.name: entry for entry in plan(recipe, old)}
    assert (entries["probe"].state, entries["acquire"].state) == ("would run", "would run")
    assert entries["probe"].output == _outputs(old)["probe"]
    for entry in (entries["probe"], entries["acquire"]):
        assert "first run" not in entry.reason
        assert entry.reason
    outputs, settings = _outputs(old), recipe.model_dump(mode="json")
    outputs["baseline"] = outputs["diagnose"] = outputs["reference"] = outputs["evaluate"]  # 0.1 had no such steps
    for step in STEPS:
        if step.name in ("baseline", "diagnose", "reference"):
            continue
        parts = key_parts(step, recipe, old, {name: outputs[above] for name, above in step.inputs.items()})
        if Records(old).read(parts.key):
            continue  # a step that only names things has no defaults and no code
        nearest = nearest_earlier(parts, settings, Records(old), recipe.name)
        assert nearest is not None
        assert nearest.differences
        assert not [
            words
            for words in nearest.differences
            if words.startswith(tuple(f"{name}{end}" for name in step.recipe for end in ".:"))
        ]


def test_an_update_alone_is_no_reason_to_retrain(old: Store, recipe: Recipe) -> None:
    baseline = baseline_of(old, "photos", RELEASE)
    assert baseline is not None
    changes = changes_since(baseline, Run.new(old, recipe), _outputs(old)["probe"])
    assert (changes.recipe, changes.training) == ([], [])
    other = load_recipe("photos.yaml", ["train.views=9", "augment.rotation=3"])
    changes = changes_since(baseline, Run.new(old, other), _outputs(old)["probe"])
    assert changes.training == ["augment.rotation: 0.0 -> 3.0", "train.views: 4 -> 9"]


def test_why_tells_of_its_runs(old: Store) -> None:
    told = why(old, "train", None)
    assert (told.state, told.reason, told.differences) == ("ran", "first run", [])


def test_times_that_its_proofs_still_hold_are_shown(old: Store, recipe: Recipe) -> None:
    outputs = _outputs(old)
    (held,) = read_json(old, outputs["verify"], "verification.json")[0]["runtimes"]
    assert held["median_ms"] > 0
    run = Run.new(old, recipe)
    for name in ("export", "verify"):
        run.journal.add(Entry(name, "reused", "nothing changed", output=outputs[name], key="0" * 64))
    (export,) = finish(run, "completed")["exports"]
    assert export["runtimes"] == [held]


@pytest.mark.soak
@pytest.mark.parametrize("seed", [7, 8])
def test_a_retraining_goes_all_the_way_and_the_champion_stays(old: Store, seed: int) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment |= {"EVERGREEN_STORE": str(old.root), "HOME": str(old.root.parent)}
    command = [str(EVERGREEN), "retrain", "photos.yaml", "--json", "--set", f"seed={seed}"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = json.loads(done.stdout)
    outputs = {step["name"]: step["output"] for step in summary["steps"]}
    champions = Champions(old.root)
    assert champions.history("photos")[0].release == RELEASE
    if seed == 7 and outputs["train"] == MODEL:  # the same bytes, where the machine is alike
        assert summary["comparison"]["standing"] == "champion"
        assert champions.current("photos") == outputs["bundle"]
    else:
        assert summary["comparison"]["standing"] == "cannot compare"
        assert champions.current("photos") == RELEASE

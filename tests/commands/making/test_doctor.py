"""evergreen doctor: a wrong label is found and told, nothing is trained, and what was found is not computed twice."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from typer.testing import CliRunner

from commands.main import app
from evergreen.recipe_files import RECIPES
from flows.doctor import doctor
from flows.outcome import words_of
from runs.doctor import WITHOUT_FOLDS, to_diagnose
from runs.summaries.diagnosis import not_suspect
from runs.tables import LOOKALIKES, SUSPECTS, read_table
from storage.champions import Champions
from storage.store import Store

SETTINGS = ["repair.classes=[dark, bright]", "name=pets", "screen.near_duplicate_bits=0"]


def test_a_wrong_label_is_found_told_and_shown(
    photos: Path, png: Callable[..., bytes], tmp_path: Path, prefect_server: str
) -> None:
    root = tmp_path / "store"
    wrong = png(77, (6, 6), (0, 0, 0))
    (photos / "bright" / "wrong.png").write_bytes(wrong)
    for label, name in (("dark", "twice"), ("bright", "again")):
        (photos / label / f"{name}.png").write_bytes(png(78, (6, 6), (90, 90, 90)))
    summary = doctor("digits", SETTINGS, str(photos), str(root))
    assert (summary["outcome"], summary["flow"]) == ("diagnosed", "doctor")
    assert not {"balance", "train", "export", "promote"} & {step["name"] for step in summary["steps"]}
    assert Champions(root).current("pets") is None

    found, store = summary["diagnosis"], Store(root)
    table = read_table(store, store.manifest(found["suspects"]).ref(), SUSPECTS)
    assert list(table.columns) == ["rank", "path", "sha256", "kind", "label", "suggested", "confidence", "reason"]
    first = table.iloc[0]
    assert (first["path"], first["kind"], first["label"], first["suggested"]) == (
        "bright/wrong.png", "label_error", "bright", "dark",
    )  # fmt: skip
    assert first["sha256"] == hashlib.sha256(wrong).hexdigest()  # of its bytes as they came, as repair has it
    conflicts = table[table["kind"] == "near_duplicate"]
    assert sorted(conflicts["path"]) == ["bright/again.png", "dark/twice.png"]
    assert found["first"][0]["path"] == "bright/wrong.png"
    assert found["not_suspect"] is None
    assert found["words"].startswith("Of 61 labels about ")
    alike = read_table(store, store.manifest(found["suspects"]).ref(), LOOKALIKES)
    of_first = alike[alike["sha256"] == first["sha256"]]
    assert of_first["label"].tolist() == ["bright"] * 3 + ["dark"] * 3
    folder = root / "runs" / summary["id"]
    assert json.loads((folder / "run.json").read_text()) == summary
    assert pd.read_csv(folder / SUSPECTS)["path"].tolist() == table["path"].tolist()
    assert words_of(summary) == "61 labels judged, 1 suspect"

    with get_client(sync_client=True) as client:
        keys = ArtifactFilter(key=ArtifactFilterKey(like_="pets-labels"))
        [shown] = [one.data for one in client.read_artifacts(artifact_filter=keys) if summary["id"] in one.data]
    assert "data:image/png;base64," in shown
    assert r"bright\/wrong\.png" in shown

    told = _told("doctor", "digits", *_options(photos, root))  # all is there: nothing is started
    assert found["words"] in told
    assert "   1  " in told
    assert "bright/wrong.png: looks like dark" in told
    again = json.loads(_told("doctor", "digits", *_options(photos, root), "--json"))
    assert {step["state"] for step in again["steps"]} == {"reused"}
    assert again["diagnosis"] == found
    assert found["decided"] == 0


def test_what_people_decided_is_in_the_table_and_shown_nowhere_else(
    photos: Path, png: Callable[..., bytes], tmp_path: Path, prefect_server: str
) -> None:
    (photos / "bright" / "wrong.png").write_bytes(png(77, (6, 6), (0, 0, 0)))
    digest = hashlib.sha256((photos / "bright" / "wrong.png").read_bytes()).hexdigest()
    recipe, root = tmp_path / "pets.yaml", tmp_path / "store"
    recipe.write_text((RECIPES / "digits.yaml").read_text("utf-8"), encoding="utf-8")
    recipe.with_name("pets.labels.yaml").write_text(f"{digest}: {{decision: keep, was: bright}}\n")
    summary = doctor(str(recipe), SETTINGS, str(photos), str(root))
    found = summary["diagnosis"]
    assert found["decided"] == 1
    assert "bright/wrong.png" not in [row["path"] for row in found["first"]]
    assert "bright/wrong.png" in pd.read_csv(root / "runs" / summary["id"] / SUSPECTS)["path"].tolist()
    total = sum(found["counts"].values())
    with get_client(sync_client=True) as client:
        keys = ArtifactFilter(key=ArtifactFilterKey(like_="pets-labels"))
        [shown] = [one.data for one in client.read_artifacts(artifact_filter=keys) if summary["id"] in one.data]
    assert f"Decided: 1 of {total} rows: not shown, nor asked about again" in shown
    assert r"bright\/wrong\.png" not in shown
    told = _told("doctor", str(recipe), *_options(photos, root))
    assert f"1 of {total} rows: not shown, nor asked about again" in told
    assert "bright/wrong.png" not in told


def test_folds_that_are_not_there_are_not_trained_for_it(photos: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    wanted, said = to_diagnose("digits", [*SETTINGS, "evaluate.folds=3"], str(photos), store)
    assert (wanted.evaluate.folds, said) == (0, WITHOUT_FOLDS)
    assert to_diagnose("digits", SETTINGS, str(photos), store)[1] == ""


@pytest.mark.parametrize("outputs", [{}, {"diagnose": None}])
def test_without_a_model_there_is_no_accuracy(outputs: dict[str, Any], tmp_path: Path) -> None:
    assert not_suspect(Store(tmp_path), outputs) is None


def _options(photos: Path, root: Path) -> list[str]:
    settings = [part for one in SETTINGS for part in ("--set", one)]
    return [*settings, "--source", str(photos), "--store", str(root)]


def _told(*arguments: str) -> str:
    done: Any = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200", "PREFECT_API_URL": ""})
    assert done.exit_code == 0, done.output
    return str(done.stdout)

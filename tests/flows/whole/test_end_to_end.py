"""The digits recipe for real, as a newcomer runs it: cold, again, and with single changes."""

import asyncio
import hashlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import Command, forget_decisions
from pages import pictures_of
from PIL import Image

from evergreen.sources.embedded import digits_zip
from evergreen.steps import STEPS
from runs.releases import parts_of, whole_parts_of
from storage.champions import Champions
from storage.store import Store

NAMES = [step.name for step in STEPS]
# The steps that ask the world, and are never cached; and all that a new release goes through.
ASKING = {"probe", "challenge", "promote"}
FROM_BUNDLE = {"bundle", "challenge", "compare", "promote", "report"}
FORMATS = {"savedmodel", "tflite-float32", "tflite-int8", "tfjs"}


def _ran(summary: dict[str, Any]) -> set[str]:
    assert [step["name"] for step in summary["steps"]] == NAMES
    return {step["name"] for step in summary["steps"] if step["state"] == "ran"}


def test_the_cold_run_trains_exports_and_verifies(evergreen: Command, first: dict[str, Any]) -> None:
    assert (first["recipe"], first["outcome"]) == ("digits", "completed")
    assert _ran(first) == set(NAMES)
    assert {step["reason"] for step in first["steps"]} == {"first run"}
    assert {name: values["count"] for name, values in first["metrics"].items()} == {
        "train": 1257,
        "validation": 270,
        "test": 270,
    }
    assert first["metrics"]["test"]["accuracy"] >= 0.98
    outputs = {step["name"]: step["output"] for step in first["steps"]}
    assert (first["comparison"]["standing"], first["comparison"]["champion"]) == ("champion", outputs["bundle"])
    told = Champions(evergreen.root).history("digits")[0]  # other tests may have retrained since
    assert (told.event, told.release, told.run) == ("promoted", outputs["bundle"], first["id"])
    named = {name: ref.sha256 for name, ref in parts_of(Store(evergreen.root), outputs["bundle"]).items()}
    steps = {"dataset": "split", "model": "train", "evaluation": "evaluate", "exports": "export"}
    assert named == {name: outputs[step] for name, step in (steps | {"verification": "verify"}).items()}
    kept = Store(evergreen.root).manifest(outputs["verify"]).files
    assert {name.partition("/")[0] for name in kept} == {"verification.json", "golden.json", "golden"}
    assert sum(name.startswith("golden/") for name in kept) == 10  # one of each digit
    assert {export["format"] for export in first["exports"]} == FORMATS
    for export in first["exports"]:
        assert export["verified"] == "passed" or (export["format"] == "tfjs" and export["verified"] == "not verified")
        assert export["released"]
        assert export["bytes"] == sum(path.stat().st_size for path in Path(export["path"]).rglob("*") if path.is_file())
    folder = evergreen.root / "runs" / first["id"]
    assert json.loads((folder / "run.json").read_text()) == first
    page = (folder / "report.html").read_text()
    assert "good fit" in page.lower()
    assert first["training"]["why"] in ("epochs", "patience")
    assert f"It ended: {first['training']['words']}." in page
    assert next(step["output"] for step in first["steps"] if step["name"] == "train") in page  # lineage
    assert "learning_rate: 0.002" in page  # the recipe
    assert "How fast they are" in page
    passed = [run for export in first["exports"] for run in export["runtimes"] if run["verified"] == "passed"]
    assert all(0 < run["median_ms"] <= run["p95_ms"] and run["load_seconds"] > 0 for run in passed)
    assert first["verdict"]["verdict"] == "good fit"
    assert "The first champion: accuracy" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert len(pictures_of(page)) >= 2 * 3 + 18
    assert first["shortcuts"]["summary"] in page
    assert first["baseline"] == {
        "why": "a cnn has no pretrained backbone",
        "words": "No linear probe to compare with: a cnn has no pretrained backbone.",
    }
    assert first["baseline"]["words"] in page
    assert next(step["seconds"] for step in first["steps"] if step["name"] == "baseline") < 1  # TensorFlow has no part
    labels = first["diagnosis"]
    assert (labels["judged"], labels["probabilities"]["features"]) == (1797, "the grey values of 16x16 pixels")
    assert labels["expected_share"] < 0.01 < labels["probabilities"]["accuracy"]
    assert labels["words"] in page
    assert labels["not_suspect"]["words"] in page
    card = json.loads((folder / "exports/savedmodel/model-card.json").read_text(encoding="utf-8"))
    assert card["shortcuts"] == {"split": "test", **first["shortcuts"]}


def test_the_second_run_runs_nothing_and_starts_neither_tensorflow_nor_prefect(
    evergreen: Command, first: dict[str, Any]
) -> None:
    script = (
        "import sys, json\nfrom commands.main import app\n"
        "try: app(['retrain', 'digits', '--json', '--store', sys.argv[1]])\nexcept SystemExit as end: code = end.code\n"
        "loaded = sorted({'tensorflow', 'keras', 'prefect', 'torch'} & set(sys.modules))\n"
        "print(json.dumps([code, loaded]), file=sys.stderr)\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-c", script, str(evergreen.root)],
        capture_output=True, text=True, check=True, env=environment | {"HOME": str(evergreen.root.parent)},
    )  # fmt: skip
    again = json.loads(done.stdout)
    assert json.loads(done.stderr.splitlines()[-1]) == [0, []]
    assert _ran(again) == set()
    assert [step["output"] for step in again["steps"]] == [step["output"] for step in first["steps"]]
    assert again["metrics"] == first["metrics"]
    assert all(Path(export["path"]).is_dir() for export in again["exports"])
    assert [export["runtimes"] for export in again["exports"]] == [export["runtimes"] for export in first["exports"]]


def test_an_edited_export_alters_no_champion_and_is_not_handed_out_again(
    evergreen: Command, first: dict[str, Any]
) -> None:
    file = Path(first["exports"][0]["path"]) / "labels.txt"
    labels = file.read_bytes()
    file.write_bytes(b"edited\n")  # as whoever runs the tests: root may write to what is read-only
    again = evergreen.retrain()
    assert _ran(again) == set()
    assert file.read_bytes() == labels == (Path(again["exports"][0]["path"]) / "labels.txt").read_bytes()
    assert (Path(again["edited_exports"]) / file.parent.name / "labels.txt").read_bytes() == b"edited\n"
    store = Store(evergreen.root)
    parts = whole_parts_of(store, again["comparison"]["champion"])
    assert [name for ref in parts.values() for name in store.damaged(ref)] == []


def test_with_a_server_reused_steps_show_as_cached(
    evergreen: Command, first: dict[str, Any], prefect_server: str
) -> None:
    summary = evergreen.retrain(server=prefect_server)
    assert _ran(summary) == set()

    async def read() -> tuple[dict[str, str], list[str]]:
        from prefect.client.orchestration import get_client
        from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
        from prefect.client.schemas.sorting import FlowRunSort

        async with get_client() as client:
            deadline = time.monotonic() + 30
            (newest,) = await client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=1)
            of_it = FlowRunFilter(id=FlowRunFilterId(any_=[newest.id]))
            runs = await client.read_task_runs(flow_run_filter=of_it)
            # A task run's state is an event, and the server works events off after they came.
            while time.monotonic() < deadline and not (
                len(runs) == len(NAMES) and all(run.state and run.state.is_final() for run in runs)
            ):
                await asyncio.sleep(0.2)
                runs = await client.read_task_runs(flow_run_filter=of_it)
            artifacts = await client.read_artifacts(flow_run_filter=of_it)
        assert newest.name == "retrain digits: nothing changed"
        assert newest.state.message == "nothing changed"
        names = {run.name for run in runs}
        assert names == {f"{name}: {'asked on every run' if name in ASKING else 'nothing changed'}" for name in NAMES}
        states = {run.name.partition(":")[0]: run.state.name for run in runs}
        return states, [artifact.key for artifact in artifacts]

    states, artifacts = asyncio.run(read())
    assert states == dict.fromkeys(NAMES, "Cached") | dict.fromkeys(ASKING, "Completed")
    assert set(artifacts) == {
        f"digits-{name}"
        for name in (
            "report", "steps", "exports", "champion", "classes", "repair", "quarantine", "recipe", "decision",
            "per-class", "confusion", "curves", "calibration", "mistakes", "shortcuts", "labels", "drift",
        )
    }  # fmt: skip


@pytest.mark.soak
def test_other_formats_rerun_export_and_what_follows_alone(
    evergreen: Command, first: dict[str, Any], prefect_server: str
) -> None:
    summary = evergreen.retrain("--set", "export.formats=[tflite-float32]", server=prefect_server)
    assert _ran(summary) == {"export", "verify"} | FROM_BUNDLE
    reasons = {step["name"]: step["reason"] for step in summary["steps"]}
    assert reasons["export"].startswith("export.formats: ")
    assert reasons["verify"] == "export gave another result"
    assert [export["format"] for export in summary["exports"]] == ["tflite-float32"]
    key = next(step["key"] for step in summary["steps"] if step["name"] == "verify")
    (evergreen.root / "records" / key).unlink()
    again = evergreen.retrain("--set", "export.formats=[tflite-float32]", server=prefect_server)
    assert _ran(again) == {"verify"}  # it gave the same bytes, whatever the times
    assert all(runtime["median_ms"] > 0 for runtime in again["exports"][0]["runtimes"])


@pytest.fixture(scope="module")
def unweighted(evergreen: Command, first: dict[str, Any], session_server: str) -> dict[str, Any]:
    """A run after the first with other class weights, and one export, which is quicker than four."""
    changes = ("balance.weights=none", "export.formats=[tflite-float32]")
    forget_decisions(session_server)
    return evergreen.retrain(*(part for change in changes for part in ("--set", change)), server=session_server)


def test_other_class_weights_rerun_balance_train_and_what_follows(unweighted: dict[str, Any]) -> None:
    summary = unweighted
    assert _ran(summary) == {"balance", "train", "evaluate", "reference", "export", "verify"} | FROM_BUNDLE
    reasons = {step["name"]: step["reason"] for step in summary["steps"]}
    assert reasons["balance"] == "balance.weights: balanced -> none"
    assert reasons["train"] == "balance gave another result"


def test_plan_and_why_say_what_would_run_and_what_ran(
    evergreen: Command, first: dict[str, Any], unweighted: dict[str, Any]
) -> None:
    done = evergreen("plan", "digits", "--json", "--set", "train.phases.0.epochs=3")
    states = {step["name"]: step["state"] for step in json.loads(done.stdout)["steps"]}
    of_data = ("probe", "acquire", "unpack", "repair", "screen", "split", "balance", "baseline", "diagnose")
    before = dict.fromkeys(of_data, "reused")
    after = dict.fromkeys({"evaluate", "reference", "export", "verify"} | FROM_BUNDLE, "unknown")
    assert states == before | {"train": "would run"} | after
    assert "train.phases.0.epochs: 25 -> 3" in evergreen("plan", "digits", "--set", "train.phases.0.epochs=3").stdout
    thresholds = ("--set", "train.phases.0.epochs=3", "--set", "retrain_when.max_age_days=30")
    assert "; unless retrain_when ends the run before it" in evergreen("plan", "digits", "--json", *thresholds).stdout
    newest = json.loads(evergreen("why", "balance", unweighted["id"], "--json").stdout)
    assert newest["differences"] == ["balance.weights: balanced -> none"]
    assert "no earlier record" in evergreen("why", "train", first["id"]).stdout
    assert evergreen("why", "sleep").returncode == 2
    assert evergreen("why", "train", "../x").returncode == 2


def test_predict_answers_with_the_newest_model_and_lists_bad_files(
    evergreen: Command, first: dict[str, Any], tmp_path: Path
) -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    for index in range(10):
        Image.fromarray((digits.images[index] * 255 / 16).round().astype("uint8")).save(tmp_path / f"{index}.png")
    (tmp_path / "bad.jpg").write_bytes(b"<html>")
    paths = [str(tmp_path / f"{index}.png") for index in range(10)]
    done = evergreen("predict", *paths, "--json")
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)["predictions"]
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    assert sum(answer["top"][0]["label"] == name for answer, name in zip(answers, names, strict=True)) >= 9
    assert all(len(answer["top"]) == 3 for answer in answers)
    mixed = evergreen("predict", str(tmp_path / "bad.jpg"), paths[0], str(tmp_path / "none.png"), "--json")
    assert mixed.returncode == 2
    assert ["error" in answer for answer in json.loads(mixed.stdout)["predictions"]] == [True, False, True]


def test_lineage_of_an_exported_file_reaches_the_source(evergreen: Command, first: dict[str, Any]) -> None:
    path = next(export["path"] for export in first["exports"] if export["format"] == "tflite-int8")
    chart = evergreen("lineage", f"{path}/model.tflite", "--mermaid").stdout
    assert chart.startswith("flowchart LR")
    assert chart.count("-->") == 14
    done = evergreen("lineage", f"{path}/model.tflite", "--json")
    assert done.returncode == 0, done.stderr
    nodes = {node["step"]: node for node in json.loads(done.stdout)["nodes"]}
    aside = {"reference", "baseline", "diagnose", "verify", "bundle", "challenge", "compare", "promote", "report"}
    assert set(nodes) == set(NAMES) - aside
    assert nodes["probe"]["facts"]["address"] == "embedded:digits"
    assert nodes["acquire"]["files"] == {"digits.zip": hashlib.sha256(digits_zip()).hexdigest()}
    assert nodes["train"]["parts"]["recipe"]["train"]["phases"][0]["epochs"] == 25
    assert nodes["train"]["parts"]["libraries"]["tensorflow"].startswith("2.19")
    text = evergreen("lineage", first["id"])
    assert text.returncode == 0
    assert "embedded:digits" in text.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("retrain", "nothing"), 2, "there are: "),
        (("retrain", "digits", "--set", "train.phases.0.epoch=1"), 2, "did you mean epochs?"),
        (("retrain", "digits", "--set", "augment={rotation: 10, magnitude: 0.2}"), 2, "expected no rotation beside it"),
        (("retrain", "digits", "--source", "none.zip"), 2, "found nothing at none.zip"),
        (("lineage", "0123456789"), 2, "expected the digest"),
        (("predict", "x.png", "--recipe", "chessman"), 2, "evergreen retrain chessman"),
    ],
)
def test_bad_input_is_one_message_and_code_2(
    evergreen: Command, first: dict[str, Any], arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = evergreen(*arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert said in done.stderr


def test_a_failed_step_is_code_1_named_and_written_down(
    evergreen: Command, tmp_path: Path, prefect_server: str
) -> None:
    (tmp_path / "page.zip").write_bytes(b"<html>please log in</html>")
    done = evergreen("retrain", "digits", "--source", str(tmp_path / "page.zip"), "--json", server=prefect_server)
    assert done.returncode == 1
    assert "step unpack failed: page.zip: expected an intact zip" in done.stderr
    assert "Traceback" not in done.stderr
    summary = json.loads(done.stdout)
    assert summary["outcome"] == "failed"
    assert [(step["name"], step["state"]) for step in summary["steps"]] == [
        ("probe", "ran"),
        ("acquire", "ran"),
        ("unpack", "failed"),
    ]
    assert "intact zip" in summary["error"]


def test_a_damaged_artifact_is_made_again(evergreen: Command, first: dict[str, Any], prefect_server: str) -> None:
    digest = next(step["output"] for step in first["steps"] if step["name"] == "repair")
    manifest = json.loads((evergreen.root / "manifests" / digest[:2] / digest).read_text())
    blob = manifest["files"]["dataset.csv"]["sha256"]
    path = evergreen.root / "blobs" / blob[:2] / blob
    path.chmod(0o644)
    path.write_bytes(b"cut")
    summary = evergreen.retrain(server=prefect_server)
    assert _ran(summary) - FROM_BUNDLE == {"repair"}  # the champion may be another test's by now
    assert (
        next(step["reason"] for step in summary["steps"] if step["name"] == "repair")
        == "its artifact was missing or damaged"
    )


@pytest.mark.soak
def test_a_flipped_bit_is_found_at_use_and_the_run_goes_on(
    evergreen: Command, first: dict[str, Any], prefect_server: str
) -> None:
    digest = next(step["output"] for step in first["steps"] if step["name"] == "train")
    manifest = json.loads((evergreen.root / "manifests" / digest[:2] / digest).read_text())
    blob = manifest["files"]["model.keras"]["sha256"]
    path = evergreen.root / "blobs" / blob[:2] / blob
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(data))
    summary = evergreen.retrain("--set", "export.formats=[savedmodel]", server=prefect_server)
    assert _ran(summary) >= {"train", "export"}
    assert summary["exports"][0]["verified"] == "passed"
    assert next(step["output"] for step in summary["steps"] if step["name"] == "train") == digest
    assert path.read_bytes() != bytes(data)


@pytest.mark.usefixtures("first")
def test_a_local_zip_of_photos_goes_all_the_way(
    evergreen: Command, tmp_path: Path, png: Callable[..., bytes], prefect_server: str
) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as zipped:
        for seed in range(40):
            zipped.writestr(f"photos/dark/{seed}.png", png(seed))
            zipped.writestr(f"photos/bright/{seed}.jpg", png(seed, colour=(190, 190, 190)))
        zipped.writestr("photos/bright/broken.jpg", png(1)[:60])
        data = io.BytesIO()
        Image.new("RGB", (30, 20), "white").save(data, "WEBP")
        zipped.writestr("photos/bright/wrong extension.png", data.getvalue())
    options = ["repair.classes=[bright, dark]", "train.phases.0.epochs=3", "export.formats=[tflite-float32]"]
    sets = [part for option in options for part in ("--set", option)]
    source = ("--source", str(tmp_path / "photos.zip"))
    refused = evergreen("retrain", "digits", *source, *sets, server=prefect_server)
    assert refused.returncode == 2
    assert "expected the classes of digits's champion in this store (zero, one, two, three and 6 mo" in refused.stderr
    assert "train" not in refused.stdout.split()
    summary = evergreen.retrain(*source, *sets, "--name", "photos", server=prefect_server)
    assert (summary["recipe"], summary["comparison"]["overall"]) == ("photos", None)
    assert sum(values["count"] for values in summary["metrics"].values()) == 81
    assert summary["exports"][0]["verified"] == "passed"

"""evergreen predict, on a tiny store that was really trained: which model, which images, and what comes out."""

import csv
import io
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, NamedTuple

import cv2
import pytest
from command import Command
from fake_server import FakeServer
from hostile_images import EPS, icns, jpeg2000, saved, thin_png
from kept_answers import digest
from no_runs import NO_SUMMARIES, litter
from PIL import Image

from commands.main import app
from evergreen.errors import BadInput
from evergreen.images import pixels
from evergreen.sections.data import Image as ImageSection
from evergreen.sections.data import Screen
from runs.shared.moving import push_all
from runs.shared.opening import held
from runs.tables import to_json
from storage.runs import run_folder
from storage.store import Store

CALIBRATION = "calibration.json"
COLOURS = {"bright": (190, 190, 190), "dark": (20, 20, 20), "red": (190, 20, 20)}
RECIPE = """
name: colours
source: {{local: {{path: "{photos}"}}}}
repair: {{classes: [bright, dark, red]}}
split: {{method: exact, validation: 0.2, test: 0.2}}
image: {{height: 8, width: 8}}
train:
  backbone: cnn
  cnn: [{{filters: 4}}]
  head: {{pooling: average, dense: [{{units: 8}}]}}
  phases: [{{epochs: 25, learning_rate: 0.02, batch: 8}}]
export: {{formats: [tflite-float32, tflite-int8]}}
"""


class Said(NamedTuple):
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


class Trained(NamedTuple):
    """The store, the run that trained, and the same image of each class under names by class."""

    store: Store
    run: dict[str, Any]
    photos: Path

    def output(self, step: str) -> str:
        return next(entry["output"] for entry in self.run["steps"] if entry["name"] == step)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory, png: Callable[..., bytes], session_server: str) -> Trained:
    from flows.retrain import retrain

    folder = tmp_path_factory.mktemp("with späces in it")
    for label, colour in COLOURS.items():
        (folder / "source" / label).mkdir(parents=True)
        (folder / "photos").mkdir(exist_ok=True)
        for seed in range(20):
            (folder / "source" / label / f"{seed}.png").write_bytes(png(seed, (9, 7), colour))
        (folder / "photos" / f"{label}.png").write_bytes(png(100, (9, 7), colour))
    (folder / "source" / "unlabelled").mkdir()
    for number, label in enumerate(["red", "dark", "bright", "red"]):
        (folder / "source" / "unlabelled" / f"{number}.png").write_bytes(png(200 + number, (9, 7), COLOURS[label]))
    (folder / "colours.yaml").write_text(RECIPE.format(photos=folder / "source"))
    store = Store(folder / "støre")
    run = retrain(str(folder / "colours.yaml"), None, None, str(store.root))
    return Trained(store, run, folder / "photos")


@pytest.fixture
def predict(taught: Trained, capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run the command in this process, where TensorFlow is loaded already."""

    def run(*arguments: str) -> Said:
        capfd.readouterr()
        said = app(["predict", *map(str, arguments), "--store", str(taught.store.root)], standalone_mode=False)
        code = int(said or 0)  # typer returns the exit code in this mode
        return Said(code, *capfd.readouterr())

    return run


def _labels(said: Said) -> list[str]:
    return [one["top"][0]["label"] if "top" in one else one["error"] for one in json.loads(said.out)["predictions"]]


# -- which images ------------------------------------------------------------------------------------------------------


def test_answers_come_in_the_order_that_was_asked_for(taught: Trained, predict: Any) -> None:
    red, dark, bright = (taught.photos / f"{label}.png" for label in ("red", "dark", "bright"))
    said = predict(red, dark, red, bright, taught.photos, "--json")
    assert (said.code, said.err) == (0, "")
    assert _labels(said) == ["red", "dark", "red", "bright", "bright", "dark", "red"]
    answer = json.loads(said.out)
    assert {name: answer[name] for name in ("recipe", "run", "model", "format", "skipped")} == {
        "recipe": "colours",
        "run": taught.run["id"],
        "model": taught.output("train"),
        "format": "keras",
        "skipped": 0,
    }
    assert answer["predictions"][0]["image"] == str(red)
    assert [len(one["top"]) for one in answer["predictions"]] == [3] * 7
    assert sum(likeliest["probability"] for likeliest in answer["predictions"][0]["top"]) == pytest.approx(1, abs=1e-4)


def test_bad_files_are_listed_the_rest_is_done_and_the_code_says_so(
    taught: Trained, predict: Any, tmp_path: Path, server: FakeServer
) -> None:
    red = (taught.photos / "red.png").read_bytes()
    folder = tmp_path / "some"
    for name, data in {
        "=a.png": red, "broken.jpg": red[:60], "sub/b c ü.png": red, "sub/page.png": b"<html>", "readme.txt": b"x",
    }.items():  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (tmp_path / "none").mkdir()
    server.add("/red.png", red)
    server.add("/login", b"<html>log in", headers={"Content-Type": "text/html"})
    addresses = [server.url("/red.png"), server.url("/gone.png"), server.url("/login") + "?token=pl4nted"]
    said = predict(folder, tmp_path / "none", f"{tmp_path}/*.gif", *addresses, "--json")
    assert said.code == 2
    answers = json.loads(said.out)["predictions"]
    assert [one["image"].removeprefix(str(tmp_path)).removeprefix(server.url("")) for one in answers] == [
        "/some/=a.png", "/some/broken.jpg", "/some/sub/b c ü.png", "/some/sub/page.png", "/none", "/*.gif",
        "/red.png", "/gone.png", "/login",
    ]  # fmt: skip
    assert [one["top"][0]["label"] for one in answers if "top" in one] == ["red"] * 3
    reasons = [one["error"] for one in answers if "error" in one]
    for reason, expected in zip(
        reasons, ["not a readable", "this is a web page", "no image in", "matches", "404", "HTML page"], strict=True
    ):
        assert expected in reason
    assert json.loads(said.out)["skipped"] == 1
    shown = predict(folder, *addresses)
    assert shown.code == 2
    assert "3 red, 4 bad" in shown.out
    assert f"{folder}/broken.jpg: not a readable image" in shown.out
    assert "pl4nted" not in said.out + said.err + shown.out + shown.err


def test_grey_transparent_and_turned_images_go_through_the_one_door(
    taught: Trained, predict: Any, tmp_path: Path
) -> None:
    red = Image.open(taught.photos / "red.png").convert("RGB")
    Image.open(taught.photos / "dark.png").convert("L").save(tmp_path / "grey.png")
    Image.new("RGBA", (9, 7), (255, 0, 0, 0)).save(tmp_path / "transparent.png")  # on white
    turned = red.rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.png", exif=exif)
    red.save(tmp_path / "upright.png")
    said = predict(tmp_path, "--json")
    assert _labels(said) == ["dark", "bright", "red", "red"]
    turned_top, upright_top = (one["top"] for one in json.loads(said.out)["predictions"][2:])
    assert turned_top == upright_top


def test_hostile_and_thin_pictures_cost_no_other_its_answer(
    taught: Trained, predict: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    red = Image.open(taught.photos / "red.png").convert("RGB")
    giant = (60_000, 60_000)
    for name, data in {
        "a.png": saved(red, "PNG"),
        "b.png": icns(jpeg2000(giant, giant)),
        "c.jpg": EPS,
        "d.tif": saved(red, "TIFF"),
        "e.png": thin_png(400_000, 1),
        "f.webp": saved(red, "WEBP", lossless=True),
        "g.png": saved(red.resize((21, 21)), "PNG"),
    }.items():
        (tmp_path / name).write_bytes(data)
    real = pixels.resize

    def failing(picture: Any, image: Any) -> Any:
        if picture.shape[:2] == (21, 21):
            raise cv2.error("(-215:Assertion failed)")
        return real(picture, image)

    monkeypatch.setattr(pixels, "resize", failing)
    said = predict(tmp_path, "--json")
    assert said.code == 2
    answers = json.loads(said.out)["predictions"]
    tops = ["red", None, None, "red", "bright", "red", None]
    assert [one["top"][0]["label"] if "top" in one else None for one in answers] == tops
    assert answers[1]["error"] == "3600 megapixels, over the limit of 150"
    assert "this is an EPS or PostScript file" in answers[2]["error"]
    assert answers[6]["error"] == "cannot be used: error: (-215:Assertion failed)"


def test_standard_input_and_a_leading_dash_with_the_installed_command(taught: Trained, tmp_path: Path) -> None:
    (tmp_path / "-x.png").write_bytes((taught.photos / "dark.png").read_bytes())
    command = Command(taught.store.root)
    with (taught.photos / "red.png").open("rb") as file:
        done = command("predict", "--csv", "-", "--", "-", f"{tmp_path}/-x.png", "-", stdin=file)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["image"], row["label"]) for row in rows] == [
        ("<stdin>", "red"), (f"{tmp_path}/-x.png", "dark"), ("<stdin>", "red"),
    ]  # fmt: skip


def test_text_on_standard_input_is_a_bad_image(predict: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"a.png\nb.png\n")))
    said = predict("-")
    assert said.code == 2
    assert "<stdin>: not a readable image" in said.out


def test_what_to_label_next_is_judged_by_the_champion(
    taught: Trained, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    recipe, store = str(taught.store.root.parent / "colours.yaml"), ("--store", str(taught.store.root))
    sheet = tmp_path / "next.png"

    def suggest(*arguments: str) -> Said:
        capfd.readouterr()
        code = app(["suggest", recipe, *arguments, *store], standalone_mode=False)
        return Said(int(code or 0), *capfd.readouterr())

    found = json.loads(suggest("--count", "3", "--sheet", str(sheet), "--json").out)
    assert found["judged_by"].startswith(f"the champion of colours (run {taught.run['id']}), calibrated (temperature ")
    assert [row["suggested"] for row in sorted(found["suggestions"], key=lambda row: row["path"])] == [
        {"0.png": "red", "1.png": "dark", "2.png": "bright", "3.png": "red"}[Path(path).name]
        for path in sorted(row["path"] for row in found["suggestions"])
    ]
    assert (found["asked"], found["among"], found["sheet"]) == (3, 4, str(sheet))
    assert found["notes"] == []  # the run is as the recipe says, so nothing is to be said of it
    with Image.open(sheet) as drawn:
        assert drawn.width > 400
    shown = suggest("--count", "3", "--sheet", str(sheet))
    assert shown.code == 0
    assert shown.out.startswith("suggested  3 of 4 images, the most telling first\n")
    assert f"sheet      {sheet}" in shown.out
    assert f"next       evergreen suggest {recipe}" in shown.out.replace("'", "")
    assert suggest("--label", "--json").code == 2
    assert suggest("--sheet", str(tmp_path / "next.gif")).code == 2


def test_unlabelled_images_become_a_contact_sheet_and_csv(taught: Trained, predict: Any, tmp_path: Path) -> None:
    sheet, table = tmp_path / "sheet.png", tmp_path / "answers.csv"
    said = predict("--unlabelled", "--sheet", sheet, "--csv", table)
    assert said.code == 0
    assert str(sheet) in said.out
    rows = list(csv.DictReader(table.open(newline="")))
    assert [row["label"] for row in rows] == ["red", "dark", "bright", "red"]
    assert [Path(row["image"]).name for row in rows] == ["0.png", "1.png", "2.png", "3.png"]
    assert {row["truth"] for row in rows} == {""}
    assert Image.open(sheet).size[0] > 900
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.csv", "sheet.png"]


def test_each_image_has_a_heat_map_and_a_bad_one_costs_no_other(taught: Trained, predict: Any, tmp_path: Path) -> None:
    red = (taught.photos / "red.png").read_bytes()
    photos = tmp_path / "photos"
    (photos / "sub").mkdir(parents=True)
    names = ["<script>|$x$.png", "=a.png", "broken.png", "sub/=a.png", "é ü.png"]
    for name in names:
        (photos / name).write_bytes(red[:60] if name == "broken.png" else red)
    heat, table = tmp_path / "heat", tmp_path / "answers.csv"
    said = predict(photos, "--explain", heat, "--json", "--csv", table)
    assert said.code == 2
    found = json.loads(said.out)
    assert found["explained"] == {"folder": str(heat), "method": "grad-cam", "count": 4}
    files = [one.get("explained") for one in found["predictions"]]
    at = [one["image"].rpartition("/")[2] for one in found["predictions"]].index("broken.png")
    assert files[at] is None
    assert len({file for file in files if file}) == 4
    assert sorted(str(path) for path in heat.iterdir()) == sorted(file for file in files if file)
    for file in filter(None, files):
        assert re.fullmatch(r"000\d-[\w-]+\.png", Path(file).name)
        with Image.open(file) as picture:
            assert picture.width > 700
    assert "explained" not in table.read_text()
    # Nothing is overwritten, and nothing is asked before that is known.
    before = {path: path.read_bytes() for path in heat.iterdir()}
    refused = predict(photos / "=a.png", "--explain", heat)
    assert refused.code == 2
    assert "expected a new or an empty folder for the heat maps" in refused.err
    assert {path: path.read_bytes() for path in heat.iterdir()} == before
    exported = predict(photos / "=a.png", "--explain", tmp_path / "int8", "--format", "tflite-int8")
    assert f"explained 1 heat map by occlusion, in {tmp_path}/int8" in exported.out
    rows = predict(photos / "=a.png", "--explain", tmp_path / "rows", "--csv", "-")
    assert rows.out.startswith("image,label")
    assert "explained 1 heat map by Grad-CAM" in rows.err


def test_a_batch_writes_no_heat_maps(taught: Trained, predict: Any, tmp_path: Path) -> None:
    refused = predict(taught.photos, "--batch", "--explain", tmp_path / "heat")
    assert refused.code == 2
    assert "--batch writes no heat maps" in refused.err
    assert not (tmp_path / "heat").exists()


def test_a_sample_of_test_images_goes_through_tflite_with_the_truth(taught: Trained, predict: Any) -> None:
    said = predict("--sample", "12", "--json")
    answer = json.loads(said.out)
    assert answer["format"] == "tflite-float32"
    names = [one["image"] for one in answer["predictions"]]
    assert len(set(names)) == 12
    assert all(one["truth"] == one["image"].split("/")[0] for one in answer["predictions"])
    assert [one["truth"] for one in answer["predictions"]] == _labels(said)
    again = [one["image"] for one in json.loads(predict("--sample", "5", "--json").out)["predictions"]]
    other = [one["image"] for one in json.loads(predict("--sample", "5", "--seed", "1", "--json").out)["predictions"]]
    assert again == names[:5] != other
    assert "5 of 5 right" in predict("--sample", "5", "--format", "tflite-int8").out
    assert len(json.loads(predict("--sample", "999", "--json").out)["predictions"]) == 12  # all there are


# -- which model -------------------------------------------------------------------------------------------------------


def test_a_model_is_named_by_run_digest_file_or_folder(taught: Trained, predict: Any, tmp_path: Path) -> None:
    exports = run_folder(taught.store, taught.run["id"]) / "exports"
    copied = tmp_path / "int8 somewhere else"
    copied.mkdir()
    for path in (exports / "tflite-int8").iterdir():
        (copied / path.name).write_bytes(path.read_bytes())
    weights = taught.store.manifest(taught.output("train")).files["model.keras"].sha256
    named = [
        (taught.run["id"], "keras"),
        (taught.output("train")[:10], "keras"),
        (taught.output("export")[:10], "keras"),
        (taught.output("evaluate"), "keras"),
        (taught.output("verify"), "keras"),
        (taught.output("report"), "keras"),
        (weights[:12], "keras"),
        (taught.store.blob_path(weights), "keras"),
        (exports, "keras"),
        (exports / "tflite-float32" / "model.tflite", "tflite-float32"),
        (exports / "tflite-int8", "tflite-int8"),
        (copied, "tflite-int8"),
        (copied / "model.tflite", "tflite-int8"),
    ]
    for ref, expected in named:
        said = predict(taught.photos / "red.png", "--model", ref, "--json")
        assert said.code == 0, (ref, said.err)
        answer = json.loads(said.out)
        assert (answer["format"], answer["model"]) == (expected, taught.output("train")), ref
        assert _labels(said) == ["red"]


def test_what_is_no_run_is_passed_over_and_refused_by_name(taught: Trained, predict: Any) -> None:
    litter(taught.store)
    try:
        assert json.loads(predict(taught.photos, "--json").out)["run"] == taught.run["id"]
        assert "name another run" in predict(taught.photos, "--model", "torn").err
    finally:
        for name in (*NO_SUMMARIES, "folder"):
            shutil.rmtree(run_folder(taught.store, name))


def test_a_format_is_taken_by_name_and_tflite_alone_is_float32(taught: Trained, predict: Any) -> None:
    for wanted, expected in (("tflite", "tflite-float32"), ("tflite-int8", "tflite-int8"), ("keras", "keras")):
        said = predict(taught.photos, "--format", wanted, "--json")
        assert json.loads(said.out)["format"] == expected
        assert _labels(said) == ["bright", "dark", "red"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "expected images"),
        (("red.png", "--sample", "3"), "one of these alone"),
        (("red.png", "--json", "--csv", "-"), "standard output is one"),
        (("red.png", "--format", "tflit"), "Did you mean tflite-"),
        (("red.png", "--format", "savedmodel"), "was not exported as savedmodel"),
        (("red.png", "--recipe", "chessman"), "evergreen retrain chessman"),
        (("red.png", "--recipe", "colours", "--model", "x"), "received both"),
        (("red.png", "--model", "../runs"), "there is nothing at"),
        (("red.png", "--model", "0123456789ab"), "names none"),
        (("red.png", "--model", __file__), "no file that this store exported"),
        (("red.png", "--model", str(Path(__file__).parent)), "holds no export"),
        (("red.png", "--csv", "/nowhere/x.csv"), "folder that may be written"),
        (("red.png", "--sheet", "x.jpg"), "ends in .png"),
        (("red.png", "-", "--batch"), "no standard input"),
        (("http://host/a.png?sig=pl4nted", "--batch"), "stored and shown"),
        (("red.png", "--batch", "--csv", "x.csv"), "run's folder"),
    ],
)
def test_bad_input_is_one_message_and_code_2(
    taught: Trained, predict: Any, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], expected: str
) -> None:
    monkeypatch.chdir(taught.photos)
    said = predict(*arguments)
    assert said.code == 2
    assert expected in said.err
    assert "pl4nted" not in said.err
    assert said.out == ""


def test_what_no_model_went_into_is_no_model(taught: Trained, predict: Any) -> None:
    said = predict("x.png", "--model", taught.output("split"))
    assert (said.code, "no model went into" in said.err) == (2, True)


def test_an_export_whose_file_was_changed_is_refused(taught: Trained, predict: Any, tmp_path: Path) -> None:
    source = run_folder(taught.store, taught.run["id"]) / "exports" / "tflite-int8"
    for path in source.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes() + b"\n")
    assert "whole and unchanged" in predict(taught.photos, "--model", tmp_path).err


def test_without_a_model_nothing_is_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        app(["predict", "x.png", "--store", str(tmp_path / "new")])
    assert end.value.code == 2
    assert "try: evergreen retrain digits" in capfd.readouterr().err
    assert not (tmp_path / "new").exists()


# -- how sure ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("below", "unsure"), [(0.0, [False] * 3), (None, [True] * 3), ("between", None)])
def test_answers_below_the_threshold_of_the_evaluation_are_unsure(
    taught: Trained, predict: Any, monkeypatch: pytest.MonkeyPatch, below: Any, unsure: list[bool] | None
) -> None:
    run = ("--model", taught.run["id"], "--json")
    given = [one["top"][0]["probability"] for one in json.loads(predict(taught.photos, *run).out)["predictions"]]
    if below == "between":
        below = sum(sorted(given)[:2]) / 2
        unsure = [probability < below for probability in given]
    path = run_folder(taught.store, taught.run["id"]) / "run.json"
    calibration = {"temperature": 1.0, "unsure_below": below, "unsure_precision": 0.95, "ece": 0, "ece_scaled": 0}
    evaluation = taught.store.publish("evaluation", {"calibration.json": to_json(calibration)})
    before = path.read_bytes()
    try:
        path.write_bytes(before.replace(taught.output("evaluate").encode(), evaluation.sha256.encode()))
        said = predict(taught.photos, *run)
        assert json.loads(said.out)["unsure_below"] == below
        assert [one["unsure"] for one in json.loads(said.out)["predictions"]] == unsure
        assert (f"{sum(unsure or [])} unsure" in predict(taught.photos, *run[:2]).out) == any(unsure or [])
    finally:
        path.write_bytes(before)


def test_the_threshold_is_that_of_the_models_own_evaluation(taught: Trained, predict: Any) -> None:
    calibration = json.loads(taught.store.read(taught.store.manifest(taught.output("evaluate")).ref(), CALIBRATION))
    answer = json.loads(predict(taught.photos, "--json").out)
    assert answer["unsure_below"] == calibration["unsure_below"]
    assert all(one["unsure"] is not None for one in answer["predictions"])


def test_the_champion_answers_and_the_newest_run_while_there_is_none(taught: Trained, predict: Any) -> None:
    lost = {"id": "99999999-000000-lost", "recipe": "colours", "outcome": "completed", "steps": []}
    folder = run_folder(taught.store, lost["id"])
    folder.mkdir()
    (folder / "run.json").write_bytes(to_json(lost))
    champions, away = taught.store.root / "champions", taught.store.root / "away"
    try:
        named = json.loads(predict(taught.photos, "--recipe", "colours", "--json").out)
        assert (named["run"], named["model"]) == (taught.run["id"], taught.output("train"))
        champions.rename(away)
        assert predict(taught.photos).code == 2  # the newest run has no model
        (folder / "run.json").unlink()
        assert json.loads(predict(taught.photos, "--json").out)["run"] == taught.run["id"]
    finally:
        if away.exists():
            away.rename(champions)
        (folder / "run.json").unlink(missing_ok=True)
        folder.rmdir()
    release = taught.output("bundle")
    assert "tflite-int8" in predict(taught.photos, "--model", release, "--format", "tflite-int8").out


# -- a batch -----------------------------------------------------------------------------------------------------------


def test_the_flow_leaves_files_artifacts_and_a_name_that_says_the_outcome(
    taught: Trained, predict: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import batch_prediction
    from flows.batch_prediction import predict as flow

    heard: list[str] = []
    monkeypatch.setattr(batch_prediction, "say", heard.append)
    monkeypatch.setattr(batch_prediction, "decided_elsewhere", lambda _, recipe: f"another store decides on {recipe}")
    (tmp_path / "bad.png").write_bytes(b"no image")
    summary = flow([str(taught.photos), str(tmp_path / "bad.png")], store=str(taught.store.root))
    assert summary["counts"] == {"images": 4, "bad": 1, "unsure": 0}
    assert heard == ["another store decides on colours"]
    folder = run_folder(taught.store, summary["id"])
    rows = list(csv.DictReader((folder / "predictions.csv").open(newline="")))
    assert [row["label"] for row in rows] == ["bright", "dark", "red", ""]
    assert json.loads((folder / "predictions.json").read_text())["model"] == taught.output("train")
    assert Image.open(folder / "sheet.png").size[0] > 900
    names, artifacts = _dashboard()
    assert "predict colours: 4 images, 1 bad" in names
    table = json.loads(artifacts["colours-predictions"])
    assert [row["label"] for row in table] == ["", "bright", "dark", "red"]
    assert "data:image/png;base64," in artifacts["colours-contact-sheet"]
    with pytest.raises(BadInput, match="none of 1 images"):
        flow([str(tmp_path / "bad.png")], store=str(taught.store.root))
    with pytest.raises(BadInput, match="stored and shown"):
        flow(["https://host/a.png?sig=x"], recipe="colours", store=str(taught.store.root))
    assert any(name.startswith("predict colours: the URL https://host/a.png holds") for name in _dashboard()[0])
    said = predict(taught.photos, "--json", "--model", summary["id"])
    assert (said.code, "has no model" in said.err) == (2, True)


def _dashboard() -> tuple[set[str], dict[str, str]]:
    """Return the names of all runs, and the newest artifact of each key that has to do with predictions."""
    from prefect.settings import get_current_settings

    url = get_current_settings().server.database.connection_url.get_secret_value()
    with sqlite3.connect(f"file:{url.partition('///')[2]}?mode=ro", uri=True) as database:
        names = {name for (name,) in database.execute("SELECT name FROM flow_run")}
        rows = database.execute("SELECT key, data FROM artifact WHERE key LIKE 'colours-%' ORDER BY created")
        texts = ((key, data) for key, data in rows if isinstance(data, str))  # progress is a number
        return names, {key: json.loads(data) if data.startswith('"') else data for key, data in texts}


# -- drift: the store is trained already -------------------------------------------------------------------------------


def test_new_images_a_log_and_the_newest_run_are_held_against_the_reference(
    taught: Trained, predict: Any, capfd: pytest.CaptureFixture[str], tmp_path: Path, png: Callable[..., bytes]
) -> None:
    from runs.drifting.comparing import NOT_COMPARED

    recipe = str(taught.photos.parent / "colours.yaml")

    def drift(*arguments: object) -> dict[str, Any]:
        capfd.readouterr()
        app(["drift", recipe, *map(str, arguments), "--json", "--store", str(taught.store.root)], standalone_mode=False)
        return dict(json.loads(capfd.readouterr().out))

    night, day = tmp_path / "night", tmp_path / "day"
    for folder, factor in ((night, 0.3), (day, 1)):
        folder.mkdir()
        for seed, colour in enumerate(list(COLOURS.values()) * 8):
            shade = tuple(int(factor * value) for value in colour)
            (folder / f"{seed:02}.png").write_bytes(png(300 + seed, (9, 7), shade))
    (night / "bad.png").write_bytes(b"no picture")
    (night / "again.png").write_bytes((night / "00.png").read_bytes())
    learned = next((taught.photos.parent / "source" / "red").iterdir())
    shutil.copy(learned, night / "known.png")
    found = drift(night)
    assert (found["verdict"], found["images"], found["reference"] + found["calibration"]) == ("drift", 24, 12)
    assert found["sources"][0]["found"]
    assert len(found["sources"][0]["pictures"]) == 12
    assert {note.split(" ", 1)[1].split(",")[0] for note in found["notes"]} >= {
        "files cannot be used as images",
        "files are there twice",
        "files are among the images of the model's own run",
    }
    same = drift(day)
    assert same["verdict"] == "no drift found"
    assert same["accuracy"]["judged"] == taught.run["metrics"]["test"]["accuracy"]
    predict(day, "--top", 3, "--csv", tmp_path / "log.csv")
    assert {source["name"] for source in drift(tmp_path / "log.csv")["sources"]} == {"answers", "shares"}
    assert drift()["verdict"] == NOT_COMPARED
    capfd.readouterr()
    both = ["drift", recipe, str(day), str(tmp_path / "log.csv"), "--store", str(taught.store.root)]
    assert app(both, standalone_mode=False) == 2
    assert "received both" in capfd.readouterr().err


def test_what_a_service_kept_is_held_against_the_reference_and_suggested(
    taught: Trained, capfd: pytest.CaptureFixture[str], tmp_path: Path, png: Callable[..., bytes]
) -> None:
    """Answers of the trained network: of the day and of the night, by the network itself and as coarse as int8's."""
    from evergreen.vision.predict import predict as answer
    from runs.answering.model_meant import model_meant, opened_keras
    from runs.serving.answers import Answered, Answers, Asked, Release
    from runs.serving.feedback.keeper import Keeper
    from runs.serving.feedback.truths import give

    recipe, store = str(taught.photos.parent / "colours.yaml"), taught.store
    meant = model_meant(store, "colours", None)
    facts = store.manifest(meant.model).facts
    classes = tuple(facts["classes"])
    image = ImageSection.model_validate(facts["image"])
    release = Release("colours", "a" * 64, meant.model, "tflite-int8", classes, image, Screen(), 0.0)

    def keep(root: Path, factor: float, steps: int = 0, **about: Any) -> list[bytes]:
        shades = [tuple(int(factor * value) for value in colour) for colour in list(COLOURS.values()) * 8]
        images = [png(300 + seed, (9, 7), shade) for seed, shade in enumerate(shades)]
        with TemporaryDirectory() as folder:
            opened = partial(opened_keras, store, meant, Path(folder), list(classes))
            scores = [one.scores for one in answer([partial(bytes, data) for data in images], opened, image)]
        keeper = Keeper(root, share=1.0, pictures=True)
        for data, found in zip(images, scores, strict=True):
            said = tuple(round(value * steps) / steps if steps else value for value in map(float, found))
            answers = Answers(replace(release, **about), (Answered(digest(data), said),), 0.1)
            keeper.hear(Asked(answers, [data], ""))
        keeper.close()
        return images

    def told(command: str, *arguments: object) -> str:
        capfd.readouterr()
        app([command, recipe, *map(str, arguments), "--store", str(store.root)], standalone_mode=False)
        return "".join(capfd.readouterr())

    def drift(path: Path) -> dict[str, Any]:
        capfd.readouterr()
        app(["drift", recipe, str(path), "--json", "--store", str(store.root)], standalone_mode=False)
        return dict(json.loads(capfd.readouterr().out))

    keep(tmp_path / "day", 1, 256)
    keep(tmp_path / "day", 0.3, model="c" * 64)  # another model's answers
    found = drift(tmp_path / "day")
    assert (found["verdict"], found["images"]) == ("no drift found", 24)
    assert any("24 answers are of another model" in note for note in found["notes"])
    assert any("rounded to 1/256 as these are" in note for note in found["notes"])
    keep(tmp_path / "night", 0.3)
    assert drift(tmp_path / "night")["verdict"] == "drift"
    file = next((tmp_path / "night").glob("colours/.log/answers/*.jsonl"))
    assert drift(file)["images"] == 24
    assert "received both" in told("drift", file, taught.photos)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("".join(json.dumps({**line, "drawn": False}) + "\n" for line in lines))
    assert "24 answers were kept since they are unsure, and not drawn" in told("drift", file)

    images = keep(tmp_path / "next", 0.6)
    keeper = Keeper(tmp_path / "next")
    give(keeper, "colours", digest(images[0]), "red", classes)
    keeper.close()
    said = told("suggest", "--from", tmp_path / "next", "--count", 3)
    assert "suggested  3 of 23 images" in said
    assert "of 1 pictures that are kept somebody said or decided" in said
    assert said.splitlines()[-1].endswith(f"--from {tmp_path / 'next'} --count 3 --label")


def test_a_store_that_trained_nothing_takes_the_champion_from_the_remote(
    taught: Trained, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, empty, shared = str(taught.photos.parent / "colours.yaml"), tmp_path / "empty", tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setenv("EVERGREEN_REMOTE", str(shared))
    with held(taught.store.root) as full:
        push_all(full, None, print)

    def told(*arguments: object, store: Path = empty) -> Said:
        capfd.readouterr()
        code = app([*map(str, arguments), "--store", str(store)], standalone_mode=False)
        return Said(int(code or 0), *capfd.readouterr())

    unnamed = told("predict", taught.photos)
    assert unnamed.code == 2
    assert "in the remote there are runs of colours: name one with --recipe" in unnamed.err
    answer = told("predict", taught.photos, "--recipe", "colours", "--json")
    assert (answer.code, _labels(answer)) == (0, ["bright", "dark", "red"])
    assert json.loads(answer.out)["model"] == taught.output("train")
    assert json.loads(answer.out)["caution"] in (None, "")
    drift = json.loads(told("drift", recipe, taught.photos, "--json").out)
    assert drift["reference"] + drift["calibration"] == 12
    found = json.loads(told("suggest", recipe, "--count", "2", "--json").out)
    assert found["judged_by"].startswith("the champion of colours")
    assert len(found["suggestions"]) == 2
    assert told("lineage", taught.output("train")).code == 0
    monkeypatch.setenv("EVERGREEN_REMOTE", str(tmp_path / "gone"))
    lost = told("predict", taught.photos, "--recipe", "colours", store=tmp_path / "other")
    assert lost.code == 2
    assert "going on without the remote" in lost.err


def test_a_run_looks_at_new_images_before_training_once_and_tells_it(
    taught: Trained, tmp_path: Path, png: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import drifting
    from flows.retrain import retrain

    heard: list[dict[str, Any]] = []
    monkeypatch.setattr(drifting, "emit_event", lambda **event: heard.append(event))
    shutil.copytree(taught.store.root, tmp_path / "store")
    shutil.copytree(taught.photos.parent / "source", tmp_path / "source")
    for seed in range(24):
        (tmp_path / "source" / "dark" / f"night-{seed}.png").write_bytes(png(400 + seed, (9, 7), (2, 2, 2)))
    recipe, settings = str(taught.photos.parent / "colours.yaml"), ["retrain_when.max_age_days=30"]
    runs = [retrain(recipe, settings, str(tmp_path / "source"), str(tmp_path / "store")) for _ in range(2)]
    assert [run["outcome"] for run in runs] == ["not retrained"] * 2
    found, again = (run["drift"] for run in runs)
    assert (found["verdict"], found["new"], found["run"]) == ("drift", 24, taught.run["id"])
    assert found["sources"][0]["pictures"][0]["image"].startswith("dark/night-")
    assert again == {"first": runs[0]["id"], **found}
    assert [(event["event"], event["payload"]["retrains"]) for event in heard] == [(drifting.DRIFT_FOUND, False)]
    cheap = ["export.formats=[tflite-float32]", "evaluate.shortcut_images=0", "diagnose.enabled=false"]
    settings = ["retrain_when.drift=0.01", *cheap]
    due = retrain(recipe, settings, str(tmp_path / "source"), str(tmp_path / "store"))
    assert due["outcome"] == "completed"
    assert due["decision"]["reason"].startswith("new images differ from those that the model was judged by")
    page = (tmp_path / "store" / "runs" / due["id"] / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="drift">' in page and page.count('<figure><img alt="dark/night-') == 12

"""evergreen.vision.verify: every export in its own runtimes, and what must not pass."""

import json
import shlex
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nodejs
import pytest
from tiny_training import CLASSES, RECIPE, Trained

from evergreen.recipe import load_recipe
from evergreen.serving import worker
from evergreen.vision.formats import contract, tfjs
from evergreen.vision.formats.catalogue.installed import ABSENT, version_of
from evergreen.vision.formats.catalogue.known import KNOWN
from evergreen.vision.formats.lite import container
from evergreen.vision.formats.runtimes import browser, chromium, litertjs, process
from evergreen.vision.networks import saving
from evergreen.vision.verify import _said

HAS_MEDIAPIPE = find_spec("mediapipe") is not None
HAS_NODE = nodejs.PROGRAM is not None


@pytest.mark.browser
def test_every_export_answers_as_keras_does_in_each_of_its_runtimes(exports: Any, verified: dict[str, Any]) -> None:
    in_browser = HAS_NODE and chromium.chromium() is not None
    has_ort_web = HAS_NODE and version_of("npm:onnxruntime-web") != ABSENT
    present = {
        "Node, wasm": HAS_NODE,
        "Chromium, wasm": in_browser,
        "MediaPipe Tasks": HAS_MEDIAPIPE,
        "LiteRT.js, wasm": in_browser,
        "ONNX Runtime Web, Node": has_ort_web,
    }
    assert list(verified) == list(exports.formats)
    for name, result in verified.items():
        for run in result.runtimes:
            if run.runtime == "LiteRT.js, WebGPU" and run.verified == "not verified":  # a card, or words of its absence
                assert "card" in run.reason or "WebGPU" in run.reason
                continue
            expected = "passed" if present.get(run.runtime, True) else "not verified"
            assert (name, run.runtime, run.verified) == (name, run.runtime, expected), run.reason
        assert {run.runtime for run in result.runtimes if not run.needed} == set(KNOWN[name].beside)
        needed = {run.verified for run in result.runtimes if run.needed}
        assert result.verified == ("passed" if needed == {"passed"} else "not verified")
        if result.verified == "passed":
            ran = [run for run in result.runtimes if run.agreement is not None]
            assert all(run.threads == 1 for run in ran)
            assert all(0 < run.speed.median_ms <= run.speed.p95_ms and run.speed.load_seconds > 0 for run in ran)
            assert (result.count, result.agreement, len(result.moved)) == (18, 1, 10)
            assert result.accuracy_low < result.accuracy <= result.accuracy_high
        assert result.bytes == sum(path.stat().st_size for path in (exports.folder / name).rglob("*") if path.is_file())
    runtimes = {name: [run.runtime for run in result.runtimes] for name, result in verified.items()}
    assert runtimes["savedmodel"] == ["TensorFlow alone"]
    assert runtimes["tfjs-uint8"] == ["Node, wasm", "Chromium, wasm"]
    assert runtimes["tflite-int8"] == ["LiteRT interpreter", "MediaPipe Tasks", "LiteRT.js, wasm", "LiteRT.js, WebGPU"]
    for name in {"keras", "savedmodel", "tflite-float32", "onnx", "openvino"} & set(verified):
        assert verified[name].max_difference < 1e-4
    # Quantization that changed nothing would not be one.
    assert verified["tflite-int8"].max_difference > 1e-4


def test_what_is_published_is_the_same_twice_and_speeds_stand_apart(
    exports: Any, verified: dict[str, Any], tmp_path: Path
) -> None:
    names = ("savedmodel", "tfjs")
    again = exports.verify(exports.folder, *names)
    for name in names:
        assert again[name].as_json() == verified[name].as_json()
        assert again[name].speeds().keys() == {run.runtime for run in again[name].runtimes if run.agreement}
    assert any(again[name].speeds() != verified[name].speeds() for name in names)
    told = json.dumps([result.as_json() for result in again.values()])
    assert not [word for word in ("seconds", "_ms", "speed") if word in told]


def test_a_runtime_that_refuses_says_so_in_the_same_words_wherever_it_is_asked(exports: Any, tmp_path: Path) -> None:
    said = []
    for folder in (tmp_path / "first", tmp_path / "second, elsewhere"):
        shutil.copytree(exports.folder / "tflite-float32", folder / "tflite-float32")
        (folder / "tflite-float32" / "model.tflite").unlink()
        said.append(exports.verify(folder, "tflite-float32")["tflite-float32"].as_json())
    assert said[0] == said[1]
    assert said[0]["verified"] == "failed"
    assert "tflite-float32/model.tflite" in said[0]["reason"]


def test_what_a_program_says_of_the_moment_is_left_out_and_the_rest_is_kept() -> None:
    def said(process: int, seconds: str, folder: str) -> str:
        mkdtemp = Path(tempfile.gettempdir(), f"tmp{process}")
        log = (
            f"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
            f"E0000 00:00:{seconds}    {process} cuda_dnn.cc:8579] Unable to register\n"
            f"2026-01-01 10:00:{seconds[-2:]}.1234: W tensorflow/core/x.cc:1] slow\n"
        )
        trace = f"Traceback\nValueError: {folder}/keras/model.keras, {mkdtemp}/images.bin"
        where = f"<lambda at 0x7f{process:x}> http://127.0.0.1:{process}/craft/page.html"
        return _said(f"ValueError: code 1:\n{log}{trace} {where}" + "x" * 3000, Path(folder) / "keras")

    one = said(1332, "1795602413.748431", "/store/tmp/a")
    assert one == said(45678, "1795602499.000017", "/store/tmp/another name")
    assert one.startswith("ValueError: code 1:\nTraceback\nValueError: keras/model.keras, TEMPORARY/images.bin")
    assert "0x> http://127.0.0.1/craft/page.html" in one
    assert len(one) < 2100


@pytest.mark.browser
@pytest.mark.skipif(not HAS_NODE or chromium.chromium() is None, reason="Chromium is not installed")
@pytest.mark.parametrize("name", ["tflite-float32", "tflite-float16", "tflite-dynamic", "tflite-int8"])
def test_a_network_that_litert_js_has_no_webgpu_for_is_not_verified_there_and_not_refused(
    exports: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    # Chromium's own adapter in software stands for a card: the same shaders, on the processor.
    craft = shutil.copytree(browser._CRAFT, tmp_path / "craft")
    page, asked = craft / "litertjs.html", "adapter.info.isFallbackAdapter ?"
    assert asked in page.read_text()
    page.write_text(page.read_text().replace(asked, "false ?"))
    monkeypatch.setattr(browser, "_CRAFT", craft)
    monkeypatch.setattr(litertjs, "_CARDS", tmp_path)
    (tmp_path / "dri").mkdir()
    (tmp_path / "dri" / "renderD128").touch()
    result = exports.verify(exports.folder, name)[name]
    card = next(run for run in result.runtimes if run.runtime == "LiteRT.js, WebGPU")
    assert result.verified == "passed"
    if card.verified != "passed":
        assert card.verified == "not verified"
        assert "on WebGPU: " in card.reason
        assert "\n" not in card.reason


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("savedmodel", ("keras", "evergreen")),
        ("tflite-int8", ("tensorflow", "keras", "evergreen")),
        ("onnx", ("tensorflow", "keras", "evergreen", "onnx")),
        ("openvino", ("tensorflow", "keras", "evergreen", "openvino_telemetry")),
    ],
)
def test_an_export_runs_where_nothing_but_its_runtime_can_be_imported(
    exports: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, absent: tuple[str, ...]
) -> None:
    exports.must_have(name)
    _python_that(
        monkeypatch, tmp_path, after=f"print(*[sys.modules[name] for name in {absent}], file=open('seen', 'w'))"
    )
    monkeypatch.chdir(tmp_path)
    assert exports.verify(exports.folder, name)[name].runtimes[0].verified == "passed"
    assert (tmp_path / "seen").read_text().split() == ["None"] * len(absent)


def test_without_its_runtime_an_export_is_not_verified_never_passed(
    exports: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _python_that(
        monkeypatch, tmp_path, before="sys.modules.update(dict.fromkeys(('tensorflow', 'ai_edge_litert', 'mediapipe')))"
    )
    monkeypatch.setattr(tfjs.shutil, "which", lambda _: None)
    results = exports.verify(exports.folder, "savedmodel", "tflite-int8", "tfjs")
    for result in results.values():
        assert (result.verified, result.agreement, result.count) == ("not verified", None, 0)
    assert "tensorflow" in results["savedmodel"].reason
    assert "ai_edge_litert" in results["tflite-int8"].reason
    assert "install Node.js" in results["tfjs"].reason
    assert "Chromium is not installed" in results["tfjs"].reason


def test_without_mediapipe_what_litert_showed_is_enough_and_how_to_get_it_is_told(
    exports: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _python_that(monkeypatch, tmp_path, before="sys.modules['mediapipe'] = None")
    result = exports.verify(exports.folder, "tflite-int8")["tflite-int8"]
    assert [(run.runtime, run.verified, run.needed) for run in result.runtimes[:2]] == [
        ("LiteRT interpreter", "passed", True),
        ("MediaPipe Tasks", "not verified", False),
    ]
    assert (result.verified, result.agreement, result.count) == ("passed", 1, 18)
    assert result.reason.startswith("LiteRT interpreter: agreement at least")
    assert "; not verified in MediaPipe Tasks: " in result.reason
    assert "run make setup EXTRAS=mediapipe" in result.reason


def test_labels_in_another_order_inside_a_tflite_fail_in_every_runtime_that_is_there(
    exports: Any, tmp_path: Path
) -> None:
    shutil.copytree(exports.folder / "tflite-int8", tmp_path / "tflite-int8")
    file = tmp_path / "tflite-int8" / "model.tflite"
    data = file.read_bytes()
    file.write_bytes(data[: data.index(b"PK\x03\x04")])
    turned = "".join(f"{name}\n" for name in CLASSES[::-1]).encode()
    container.add_files(file, {"labels.txt": turned})
    result = exports.verify(tmp_path, "tflite-int8")["tflite-int8"]
    assert result.verified == "failed"
    in_python = result.runtimes[:2]  # LiteRT.js reads no labels
    assert [run.verified for run in in_python] == ["failed", "failed" if HAS_MEDIAPIPE else "not verified"]
    for run in result.runtimes[: 1 + HAS_MEDIAPIPE]:
        assert f"class order: expected {CLASSES}, the model itself says {CLASSES[::-1]}" in run.reason


@pytest.mark.skipif(not HAS_MEDIAPIPE, reason="MediaPipe is not installed: make setup EXTRAS=mediapipe")
def test_mediapipe_refuses_a_tflite_that_does_not_say_what_it_takes(exports: Any, tmp_path: Path) -> None:
    shutil.copytree(exports.folder / "tflite-float32", tmp_path / "tflite-float32")
    file = tmp_path / "tflite-float32" / "model.tflite"
    file.write_bytes(file.read_bytes().replace(b"TFLITE_METADATA", b"TFLITE_METADAT_"))
    result = exports.verify(tmp_path, "tflite-float32")["tflite-float32"]
    assert result.verified == "failed"
    assert [run.verified for run in result.runtimes[:2]] == ["passed", "failed"]
    assert "NormalizationOptions" in result.reason


@pytest.mark.usefixtures("node")
def test_without_chromium_what_node_showed_is_told_and_is_not_enough(
    exports: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "chromium", lambda: None)
    result = exports.verify(exports.folder, "tfjs")["tfjs"]
    assert [(run.runtime, run.verified) for run in result.runtimes] == [
        ("Node, wasm", "passed"),
        ("Chromium, wasm", "not verified"),
    ]
    assert (result.verified, result.agreement) == ("not verified", 1)
    assert result.reason.startswith("Chromium, wasm: Chromium is not installed")


def test_another_class_order_is_found_wherever_it_stands(exports: Any, trained: Trained, tmp_path: Path) -> None:
    import keras

    folder = tmp_path / "e"
    shutil.copytree(exports.folder, folder)
    contract.write_labels(folder / "keras", CLASSES[::-1])
    _swap(folder / "tflite-int8" / "model-card.json")
    # Right labels beside scores in another order.
    model = saving.load(trained.model, CLASSES)
    turned = keras.Model(model.input, keras.layers.concatenate([model.output[:, 1:], model.output[:, :1]]))
    saving.save(turned, tmp_path / "turned.keras")
    shutil.copy(tmp_path / "turned.keras", folder / "savedmodel")
    exports.write(tmp_path / "t", ("savedmodel",), model=tmp_path / "turned.keras")
    shutil.rmtree(folder / "savedmodel")
    shutil.copytree(tmp_path / "t" / "savedmodel", folder / "savedmodel")
    results = exports.verify(folder, "keras", "tflite-int8", "savedmodel")
    assert {result.verified for result in results.values()} == {"failed"}
    assert "class order: expected ['dark', 'bright', 'red'], labels.txt says" in results["keras"].reason
    assert "model-card.json says" in results["tflite-int8"].reason
    assert results["savedmodel"].agreement == 0


def test_golden_images_prove_an_export_as_a_service_runs_it_and_refuse_one_whose_classes_changed_places(
    exports: Any, trained: Trained, tmp_path: Path
) -> None:
    import keras

    names = ("tflite-float32", "tflite-int8")
    found = exports.verified(exports.folder, "savedmodel", *names)
    golden = found.golden
    assert set(golden.answers) == set(names)
    assert golden.classes == tuple(CLASSES)
    assert found.files == {name: trained.blobs[name] for name in golden.names}, (
        "the files as they were, not encoded again"
    )
    assert exports.verified(exports.folder, "savedmodel", *names).golden == golden
    model = saving.load(trained.model, CLASSES)
    turned = keras.Model(model.input, keras.layers.concatenate([model.output[:, 1:], model.output[:, :1]]))
    saving.save(turned, tmp_path / "turned.keras")
    exports.write(tmp_path / "turned", names, model=tmp_path / "turned.keras")
    for name in names:
        given = _answered(exports.folder / name, found.files)
        assert golden.mismatch(name, CLASSES, given) == ""
        labels = (exports.folder / name / "labels.txt").read_text().splitlines()
        assert "class 0 is red, not dark" in golden.mismatch(name, labels[::-1], given)
        assert ": expected " in golden.mismatch(name, CLASSES, _answered(tmp_path / "turned" / name, found.files))


def _answered(folder: Path, files: dict[str, bytes]) -> list[list[float]]:
    """Return what a worker of the service answers for images, in their order."""
    models = worker.Models()
    models.open("m", folder, worker.Fed(8, 8, RECIPE.image.resize, RECIPE.image.interpolation), (150, 30, None))
    answers = [models.answer("m", data).tolist() for data in files.values()]
    models.end()
    return answers


def test_without_a_format_that_litert_runs_there_are_no_golden_images(exports: Any) -> None:
    found = exports.verified(exports.folder, "savedmodel")
    assert (found.golden, found.files) == (None, {})


def _swap(path: Path) -> None:
    """Exchange the names of the first two classes in a file of JSON."""
    one, other = (f'"{name}"' for name in CLASSES[:2])
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(one, "swap").replace(other, one).replace("swap", other), encoding="utf-8")


def test_a_tensorflow_js_model_of_another_class_order_or_damaged_fails(
    exports: Any, tmp_path: Path, node: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "chromium", lambda: None)  # Node is enough for this
    shutil.copytree(exports.folder / "tfjs", tmp_path / "tfjs")
    _swap(tmp_path / "tfjs" / "model.json")
    result = exports.verify(tmp_path, "tfjs")["tfjs"]
    assert (result.verified, "the model itself says" in result.reason) == ("failed", True)
    _swap(tmp_path / "tfjs" / "model.json")
    shard = next((tmp_path / "tfjs").glob("*.bin"))
    shard.write_bytes(shard.read_bytes()[:-40])
    result = exports.verify(tmp_path, "tfjs")["tfjs"]
    assert (result.verified, result.agreement, bool(result.reason)) == ("failed", None, True)


def test_a_damaged_export_fails_and_takes_nothing_else_with_it(exports: Any, tmp_path: Path) -> None:
    folder = tmp_path / "e"
    shutil.copytree(exports.folder, folder)
    lite = folder / "tflite-float16" / "model.tflite"
    lite.write_bytes(lite.read_bytes()[: lite.stat().st_size // 2])
    (folder / "tflite-int8" / "model.tflite").write_bytes(b"not a model")
    data = next((folder / "savedmodel" / "variables").glob("*data*"))
    data.write_bytes(data.read_bytes()[:100])
    broken = ["tflite-float16", "tflite-int8", "savedmodel"]
    results = exports.verify(folder, *broken, "tflite-float32")
    assert results.pop("tflite-float32").verified == "passed"
    assert {name: result.verified for name, result in results.items()} == dict.fromkeys(broken, "failed")
    assert all(result.reason and result.agreement is None for result in results.values())


def test_another_models_export_fails_and_names_the_images_that_moved(
    exports: Any, trained: Trained, tmp_path: Path
) -> None:
    other = load_recipe(
        "digits", ["seed=99", "image={height: 8, width: 8}", "train.cnn=[{filters: 2}]", "train.phases=[{epochs: 1}]"]
    )
    trained.train(other, tmp_path / "other.keras")
    exports.write(tmp_path / "o", ("tflite-float32",), other, tmp_path / "other.keras")
    result = exports.verify(tmp_path / "o", "tflite-float32")["tflite-float32"]
    assert result.verified == "failed"
    assert "a probability differs by" in result.reason
    differences = [row["difference"] for row in result.moved]
    assert len(differences) == 10
    assert differences == sorted(differences, reverse=True)
    assert differences[0] == pytest.approx(result.max_difference)
    rows = trained.table[trained.table["split"] == "test"].set_index("path")
    assert all(rows.loc[row["path"], "label"] == row["label"] for row in result.moved)


def _python_that(monkeypatch: pytest.MonkeyPatch, folder: Path, before: str = "pass", after: str = "pass") -> None:
    """Have the processes of Python runtimes do something of the test's before and after."""
    script = (
        f"import runpy, sys; sys.argv = sys.argv[1:]; {before}; "
        f"runpy.run_path(sys.argv[0], run_name='__main__'); {after}"
    )
    program = folder / "python"
    program.write_text(f'#!/bin/sh\nshift\nexec {shlex.quote(sys.executable)} -I -c "{script}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(process.sys, "executable", str(program))

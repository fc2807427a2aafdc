"""evergreen.vision.formats: what each export takes, gives and carries."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import hostile_images
import nodejs
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import UnidentifiedImageError
from tiny_training import CLASSES, RECIPE

from evergreen.images import pixels
from evergreen.images.door import open_image
from evergreen.images.formats import FORMATS
from evergreen.sections.data import Image
from evergreen.vision.formats import snippets, tfjs
from evergreen.vision.formats.registry import OPEN_PREDICTOR, WRITE
from evergreen.vision.networks import saving


@pytest.fixture(scope="module")
def batch(exports: Any) -> np.ndarray:
    """Test images, (18, 8, 8, 3) uint8."""
    table = exports.trained.table
    rows = exports.trained.images.rows(table[table["split"] == "test"], RECIPE.image)
    return rows.gather(np.arange(len(rows)))


@pytest.fixture(scope="module")
def reference(exports: Any, batch: np.ndarray) -> np.ndarray:
    """What Keras says to them, (18, 3) float32."""
    return np.asarray(saving.load(exports.trained.model, CLASSES).predict_on_batch(batch))


def test_every_format_of_recipes_is_written_and_opened(exports: Any) -> None:
    assert set(WRITE) == set(OPEN_PREDICTOR) == set(exports.formats)


def test_every_export_says_what_it_is(exports: Any) -> None:
    for name in exports.formats:
        folder = exports.folder / name
        card = json.loads((folder / "model-card.json").read_text())
        assert (folder / "labels.txt").read_text().splitlines() == card["classes"] == CLASSES
        assert (card["format"], card["preprocessing"]) == (name, "none: raw RGB")
        assert (card["input"]["height"], card["input"]["width"], card["input"]["range"]) == (8, 8, [0, 255])
        assert card["resize"] == {"rule": "squash", "interpolation": "area"}
        assert card["metrics"]["test"] == {"accuracy": 0.5, "loss": 1.25, "count": 18}
        assert (card["shortcuts"]["leans_on"], card["shortcuts"]["split"]) == (["colour"], "test")
        assert card["made_of"] == {"model.keras": "0" * 64}
        assert card["made"]["libraries"]["tensorflow"].startswith("2.19")
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert set(card["files"]) == files - {"model-card.json"}
        done = subprocess.run(["sha256sum", *card["files"]], cwd=folder, capture_output=True, text=True, check=True)
        assert [line.split()[0] for line in done.stdout.splitlines()] == list(card["files"].values())


def test_the_saved_model_serves_named_scores_for_any_number_of_images(
    exports: Any, batch: np.ndarray, reference: np.ndarray
) -> None:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(exports.folder / "savedmodel"))
    for count in (1, 7):
        answer = loaded.signatures["serving_default"](image=tf.constant(batch[:count], tf.float32))
        assert set(answer) == {"scores", "classes"}
        assert np.allclose(answer["scores"].numpy(), reference[:count], atol=1e-5)
        assert answer["classes"].numpy().astype(str).tolist() == [CLASSES] * count


def test_int8_takes_and_gives_uint8_and_the_pixels_go_in_as_they_are(exports: Any) -> None:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(str(exports.folder / "tflite-int8" / "model.tflite"))
    (source,), (sink,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert (source["dtype"], sink["dtype"]) == (np.uint8, np.uint8)
    assert source["quantization"] == (1.0, 0)
    assert sink["quantization"] == (1 / 256, 0)
    kinds = {detail["dtype"] for detail in interpreter.get_tensor_details()}
    assert np.float32 not in kinds


def _stored(folder: Path) -> set[tuple[int, str | None]]:
    """Return (number of dimensions, type in which it is stored) of the float weights of a graph model."""
    groups = json.loads((folder / "model.json").read_text())["weightsManifest"]
    weights = [weight for group in groups for weight in group["weights"] if weight["dtype"] == "float32"]
    return {(len(weight["shape"]), weight.get("quantization", {}).get("dtype")) for weight in weights}


def test_weights_are_stored_as_the_formats_name_says(exports: Any) -> None:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(str(exports.folder / "tflite-float16" / "model.tflite"))
    assert np.float16 in {detail["dtype"] for detail in interpreter.get_tensor_details()}
    assert {kind for _, kind in _stored(exports.folder / "tfjs")} == {None}
    assert {kind for _, kind in _stored(exports.folder / "tfjs-float16")} == {"float16"}
    # The tiny network has no large kernel.
    assert {kind for _, kind in _stored(exports.folder / "tfjs-uint8")} == {"float16"}


def test_8_bits_are_for_large_kernels_whose_channels_can_share_a_scale(
    exports: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = {
        "conv": [3, 3, 64, 64],
        "dense": [512, 32],
        "first": [3, 3, 3, 32],
        "deep": [5, 5, 999, 1],
        "bias": [20000],
    }
    weights = [{"name": name, "shape": shape} for name, shape in shapes.items()]
    assert tfjs._kernels({"weightsManifest": [{"weights": weights}]}) == ["conv", "dense"]
    monkeypatch.setattr(tfjs, "_LARGE_KERNEL", 1)
    exports.write(tmp_path / "e", ("tfjs-uint8",))
    stored = _stored(tmp_path / "e" / "tfjs-uint8")
    assert {(4, "uint8"), (2, "uint8"), (1, "float16")} <= stored
    assert not {(4, "float16"), (2, "float16"), (1, "uint8")} & stored


def test_a_model_of_8_bits_answers_as_keras_does(
    exports: Any, tmp_path: Path, node: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tfjs, "_LARGE_KERNEL", 1)
    exports.write(tmp_path / "e", ("tfjs-uint8",))
    assert (4, "uint8") in _stored(tmp_path / "e" / "tfjs-uint8")
    assert exports.verify(tmp_path / "e", "tfjs-uint8")["tfjs-uint8"].runtimes[0].verified == "passed"


def test_writing_again_gives_the_same_bytes_where_the_library_allows(exports: Any, tmp_path: Path) -> None:
    formats = tuple(name for name in exports.formats if name != "savedmodel")
    exports.write(tmp_path / "again", formats)
    files = [path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*") if path.is_file()]
    assert len(files) >= 4 * len(formats)
    for path in files:
        assert (tmp_path / "again" / path).read_bytes() == (exports.folder / path).read_bytes(), path


@pytest.mark.parametrize(
    "name",
    [
        "keras", "savedmodel", "tflite-float32", "tflite-float16", "tflite-int8",
        pytest.param("tfjs", marks=pytest.mark.browser),
    ],
)  # fmt: skip
def test_the_snippet_runs_and_says_what_the_model_says(
    exports: Any,
    tmp_path: Path,
    batch: np.ndarray,
    reference: np.ndarray,
    name: str,
    request: pytest.FixtureRequest,
) -> None:
    folder = tmp_path / name
    shutil.copytree(exports.folder / name, folder)
    if name == "tfjs":
        program = request.getfixturevalue("node")
        (tmp_path / "node_modules").symlink_to(nodejs.NODE_MODULES)
        (folder / "photo").write_bytes(batch[0].tobytes())
        command = [program, "run.mjs", "photo"]
    else:
        Pillow.fromarray(batch[0]).save(folder / "photo.png")
        command = [sys.executable, "-I", "run.py", "photo.png"]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, env=environment)
    for label in CLASSES:
        assert label in done.stdout
    if name == "tfjs":
        said = [float(number) for number in done.stdout.split("[")[2].strip(" ]\n").split(",")]
    else:
        said = list(ast.literal_eval(done.stdout.strip().splitlines()[-1]).values())
    assert said == pytest.approx(reference[0].tolist(), abs=0.05 if name == "tflite-int8" else 2e-3)


# (width, height) of photos, and of the input: shrinking, enlarging, odd sizes, as it is, thinner than anybody's photo.
SIZES = [
    ((1600, 1200), (160, 160)), ((1200, 1601), (97, 61)), ((30, 21), (160, 120)), ((333, 17), (64, 64)),
    ((24, 24), (24, 24)), ((48, 48), (24, 24)), ((9001, 2), (32, 32)), ((1, 5000), (24, 40)),
]  # fmt: skip


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[int, int], Path]:
    """A photo of every size, with slopes and noise, by width and height."""
    rng, folder, written = np.random.default_rng(1), tmp_path_factory.mktemp("photos"), {}
    for width, height in dict.fromkeys(size for size, _ in SIZES):
        photo = cv2.GaussianBlur(rng.integers(0, 256, (height, width, 3), np.uint8), (5, 5), 0)
        photo[: height // 2] = rng.integers(0, 256, (height // 2, width, 3), np.uint8)
        written[width, height] = folder / f"{width}x{height}.png"
        Pillow.fromarray(photo).save(written[width, height], compress_level=0)
    return written


@pytest.mark.parametrize("interpolation", ["area", "bilinear", "bicubic", "nearest"])
@pytest.mark.parametrize("rule", ["squash", "crop", "pad"])
def test_snippets_give_the_pixels_of_training(
    photos: dict[tuple[int, int], Path], monkeypatch: pytest.MonkeyPatch, rule: str, interpolation: str
) -> None:
    for size, (width, height) in SIZES:
        image = Image(height=height, width=width, resize=rule, interpolation=interpolation)
        made = _pixels_of_the_snippet(image, photos[size], monkeypatch)
        expected = pixels.resize(open_image(photos[size].read_bytes()).pixels, image)
        assert (made.shape, made.dtype) == ((1, height, width, 3), np.uint8)
        assert np.abs(made[0].astype(int) - expected).max() == 0, (size, width, height)


@pytest.mark.parametrize("rule", ["squash", "crop", "pad"])
def test_snippets_open_photos_as_the_door_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    rgba = Pillow.fromarray(np.random.default_rng(2).integers(0, 256, (40, 31, 4), np.uint8))
    exif = Pillow.Exif()
    exif[0x0112] = 6
    wide = Pillow.fromarray(np.random.default_rng(3).integers(0, 65536, (20, 30), np.uint16))
    saves: dict[str, tuple[Pillow.Image, dict[str, Any]]] = {
        "alpha.png": (rgba, {}),
        "alpha.webp": (rgba, {"lossless": True, "exact": True}),
        "turned.jpg": (rgba.convert("RGB"), {"exif": exif, "quality": 90}),
        "cmyk.jpg": (rgba.convert("CMYK"), {"quality": 90}),
        "grey.png": (rgba.convert("L"), {}),
        "palette.gif": (rgba.convert("RGB").convert("P"), {"transparency": 3}),
        "wide.png": (wide, {}),
        "wide.tif": (wide, {}),
        "lossless.jp2": (rgba.convert("RGB"), {}),
        "photo.avif": (rgba.convert("RGB"), {}),
        "photo.heic": (rgba, {"quality": 90}),
    }
    assert {Pillow.registered_extensions()[Path(name).suffix] for name in saves} == set(FORMATS) - {
        "BMP",
        "PPM",
        "ICO",
        "ICNS",
    }

    image = Image(height=16, width=16, resize=rule)
    for name, (picture, options) in saves.items():
        picture.save(tmp_path / name, **options)
        made = _pixels_of_the_snippet(image, tmp_path / name, monkeypatch)
        expected = pixels.resize(open_image((tmp_path / name).read_bytes()).pixels, image)
        assert np.abs(made[0].astype(int) - expected).max() <= 1, name


def test_snippets_keep_pillows_limit_and_start_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", 89_478_485)  # Pillow's own
    (tmp_path / "a.png").write_bytes(hostile_images.png(30_000, 30_000))
    (tmp_path / "b.png").write_bytes(hostile_images.EPS)
    with pytest.raises(Pillow.DecompressionBombError):
        _pixels_of_the_snippet(Image(), tmp_path / "a.png", monkeypatch)
    with pytest.raises(UnidentifiedImageError):
        _pixels_of_the_snippet(Image(), tmp_path / "b.png", monkeypatch)


def _pixels_of_the_snippet(image: Image, photo: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Run a snippet up to its model and return what it would give that: (1, H, W, 3) uint8."""
    _, text = snippets.snippet("tflite-int8", image)
    lines = text.partition("model = ")[0].replace("from ai_edge_litert.interpreter import Interpreter\n", "")
    monkeypatch.setattr(sys, "argv", ["run.py", str(photo)])
    names: dict[str, Any] = {}
    exec(lines, names)  # noqa: S102 - our own lines
    return np.asarray(names["image"])

"""evergreen.vision.formats.snippets: they run as they are, and prepare a photo as training does."""

import ast
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
from tiny_training import CLASSES

from evergreen.images import pixels
from evergreen.images.door import open_image
from evergreen.images.formats import FORMATS
from evergreen.sections.data import Image
from evergreen.vision.formats import snippets


@pytest.mark.parametrize(
    "name",
    [
        "keras", "savedmodel", "tflite-float32", "tflite-float16", "tflite-int8", "onnx", "openvino",
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
    exports.must_have(name)
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


@pytest.mark.parametrize("name", ["tflite-float32", "tflite-int8"])
def test_the_snippet_for_mediapipe_needs_the_model_alone(
    exports: Any, tmp_path: Path, batch: np.ndarray, reference: np.ndarray, name: str
) -> None:
    pytest.importorskip("mediapipe", reason="MediaPipe is not installed: make setup EXTRAS=mediapipe")
    for file in ("model.tflite", "run_mediapipe.py"):
        shutil.copy(exports.folder / name / file, tmp_path / file)
    Pillow.fromarray(batch[0]).save(tmp_path / "photo.png")
    command = [sys.executable, "-I", "run_mediapipe.py", "photo.png"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    said = ast.literal_eval(done.stdout.strip().splitlines()[-1])
    assert list(said) == CLASSES
    assert list(said.values()) == pytest.approx(reference[0].tolist(), abs=0.05 if name == "tflite-int8" else 2e-3)


def test_the_snippet_names_the_version_that_exports_are_proved_in() -> None:
    lock = (Path(snippets.__file__).parents[3] / "requirements-mediapipe.lock").read_text(encoding="utf-8")
    pin = next(line.split()[0] for line in lock.splitlines() if line.startswith("mediapipe=="))
    programs = snippets.snippets("tflite-int8", Image())
    assert f"pip install {pin} " in programs["run_mediapipe.py"]
    assert list(programs) == ["run.py", "run_mediapipe.py"]
    assert list(snippets.snippets("keras", Image())) == ["run.py"]


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


DEEP = np.linspace(0, 4095, 24 * 32).reshape(24, 32).round().astype(np.uint16)
DEEP_FILES = {
    "grey.png": hostile_images.saved(Pillow.fromarray(DEEP)),
    "says 12 bits.png": hostile_images.with_sbit(hostile_images.saved(Pillow.fromarray(DEEP)), 12),
    "says 12 bits.tif": hostile_images.saved(Pillow.fromarray(DEEP), "TIFF", tiffinfo={281: 4095}),
    "colours.png": hostile_images.colours(np.stack([DEEP, DEEP // 2, DEEP // 3], 2)),
    "bright colours.tif": hostile_images.colours(np.stack([DEEP, DEEP * 16, DEEP // 3], 2), ".tiff"),
    "float.tif": hostile_images.saved(Pillow.fromarray((DEEP / 4095).astype(np.float32)), "TIFF"),
}


@pytest.mark.parametrize("values", [None, (0, 4095), (12.5, 3000)])
@pytest.mark.parametrize("name", DEEP_FILES)
def test_snippets_read_pictures_of_over_8_bits_as_training_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, values: tuple[float, float] | None
) -> None:
    (tmp_path / name).write_bytes(DEEP_FILES[name])
    image = Image(height=24, width=32, resize="squash")
    made = _pixels_of_the_snippet(image, tmp_path / name, monkeypatch, values=values)
    assert np.array_equal(made[0], open_image(DEEP_FILES[name], values=values).pixels)


def test_a_snippet_says_which_range_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.tif").write_bytes(hostile_images.saved(Pillow.fromarray(DEEP.astype(np.int32)), "TIFF"))
    with pytest.raises(ValueError, match="32 bits a pixel, whose range nobody states: it holds 0 to 4095"):
        _pixels_of_the_snippet(Image(), tmp_path / "a.tif", monkeypatch)
    assert _pixels_of_the_snippet(Image(), tmp_path / "a.tif", monkeypatch, values=(0, 4095)).max() == 255


def test_snippets_have_the_recipes_limit_and_start_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "c.png").write_bytes(hostile_images.thin_png(1000, 1000))
    assert _pixels_of_the_snippet(Image(), tmp_path / "c.png", monkeypatch, max_megapixels=1).max() == 255
    with pytest.raises(Pillow.DecompressionBombError):
        _pixels_of_the_snippet(Image(), tmp_path / "c.png", monkeypatch, max_megapixels=0.99)
    (tmp_path / "a.png").write_bytes(hostile_images.png(30_000, 30_000))
    (tmp_path / "b.png").write_bytes(hostile_images.EPS)
    with pytest.raises(Pillow.DecompressionBombError):
        _pixels_of_the_snippet(Image(), tmp_path / "a.png", monkeypatch)
    with pytest.raises(UnidentifiedImageError):
        _pixels_of_the_snippet(Image(), tmp_path / "b.png", monkeypatch)


def _pixels_of_the_snippet(image: Image, photo: Path, monkeypatch: pytest.MonkeyPatch, **rules: Any) -> np.ndarray:
    """Run a snippet up to its model and return what it would give that: (1, H, W, 3) uint8."""
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", Pillow.MAX_IMAGE_PIXELS)  # the snippet sets its own
    _, text = snippets.snippet("tflite-int8", image, **rules)
    lines = text.partition("model = ")[0].replace("from ai_edge_litert.interpreter import Interpreter\n", "")
    monkeypatch.setattr(sys, "argv", ["run.py", str(photo)])
    names: dict[str, Any] = {}
    exec(lines, names)  # noqa: S102 - our own lines
    return np.asarray(names["image"])

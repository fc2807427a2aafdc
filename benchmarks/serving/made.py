"""What is served: photo-like JPEGs of 400 pixels, and a store with two releases of EfficientNet-Lite0 in int8."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from retraining import retrain

RECIPE = "serving"
FORMAT = "tflite-int8"
SIDE, NETWORK = 400, 224
CLASSES = ("bricks", "ripples", "spots", "stripes")
EACH = 40
_QUALITY = 90

# A frozen backbone and a small head: seconds to train, and the arithmetic of any Lite0 to serve.
_RECIPE = f"""\
name: {RECIPE}
seed: 1
source: {{local: {{path: photos}}}}
split: {{method: exact, validation: 0.2, test: 0.2}}
image: {{height: {NETWORK}, width: {NETWORK}, resize: squash}}
train:
  backbone: EfficientNetLite0
  head: {{pooling: average}}
  phases:
    - {{unfreeze: none, epochs: 8, learning_rate: 2.0e-3, batch: 16}}
export: {{formats: [{FORMAT}]}}
"""


@dataclass(frozen=True)
class Made:
    """A store of its own.

    Attributes:
        store: its folder.
        runs: two runs whose models differ; the first one's release is the champion after ``make``.
        releases: their releases.
        models: their .tflite files.
        photos: JPEGs that neither learned from.
    """

    store: Path
    runs: tuple[str, str]
    releases: tuple[str, str]
    models: tuple[Path, Path]
    photos: tuple[bytes, ...]


def make(folder: Path, photos: int = 64) -> Made:
    """Make the store in a folder, or open what was made there before.

    Args:
        folder: receives ``photos/``, the recipe and ``store/``.
        photos: how many JPEGs there are to ask about.
    """
    folder.mkdir(parents=True, exist_ok=True)
    told, store = folder / "made.json", folder / "store"
    if not told.exists():
        _write_photos(folder / "photos")
        recipe = folder / f"{RECIPE}.yaml"
        recipe.write_text(_RECIPE, encoding="utf-8")
        photographs = folder / "photos"
        other = "train.phases.0.epochs=3"
        runs = [retrain(str(recipe), store, *settings, source=photographs)[0] for settings in ((), (other,))]
        told.write_text(json.dumps([run["id"] for run in runs]), encoding="utf-8")
    ids = json.loads(told.read_text(encoding="utf-8"))
    summaries = [json.loads((store / "runs" / one / "run.json").read_text(encoding="utf-8")) for one in ids]
    releases = [next(step["output"] for step in one["steps"] if step["name"] == "bundle") for one in summaries]
    models = [store / "runs" / one / "exports" / FORMAT / "model.tflite" for one in ids]
    rng = np.random.default_rng(7)
    asked = tuple(photo(CLASSES[number % len(CLASSES)], rng) for number in range(photos))
    return Made(store, (ids[0], ids[1]), (releases[0], releases[1]), (models[0], models[1]), asked)


def photo(label: str, rng: np.random.Generator) -> bytes:
    """Return one picture of a class as a JPEG: smooth light, the class' pattern over it, some grain."""
    light = cv2.resize(rng.integers(0, 256, (12, 12, 3), np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / rng.uniform(6, 14)
    turn = rng.uniform(-0.4, 0.4)
    along, across = columns * np.cos(turn) + rows * np.sin(turn), rows * np.cos(turn) - columns * np.sin(turn)
    pattern = {
        "bricks": np.maximum(np.abs(np.sin(across)) < 0.2, np.abs(np.sin(along / 2 + (across // np.pi) % 2)) < 0.1),
        "ripples": np.sin(np.hypot(along - 20, across - 20)),
        "spots": np.sin(along) * np.sin(across) > 0.4,
        "stripes": np.sin(across),
    }[label]
    mixed = light * 0.6 + pattern[..., None] * 70.0 + 40 + rng.integers(-8, 9, light.shape)
    data = cv2.imencode(".jpg", mixed.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    return data.tobytes()


def _write_photos(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for label in CLASSES:
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(EACH):
            (folder / label / f"{number:03d}.jpg").write_bytes(photo(label, rng))

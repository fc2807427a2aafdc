"""Trainings in a process whose processor is several devices: what they came to, as JSON. Called as a program."""

import hashlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tiny_training import CLASSES, COLOURS, SETTINGS

from evergreen.images.pixels import Images
from evergreen.recipe import load_recipe
from evergreen.vision import train as train_module
from evergreen.vision.networks import saving
from evergreen.vision.train import Callbacks, ClassBalance, Labelled, ModelFiles, train
from evergreen.vision.training import preflight
from evergreen.vision.training.course import Course

WEIGHTS = ClassBalance({"dark": 0.5, "red": 1.5})
# In batches of 5 the last has one image; in batches of 7 it has six.
LEARNED = 41
CHECK = preflight.check


class Trainings:
    """Trainings on the same few images, each by settings of its own."""

    def __init__(self, folder: Path) -> None:
        import pandas as pd

        rows, blobs = [], {}
        for number in range(LEARNED + 9):
            label = CLASSES[number % 3]
            noise = np.random.default_rng(number).integers(0, 60, (7, 9, 3))
            data = io.BytesIO()
            Image.fromarray((noise + COLOURS[label]).clip(0, 255).astype(np.uint8)).save(data, "PNG")
            digest = hashlib.sha256(data.getvalue()).hexdigest()
            blobs[digest] = data.getvalue()
            rows.append((f"{label}/{number}", label, digest, "train" if number < LEARNED else "validation"))
        table = pd.DataFrame(rows, columns=["path", "label", "sha256", "split"])
        self.labelled = Labelled(table.assign(pixels=table["sha256"], phash=""), Images(blobs.__getitem__), CLASSES)
        self.folder, self.said = folder, list[str]()

    def train(self, name: str, *settings: str, stop: int = 0) -> dict[str, Any]:
        """Train, or until so many batches are done; the same name goes on.

        Of the settings, ``mixed`` computes as a GPU would, and ``unchecked`` does without the check before.
        """
        train_module.precision_of = lambda _: "mixed_float16" if "mixed" in settings else "float32"
        preflight.check = (lambda *_: None) if "unchecked" in settings else CHECK
        chosen = [one for one in settings if one not in ("mixed", "unchecked")]
        recipe = load_recipe("digits", [*SETTINGS, "repair.classes=[]", *chosen])
        files = ModelFiles(self.folder / f"{name}.keras", checkpoints=self.folder / name)
        self.said.clear()
        Course.out_of_time = property(_after(stop))  # type: ignore[method-assign, assignment]
        try:
            done = train(self.labelled, WEIGHTS, recipe, files, Callbacks(say=self.said.append))
        except KeyboardInterrupt:
            return {"said": [*self.said]}
        weights = saving.load(files.model, CLASSES).get_weights()
        return {
            "said": [*self.said],
            "history": done.history.drop(columns="learning_rate").to_dict("list"),
            "devices": done.ended.get("devices"),
            "digest": hashlib.sha256(files.model.read_bytes()).hexdigest(),
            "weights": np.concatenate([weight.ravel() for weight in weights]).tolist(),
        }


def _after(batches: int) -> Any:
    seen = 0

    def out_of_time(course: Course) -> bool:
        nonlocal seen
        seen += 1
        if seen == batches:
            raise KeyboardInterrupt
        return False

    return out_of_time


if __name__ == "__main__":
    trainings = Trainings(Path(sys.argv[1]))
    found = [trainings.train(name, *settings, stop=stop) for name, settings, stop in json.load(sys.stdin)]
    sys.stdout.write(f"{json.dumps(found)}\n")

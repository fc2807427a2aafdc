"""What ``augment.background`` costs and gives: accuracy before other backgrounds, off and on, in one run.

    python benchmarks/backgrounds.py hands|hands-lite|digits [--seeds 42,1,2] [--each 150] [--photos DIR] [--set ...]

hands: the network and phases of recipes/rockpaperscissors.yaml on hands that ``hands.py`` draws before a green screen;
hands-lite: those of rockpaperscissors-lite.yaml; digits: recipes/digits.yaml on scikit-learn's digits. Off and on train
on the same images, and are judged by the shortcut table of ``evaluate`` on the judged split: none of the photos that
ship is seen in training. With ``--photos`` the objects are also put before parts of the photos of a folder.
"""

import argparse
import time
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import hands
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from evergreen.images import pixels
from evergreen.images.backgrounds.cutout import cut_out, is_cut_out, over
from evergreen.images.backgrounds.photos import photos_in
from evergreen.images.backgrounds.scenes import part_of
from evergreen.images.pixels import Images
from evergreen.images.rows import Rows
from evergreen.recipe import Recipe, load_recipe
from evergreen.vision.evaluate import evaluate
from evergreen.vision.networks import saving
from evergreen.vision.train import Callbacks, ClassBalance, Labelled, ModelFiles, train

CHANGES = ("plain background", "busy background", "photo background")
RECIPES = {"hands": "rockpaperscissors", "hands-lite": "rockpaperscissors-lite", "digits": "digits"}


def main() -> None:
    """Train each seed twice and print one line each, then the means."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("what", choices=RECIPES)
    asked.add_argument("--seeds", default="42,1,2")
    asked.add_argument("--each", type=int, default=150, help="drawn hands of each class")
    asked.add_argument("--photos", help="a folder of photos that are put behind objects, too")
    asked.add_argument("--on", default="augment.background={}", help="what is set for the second training")
    asked.add_argument("--only", choices=("off", "on"))
    asked.add_argument("--set", action="append", default=[], dest="sets")
    given = asked.parse_args()
    name, found = RECIPES[given.what], []
    for seed in given.seeds.split(","):
        for mode in (given.only,) if given.only else ("off", "on"):
            sets = [f"seed={seed}", *given.sets, *([given.on] if mode == "on" else [])]
            recipe = load_recipe(name, sets)
            dataset, files = _digits(recipe) if given.what == "digits" else _hands(given.each, recipe)
            row = {"seed": seed, "background": mode, **_one(recipe, dataset, files, given.photos)}
            print(
                {key: f"{value:.4g}" if isinstance(value, float) else value for key, value in row.items()}, flush=True
            )
            found.append(row)
    print(pd.DataFrame(found).drop(columns="seed").groupby("background").mean().round(4).T)


def _one(recipe: Recipe, dataset: pd.DataFrame, files: dict[str, bytes], photos: str | None) -> dict[str, Any]:
    classes = sorted(set(dataset["label"]))
    images = Images(files.__getitem__)
    with TemporaryDirectory() as folder:
        model = Path(folder) / "model.keras"
        began = time.perf_counter()
        done = train(Labelled(dataset, images, classes), ClassBalance(), recipe, ModelFiles(model), Callbacks(say=_say))
        seconds = time.perf_counter() - began
        judged = evaluate(dataset, images, classes, recipe, model)
        row = {"clean": judged.metrics[judged.judged]["accuracy"]}
        row |= {loss.name: loss.accuracy for loss in judged.shortcuts if loss.name in CHANGES}
        if photos:
            row["photos of the folder"] = _before(photos, dataset, images, classes, recipe, model, judged.judged)
    return row | {
        "seconds": seconds,
        "epochs": len(done.history),
        "a training image, ms": 1e3 * seconds / (len(done.history) * (dataset["split"] == "train").sum()),
    }


def _before(
    folder: str, dataset: pd.DataFrame, images: Images, classes: list[str], recipe: Recipe, model: Path, split: str
) -> float:
    table = dataset[dataset["split"] == split].reset_index(drop=True)
    scenes, drawn = photos_in(folder).pictures, np.random.default_rng(0)
    kept, changed = [], []
    for index, image in enumerate(np.concatenate(list(images.rows(table, recipe.image).blocks()))):
        cut = cut_out(image)
        if is_cut_out(cut[None])[0]:
            kept.append(index)
            changed.append(over(cut, part_of(scenes[int(drawn.integers(len(scenes)))], *image.shape[:2], drawn)))
    answers = pixels.scores(saving.load_to_run(model, classes), Rows.of(np.stack(changed))).argmax(axis=1)
    return float((answers == pixels.targets(table["label"].iloc[kept], classes)).mean())


def _hands(each: int, recipe: Recipe) -> tuple[pd.DataFrame, dict[str, bytes]]:
    rng = np.random.default_rng(0)
    drawn = [(label, hands.picture(label, rng)) for label in hands.CLASSES for _ in range(each)]
    return _table(drawn, recipe, test=0)


def _digits(recipe: Recipe) -> tuple[pd.DataFrame, dict[str, bytes]]:
    found = load_digits()
    grey = (found.images * 255 / 16).round().astype(np.uint8)
    names = recipe.repair.classes or ()
    return _table(
        [(names[label], np.dstack([image] * 3)) for label, image in zip(found.target, grey, strict=True)],
        recipe,
        test=0.15,
    )


def _table(images: list[tuple[str, np.ndarray]], recipe: Recipe, test: float) -> tuple[pd.DataFrame, dict[str, bytes]]:
    files, rows = {}, []
    for number, (label, picture) in enumerate(images):
        data = cv2.imencode(".png", picture[:, :, ::-1])[1].tobytes()
        digest = sha256(data).hexdigest()
        if digest not in files:
            files[digest] = data
            rows.append({"path": f"{label}/{number:05}.png", "label": label, "sha256": digest})
    table = pd.DataFrame(rows).assign(split="train")
    _, held = train_test_split(
        table.index, test_size=0.4 if not test else 0.3, stratify=table["label"], random_state=recipe.seed
    )
    table.loc[held, "split"] = "validation"
    if test:
        _, judged = train_test_split(held, test_size=0.5, stratify=table["label"][held], random_state=recipe.seed)
        table.loc[judged, "split"] = "test"
    return table, files


def _say(text: str) -> None:
    if "background" in text:
        print(text)


if __name__ == "__main__":
    main()

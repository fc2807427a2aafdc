"""The data side of the five reference systems: their archives' layouts, generated images, from source to weights."""

import io
import random
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from evergreen.recipe import Recipe, load_recipe
from evergreen.steps import BY_NAME
from storage.artifacts import Ref
from storage.store import Store
from tasks import keys
from tasks.data import acquire, balance, probe, repair, screen, split, unpack
from tasks.run import Run
from tasks.tables import read_json, read_table

STEPS = {"probe": probe, "acquire": acquire, "unpack": unpack, "repair": repair, "screen": screen, "split": split,
         "balance": balance}  # fmt: skip
HIDDEN = [("__MACOSX/._photo.png", b"\0\5\x16\7"), (".DS_Store", b"Bud1")]


class Data:
    """What the data steps made of a source."""

    def __init__(self, store: Store, recipe: Recipe) -> None:
        self.store = store
        self.outputs: dict[str, Ref] = {}
        run = Run(store, recipe, "run", recipe.name)
        for name, module in STEPS.items():
            step = BY_NAME[name]
            inputs = {parameter: self.outputs[above] for parameter, above in step.inputs.items()}
            scoped = replace(run, recipe=keys.only(recipe, step.recipe))
            self.outputs[name] = getattr(module, name).fn(scoped, **inputs)

    def table(self, step: str, name: str = "dataset.csv") -> pd.DataFrame:
        return read_table(self.store, self.outputs[step], name)

    @property
    def counts(self) -> dict[str, int]:
        return self.table("split").groupby("split").size().to_dict()

    @property
    def per_class(self) -> dict[tuple[str, str], int]:
        return self.table("split").groupby(["label", "split"]).size().to_dict()

    @property
    def weights(self) -> dict[str, float]:
        return dict(read_json(self.store, self.outputs["balance"], "class-weights.json"))


def _image(seed: int, kind: str = "PNG", size: tuple[int, int] = (12, 8), mode: str = "RGB") -> bytes:
    """Return a picture of its own, also to a perceptual hash: coarse noise."""
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    data = io.BytesIO()
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).convert(mode).save(data, kind)
    return data.getvalue()


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    def write(files: list[tuple[str, bytes]], name: str = "photos.zip") -> Path:
        path = tmp_path / name
        random.Random(0).shuffle(files)
        if name.endswith(".zip"):
            with zipfile.ZipFile(path, "w") as zipped:
                for file, data in files:
                    zipped.writestr(file, data)
        else:
            with tarfile.open(path, "w:gz") as tar:
                for file, data in files:
                    member = tarfile.TarInfo(file)
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
        return path

    return write


def _data(store: Store, recipe: str, source: Path, *overrides: str) -> Data:
    return Data(store, load_recipe(recipe, overrides, str(source)))


def test_rockpaperscissors_at_full_count(store: Store, archive: Callable[..., Path]) -> None:
    counts = {"paper": 712, "rock": 726, "scissors": 750}
    files = [("rockpaperscissors/README_rpc-cv-images.txt", b"read me"), *HIDDEN]
    seed = 0
    for label, count in counts.items():
        for number in range(count):
            data = _image(seed := seed + 1)
            files.append((f"rockpaperscissors/{label}/{number:04d}.png", data))
            files.append((f"rockpaperscissors/rps-cv-images/{label}/{number:04d}.png", data))
    data = _data(store, "rockpaperscissors", archive(files))
    assert data.counts == {"train": 1314, "validation": 874}
    assert data.per_class == {
        ("paper", "train"): 428, ("paper", "validation"): 284, ("rock", "train"): 436, ("rock", "validation"): 290,
        ("scissors", "train"): 450, ("scissors", "validation"): 300,
    }  # fmt: skip
    assert data.table("screen", "quarantine.csv").empty
    assert data.table("screen", "duplicates.csv").empty
    dropped = data.table("repair", "dropped.csv")
    assert dict(zip(dropped["reason"], dropped["count"], strict=True)) == {
        "file of the operating system": 1, "macOS resource fork": 1, "not an image": 1,
    }  # fmt: skip


def test_cifar10_keeps_its_test_and_cuts_a_fifth_of_train(store: Store, archive: Callable[..., Path]) -> None:
    classes = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    files, seed = [], 0
    for label in classes:
        for subset, count in (("train", 50), ("test", 10)):
            for _ in range(count):
                seed += 1
                files.append((f"{subset}/{label}/{seed:05d}.png", _image(seed, size=(32, 32))))
    data = _data(store, "cifar10", archive(files))
    assert data.counts == {"train": 400, "validation": 100, "test": 100}
    assert set(data.per_class.values()) == {40, 10}


def test_garbage_is_stratified_and_weighed(store: Store, archive: Callable[..., Path]) -> None:
    classes = load_recipe("garbage").repair.classes
    files, seed = [], 0
    for position, label in enumerate(classes):
        for number in range(40 + 20 * position):
            seed += 1
            size = (30 + seed % 7, 20 + seed % 5)
            files.append((f"garbage-dataset/{label}/{label}_{number}.jpg", _image(seed, "JPEG", size)))
    data = _data(store, "garbage", archive(files))
    total = len(files)
    assert data.counts == {
        "train": total - 2 * round(0.15 * total), "validation": round(0.15 * total), "test": round(0.15 * total),
    }  # fmt: skip
    training = {label: data.per_class[label, "train"] for label in classes}
    assert data.weights == {
        label: pytest.approx(sum(training.values()) / (10 * count)) for label, count in training.items()
    }
    assert list(data.weights) == sorted(data.weights)


def test_tsel_needs_no_map_and_its_test_folder_has_no_labels(store: Store, archive: Callable[..., Path]) -> None:
    folders = {
        "images": ["architecure", "art and culture", "food and d rinks", "travel and  adventure"],
        "validation": ["architecture", "art and culture", "food", "travel and adventure"],
    }
    files, seed = [], 0
    for subset, labels in folders.items():
        for label in labels:
            for _ in range(30 if subset == "images" else 5):
                seed += 1
                files.append((f"{subset}/{label}/{seed}.jpg", _image(seed, "JPEG", (38, 32))))
    files += [(f"test/classify/{seed + number}.jpg", _image(seed + number, "JPEG")) for number in range(1, 8)]
    files.append(("images/art and culture/broken.jpg", _image(1, "JPEG")[:300]))
    files.append(("images/architecure/page.jpg", b"<!doctype html><html>not found</html>"))
    data = _data(store, "tsel", archive(files))
    assert data.counts == {"train": 108, "validation": 20, "test": 12}
    assert set(data.table("split")["label"]) == set(load_recipe("tsel").repair.classes)
    assert len(data.table("split", "unlabelled.csv")) == 7
    assert set(data.table("screen", "quarantine.csv")["path"]) == {
        "train/art and culture/broken.jpg", "train/architecture/page.jpg",
    }  # fmt: skip


def test_chessman_is_read_by_content_whatever_its_files_are_called(store: Store, archive: Callable[..., Path]) -> None:
    classes = load_recipe("chessman").repair.classes
    kinds = [("jpg", "JPEG"), ("png", "PNG"), ("gif", "GIF"), ("webp", "WEBP"), ("fcgi", "JPEG"), ("jpg", "PNG")]
    files, seed = [], 0
    for label in classes:
        for number in range(24):
            seed += 1
            suffix, kind = kinds[number % len(kinds)]
            files.append((f"Chessman-image-dataset/Chess/{label}/{number:08d}.{suffix}", _image(seed, kind, (60, 50))))
    data = _data(store, "chessman", archive(files, "chess.tar.gz"))
    assert data.counts == {"train": 130, "validation": 14}
    assert set(data.table("screen")["format"]) == {"JPEG", "PNG", "GIF", "WEBP"}


def test_an_unlabelled_copy_of_a_training_image_stays_unlabelled(store: Store, archive: Callable[..., Path]) -> None:
    files, seed = [], 0
    for label in "ab":
        for subset, count in (("train", 20), ("validation", 5)):
            for _ in range(count):
                seed += 1
                files.append((f"{subset}/{label}/{seed}.png", _image(seed)))
    files.append(("test/classify/1.png", _image(1)))
    options = ("split={method: predefined, validation: 0, test: 0}", "repair.classes=[a, b]")
    data = _data(store, "digits", archive(files), *options)
    assert len(data.table("split", "unlabelled.csv")) == 1
    assert data.counts == {"train": 40, "validation": 10}

"""The recipes that come with Evergreen, and archives laid out as those of the five reference systems, generated."""

import io
import random
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from evergreen.choosing.writing import MARK
from evergreen.recipe_files import RECIPES

# What a clone's user wrote with `evergreen new` is none of the tests' business.
SHIPPED = [path for path in sorted(RECIPES.glob("*.yaml")) if MARK not in path.read_text(encoding="utf-8")]

Files = list[tuple[str, bytes]]

HIDDEN = [("__MACOSX/._photo.png", b"\0\5\x16\7"), (".DS_Store", b"Bud1")]
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
GARBAGE = (
    "battery", "biological", "cardboard", "clothes", "glass", "metal", "paper", "plastic", "shoes", "trash",
)  # fmt: skip
CHESSMEN = ("Bishop", "King", "Knight", "Pawn", "Queen", "Rook")
TSEL = {
    "images": ("architecure", "art and culture", "food and d rinks", "travel and  adventure"),
    "validation": ("architecture", "art and culture", "food", "travel and adventure"),
}
_KINDS = (("jpg", "JPEG"), ("png", "PNG"), ("gif", "GIF"), ("webp", "WEBP"), ("fcgi", "JPEG"), ("jpg", "PNG"))


def image(seed: int, kind: str = "PNG", size: tuple[int, int] = (12, 8)) -> bytes:
    """Return a picture of its own, also to a perceptual hash: coarse noise."""
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    data = io.BytesIO()
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(data, kind)
    return data.getvalue()


def rockpaperscissors(counts: dict[str, int]) -> Files:
    """Three class folders, a text file, and all of it once more below ``rps-cv-images/``."""
    files: Files = [("rockpaperscissors/README_rpc-cv-images.txt", b"read me"), *HIDDEN]
    seed = 0
    for label, count in counts.items():
        for number in range(count):
            seed += 1
            data = image(seed)
            files.append((f"rockpaperscissors/{label}/{number:04d}.png", data))
            files.append((f"rockpaperscissors/rps-cv-images/{label}/{number:04d}.png", data))
    return files


def cifar10(train: int, test: int) -> Files:
    """``train/`` and ``test/`` with ten classes each, 32x32."""
    files: Files = []
    for label in CIFAR10:
        for subset, count in (("train", train), ("test", test)):
            for _ in range(count):
                seed = len(files) + 1
                files.append((f"{subset}/{label}/{seed:05d}.png", image(seed, size=(32, 32))))
    return files


def garbage(fewest: int, step: int) -> Files:
    """Ten imbalanced classes of JPEGs of many sizes below one root."""
    files: Files = []
    for position, label in enumerate(GARBAGE):
        for number in range(fewest + step * position):
            seed = len(files) + 1
            size = (30 + seed % 7, 20 + seed % 5)
            files.append((f"garbage-dataset/{label}/{label}_{number}.jpg", image(seed, "JPEG", size)))
    return files


def tsel(train: int, validation: int, unlabelled: int) -> Files:
    """Misspelt folders of ``images/`` and ``validation/``, an unlabelled test folder, two files that are no images."""
    files: Files = []
    for subset, labels in TSEL.items():
        for label in labels:
            for _ in range(train if subset == "images" else validation):
                seed = len(files) + 1
                files.append((f"{subset}/{label}/{seed}.jpg", image(seed, "JPEG", (38, 32))))
    for _ in range(unlabelled):
        seed = len(files) + 1
        files.append((f"test/classify/{seed}.jpg", image(seed, "JPEG")))
    files.append(("images/art and culture/broken.jpg", image(1, "JPEG")[:300]))
    files.append(("images/architecure/page.jpg", b"<!doctype html><html>not found</html>"))
    return files


def chessman(count: int) -> Files:
    """Six classes two folders deep, in mixed formats, some under a wrong suffix."""
    files: Files = []
    for label in CHESSMEN:
        for number in range(count):
            suffix, kind = _KINDS[number % len(_KINDS)]
            seed = len(files) + 1
            name = f"Chessman-image-dataset/Chess/{label}/{number:08d}.{suffix}"
            files.append((name, image(seed, kind, (60, 50))))
    return files


def write(path: Path, files: Files) -> Path:
    """Write files, in no particular order, as a zip or a packed tar."""
    shuffled = random.Random(0).sample(files, len(files))
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as zipped:
            for name, data in shuffled:
                zipped.writestr(name, data)
        return path
    with tarfile.open(path, "w:gz") as tar:
        for name, data in shuffled:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path

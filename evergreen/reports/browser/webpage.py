"""The web page: a folder of static files that runs an exported model in a browser, on any web host."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from evergreen.images.door import SCREENED, open_image
from evergreen.judging.judged import judged_images
from evergreen.reports.browser import installing, packages
from evergreen.sections.data import Screen
from evergreen.tables import ReadBlob

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

PAGE = "page.json"
_CARD = "model-card.json"  # what exports carry; older ones do not
_MOST_SAMPLES = 12
_LONGEST_SIDE = 640

Engine = Literal["litert", "tfjs"]
_ENTRY: dict[Engine, str] = {"litert": "model.tflite", "tfjs": "model.json"}


CautionKind = Literal["noChampion", "otherClasses"]


@dataclass(frozen=True)
class Caution:
    """Why a page's answers are to be taken with care.

    Attributes:
        kind: which of the page's own sentences says it, in the reader's language.
        words: in full, for who looks into ``page.json``.
    """

    kind: CautionKind
    words: str


@dataclass(frozen=True)
class Model:
    """One of the run's exports that a page can run.

    Attributes:
        engine: what runs it: LiteRT.js or TensorFlow.js.
        files: file name -> bytes of the export.
        proof: what verify showed of it in the engine: format, runtime, verified, agreement, count, median_ms (None
            where it was not measured).
        reason: why it is the one of its engine's, in words.
    """

    engine: Engine
    files: Mapping[str, bytes]
    proof: Mapping[str, Any]
    reason: str


@dataclass(frozen=True)
class Shown:
    """What a page shows.

    Attributes:
        title: the heading.
        recipe: the recipe's name.
        run: the run's id.
        classes: class names in the order of the scores.
        image: size and resize rule of the network's input, as ``image`` in the recipe.
        models: one or two, of different engines: the first is tried first, the other where that one cannot run.
        digest: SHA-256 that names the model; another model gets another address, past every cache.
        unsure: ``below``, the top-1 probability under which an answer is unsure (None: every answer is), and the
            ``precision`` that the others reach; None if nobody measured it.
        samples: path, label and sha256 of the images to choose from.
        card: network, judged, trained and digests, for the model card.
        screen: the limit of the model's own images in megapixels, and which of their values are black and white.
        caution: what the page says beside every answer; None for a champion of the newest run's classes.
    """

    title: str
    recipe: str
    run: str
    classes: list[str]
    image: Mapping[str, Any]
    models: tuple[Model, ...]
    digest: str
    unsure: Mapping[str, float | None] | None
    samples: pd.DataFrame
    card: Mapping[str, Any]
    screen: Screen = field(default_factory=Screen)
    caution: Caution | None = None


def write(shown: Shown, read: ReadBlob, folder: Path) -> None:
    """Write the page into a new folder.

    Samples are written from their pixels, without EXIF: where a photo was taken is nobody's business.

    Args:
        shown: what it shows.
        read: gives an image's bytes for its SHA-256.
        folder: made; must not exist.

    Raises:
        BadInput: what runs a model of it is not installed.
    """
    engines = [model.engine for model in shown.models]
    packages.check(engines)
    shutil.copytree(packages.WEB, folder)
    for engine in engines:
        packages.copy(engine, folder / engine)
    values = {
        "title": shown.title,
        "recipe": shown.recipe,
        "run": shown.run,
        "classes": shown.classes,
        "image": dict(shown.image),
        "pictures": {"max_megapixels": shown.screen.max_megapixels, "range": shown.screen.range},
        "models": [_write_model(model, shown.digest, folder) for model in shown.models],
        "unsure": shown.unsure,
        "samples": _write_samples(shown, read, folder / "samples"),
        "card": shown.card,
        "caution": {"kind": shown.caution.kind, "words": shown.caution.words} if shown.caution else None,
    }
    (folder / PAGE).write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    installing.write(folder, shown.title, engines)


def _write_model(model: Model, digest: str, folder: Path) -> dict[str, Any]:
    """Write a model's files into a folder of a name that no other export's has, and return what the page needs."""
    place = f"model-{digest[:12]}/{model.proof['format']}"
    for name, data in model.files.items():
        path = folder / place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return {
        "engine": model.engine,
        "address": f"{place}/{_ENTRY[model.engine]}",
        "bytes": sum(map(len, model.files.values())),
        "engine_bytes": packages.downloaded(folder / model.engine),
        "card": f"{place}/{_CARD}" if _CARD in model.files else None,
        "proof": dict(model.proof),
        "reason": model.reason,
    }


def choose_samples(dataset: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """Return up to twelve test images (validation, where there is no test split), of as many classes as possible.

    Args:
        dataset: path, label, sha256, split. Images are taken in the order of their digests: by chance, and the same
            every time.
        classes: class names, in the order in which the samples are shown.
    """
    judged = judged_images(dataset)
    ranked = judged.assign(rank=judged.sort_values("sha256").groupby("label").cumcount())
    chosen = ranked.sort_values(["rank", "sha256"]).head(_MOST_SAMPLES)
    shown = chosen.assign(place=chosen["label"].map(classes.index)).sort_values(["place", "sha256"])
    return shown[["path", "label", "sha256"]].reset_index(drop=True)


def _write_samples(shown: Shown, read: ReadBlob, folder: Path) -> list[dict[str, str]]:
    folder.mkdir()
    entries = []
    for number, (label, digest) in enumerate(zip(shown.samples["label"], shown.samples["sha256"], strict=True), 1):
        name = f"{number:02}-{digest[:8]}.png"  # of a later page with other samples no name is the same
        picture = open_image(read(digest), SCREENED, values=shown.screen.range)
        (folder / name).write_bytes(_png(picture.pixels))
        entries.append({"file": f"{folder.name}/{name}", "label": label})
    return entries


def _png(pixels: np.ndarray) -> bytes:
    """Return (H, W, 3) uint8 as a PNG: every pixel as it is, unless the picture is too large to be a sample."""
    from PIL import Image

    picture = Image.fromarray(pixels)
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), Image.Resampling.BOX)
    data = io.BytesIO()
    picture.save(data, "PNG", optimize=True)
    return data.getvalue()

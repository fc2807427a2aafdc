"""What lies beside every exported model: labels, a card that says what it is, and a few lines that run it."""

import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evergreen.digests import sha256_of
from evergreen.images.door import MAX_MEGAPIXELS, Range
from evergreen.judging.leaning import told
from evergreen.reports.model_readme import README, readme
from evergreen.vision.formats import tflite
from evergreen.vision.formats.catalogue.names import INT8, family, writers
from evergreen.vision.formats.contract import LABELS, write_labels
from evergreen.vision.formats.quantizing.attempts import Repair
from evergreen.vision.formats.snippets import snippets

if TYPE_CHECKING:
    from evergreen.sections.data import Image

CARD = "model-card.json"


@dataclass(frozen=True)
class About:
    """What the cards of all formats of one model say.

    Attributes:
        classes: class names in the order of the scores.
        image: the input's size and how an image is brought to it.
        metrics: per split: accuracy, loss and so on, as the evaluation measured them on the Keras model.
        shortcuts: what the model loses under changes: ``sample`` and ``changes``, as the evaluation measured them.
        judged: the split that they were measured on.
        digests: name -> SHA-256 of what the model was made of: its file and the dataset's table.
        seed: of the sample from which quantization takes its ranges.
        representative_images: how many those are.
        max_megapixels: size of a picture above which it was not used.
        values: of pictures with more than 8 bits a channel, which are black and white, as ``screen.range``.
    """

    classes: list[str]
    image: "Image"
    metrics: dict[str, dict[str, float]]
    shortcuts: dict[str, Any]
    judged: str
    digests: dict[str, str]
    seed: int
    representative_images: int
    max_megapixels: float = MAX_MEGAPIXELS
    values: Range | None = None


def complete(name: str, folder: Path, about: About, repaired: Repair | None = None) -> None:
    """Add labels, snippet, card, and a README.md for the Hugging Face Hub to an export.

    Args:
        name: the format.
        folder: where the format's own files are.
        about: the model.
        repaired: how int8 came to be, where it was judged.
    """
    write_labels(folder, about.classes)
    programs = snippets(name, about.image, about.max_megapixels, about.values)
    for file, text in programs.items():
        (folder / file).write_text(text, encoding="utf-8")
    card: dict[str, Any] = {
        "format": name,
        "classes": about.classes,
        "input": {
            "height": about.image.height,
            "width": about.image.width,
            "channels": "RGB",
            "range": [0, 255],
            "dtype": "uint8" if name == INT8 else "float32",
        },
        "pictures": {
            "max_megapixels": about.max_megapixels,
            "range": list(about.values) if about.values else None,
        },
        "resize": {"rule": about.image.resize, "interpolation": about.image.interpolation},
        "preprocessing": "none: raw RGB",
        "metrics": about.metrics,
        "shortcuts": {"split": about.judged, **told(**about.shortcuts)},
        "made_of": about.digests,
        "files": {},
        "made": _made(name, about, repaired),
    }
    if family(name) == "tflite":
        tflite.describe(folder, card)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    card["files"] = {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}
    text = json.dumps(card, ensure_ascii=False, indent=2) + "\n"
    (folder / CARD).write_text(text, encoding="utf-8")
    # Not among the card's files, whose digests are checked: a person fills it in.
    (folder / README).write_text(readme(name, card, next(iter(programs))), encoding="utf-8")


def read_classes(folder: Path) -> tuple[list[str], list[str]]:
    """Return the class names that an export's labels and its card give, in order."""
    card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
    return (folder / LABELS).read_text(encoding="utf-8").splitlines(), list(card["classes"])


def _made(name: str, about: About, repaired: Repair | None) -> dict[str, Any]:
    """Say how: by what, with which libraries, and where to ask for more."""
    made: dict[str, Any] = {
        "by": "evergreen retrain, step export",
        "libraries": {library: version(library) for library in writers(name)},
        "lineage": "evergreen lineage FILE, with a file of the model, shows its source, recipe and code",
    }
    if name == INT8:
        exported = repaired.exported if repaired else None
        count = exported.representative_images if exported else about.representative_images
        made["ranges_from"] = {"images": count, "split": "train", "seed": about.seed}
        if repaired:
            made["quantization"] = {"words": repaired.words(), "in_float": exported.in_float if exported else ()}
    return made

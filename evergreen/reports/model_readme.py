"""README.md beside an export: the model card that the Hugging Face Hub shows, with the metadata that it reads.

The fields are the Hub's (https://huggingface.co/docs/hub/model-cards, "Model card metadata"); results are in its
``model-index``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from evergreen.reports.markdown import literal, markdown_table

README = "README.md"
_TASK = "image-classification"
_MOST_CLASSES = 100
# What runs a format: the beginning of its name, and the Hub's name of the library.
_LIBRARIES = {
    "keras": "keras",
    "tflite": "tflite",
    "tfjs": "tfjs",
    "savedmodel": "tensorflow",
    "onnx": "onnx",
    "openvino": "openvino",
}
_LICENSE = """\
# Say what others may do with the model: it depends on the license of the images it learned from and of the network's
# weights. The Hub's names of licenses: https://huggingface.co/docs/hub/repositories-licenses
license: unknown
"""
# The same for formats that carry it inside.
LICENSE = "unknown: it depends on the license of the images it learned from and of the network's weights"

_TFLITE = (
    "`model.tflite` carries the labels, the size and the range of pixels that it takes, and what it is, as TFLite "
    "metadata: MediaPipe Tasks (`run_mediapipe.py`, and its image classifier on Android and iOS) answers with the "
    "classes' names from that file alone. It takes one image at a time. Its license is in there too, as unknown."
)


def readme(name: str, card: Mapping[str, Any], program: str) -> str:
    """Return the text of README.md: metadata in YAML between two lines of dashes, then Markdown.

    Args:
        name: the export's format.
        card: what ``model-card.json`` says: classes, input, metrics of each split, shortcuts, made_of, made.
        program: name of the file beside it that runs the model.
    """
    judged = card["shortcuts"]["split"]
    measured = card["metrics"][judged]
    metadata = {
        "library_name": next((library for kind, library in _LIBRARIES.items() if name.startswith(kind)), "tensorflow"),
        "pipeline_tag": _TASK,
        "tags": [_TASK, "evergreen", name],
        "metrics": ["accuracy"],
        "model-index": [{"name": called(card), "results": [_result(judged, measured)]}],
    }
    said = yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True)
    return f"---\n{_LICENSE}{said}---\n\n" + "\n\n".join(_text(name, card, program, judged, measured)) + "\n"


def called(card: Mapping[str, Any]) -> str:
    """Return a name that is the model's own: the first digits of its file's digest."""
    digest = next(iter(card["made_of"].values()), "")
    return f"evergreen-{digest[:12]}"


def _result(judged: str, measured: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "task": {"type": _TASK, "name": "Image Classification"},
        "dataset": {"type": "own-images", "name": f"its own images, {judged} split", "split": judged},
        "metrics": [{"type": "accuracy", "name": "Accuracy", "value": round(float(measured["accuracy"]), 4)}],
    }


def _text(name: str, card: Mapping[str, Any], program: str, judged: str, measured: Mapping[str, Any]) -> Sequence[str]:
    classes, size = card["classes"], card["input"]
    shown = ", ".join(literal(one) for one in classes[:_MOST_CLASSES])
    more = f", and {len(classes) - _MOST_CLASSES} more: labels.txt" if len(classes) > _MOST_CLASSES else ""
    rows = [_row(split, values) for split, values in card["metrics"].items() if "accuracy" in values]
    return [
        f"# Images in {len(classes)} classes, as {name}",
        f"It answers with a probability for each of: {shown}{more}.",
        f"**What to fill in before others see it:** `license`, at the top of this file; what the images show and where "
        f"they came from; whom it is for. Rename the model (`{called(card)}`) as you like.",
        "## How to run it",
        f"`{program}` beside this file runs it on a photo; its first line says how. It takes {size['height']}x"
        f"{size['width']} pixels of RGB, 0 to 255, as {size['dtype']}, without other preprocessing "
        f"(resize: {card['resize']['rule']}, {card['resize']['interpolation']}). `labels.txt` has the classes in the "
        "order of the scores.",
        *([_TFLITE] if name.startswith("tflite") else []),
        "## How good it is",
        markdown_table(["split", "accuracy", "95 % interval", "images"], rows),
        *([f"{quantization['words']}."] if (quantization := card.get("made", {}).get("quantization")) else []),
        f"Measured on the Keras model, before it was written as {name}; `model-card.json` has every number. The "
        f"{judged} images are of the same collection as those it learned from: other cameras and places may be harder.",
        "## What it leans on",
        str(card["shortcuts"]["summary"]),
        "Made by `evergreen retrain`; the images are not part of it.",
    ]


def _row(split: str, values: Mapping[str, Any]) -> tuple[str, str, str, str]:
    low, high = values.get("accuracy_low"), values.get("accuracy_high")
    interval = f"{low:.1%} to {high:.1%}" if low is not None and high is not None else ""
    return split, f"{values['accuracy']:.2%}", interval, f"{int(values.get('count', 0)):,}"

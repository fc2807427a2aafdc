"""From answers to a response of the Open Inference Protocol: JSON, and the binary tensor data behind it."""

import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from runs.serving.answers import Answered, Answers, Release
from runs.serving.http.bodies import BadRequest
from runs.serving.http.open_inference.tensors import ERROR, LABEL, OUTPUTS, SCORES, UNSURE, Inference, Output

_UNPROCESSABLE = 422
_MOST_TOLD = 5


def response(inference: Inference, recipe: str, answers: Answers) -> tuple[bytes, bytes | None]:
    """Return the JSON of a response, and the binary data behind it; None where no output is binary.

    The protocol has no error of a single image. A request with one that cannot be used gets no answer, as it says
    nothing else, so that nobody takes a row of zeros for probabilities; one that names ``error`` among its outputs is
    answered for all, and has an empty label, zeros, unsure and the reason there.

    Args:
        inference: what was asked.
        recipe: the model's name.
        answers: N images, K classes.

    Raises:
        BadRequest: an image cannot be used, and the request does not ask for errors.
    """
    bad = [(number, one.error) for number, one in enumerate(answers.images) if one.error]
    if bad and not inference.takes_errors:
        told = "; ".join(f"image {number}: {error}" for number, error in bad[:_MOST_TOLD])
        more = f"; and {len(bad) - _MOST_TOLD} more" if len(bad) > _MOST_TOLD else ""
        raise BadRequest(f"{told}{more}; to have the others answered, name {ERROR} among the outputs", _UNPROCESSABLE)
    tensors, blobs = [], []
    for output in inference.outputs:
        tensor, values = _tensor(output, answers)
        if output.binary:
            blobs.append(_binary(values))
            tensor["parameters"] = {"binary_data_size": len(blobs[-1])}
        else:
            tensor["data"] = _flat(values)
        tensors.append(tensor)
    said = {
        "model_name": recipe,
        "model_version": answers.release.release,
        **({} if inference.id is None else {"id": inference.id}),
        "parameters": parameters(answers.release) | {"canary": answers.canary},
        "outputs": tensors,
    }
    return json.dumps(said).encode(), b"".join(blobs) if blobs else None


def parameters(release: Release) -> dict[str, Any]:
    """Return what is said of the release beside its answers; the protocol has text, numbers and truths, no null."""
    reached = release.threshold is not None and release.threshold <= 1
    about = {**release.as_json(), "unsure_below": release.threshold if reached else None}
    return {name: value for name, value in about.items() if value is not None and value != ""}


def metadata(release: Release) -> dict[str, Any]:
    """Return the model's metadata; ``labels`` are the classes in the order of ``scores``, which the protocol lacks."""
    shapes = {SCORES: [-1, len(release.classes)]}
    return {
        "name": release.recipe,
        "versions": [release.release],
        "platform": "litert_tflite",
        "inputs": [
            {"name": "image", "datatype": "BYTES", "shape": [-1]},
            {"name": "pixels", "datatype": "UINT8", "shape": [-1, -1, -1, 3]},
        ],
        "outputs": [
            {"name": name, "datatype": datatype, "shape": shapes.get(name, [-1])} for name, datatype in OUTPUTS.items()
        ],
        "labels": list(release.classes),
        "parameters": parameters(release),
    }


def _tensor(output: Output, answers: Answers) -> tuple[dict[str, Any], np.ndarray | list[str]]:
    """Return name, datatype and shape of an output, and its values."""
    images, classes = answers.images, len(answers.release.classes)
    shape, datatype = [len(images)], OUTPUTS[output.name]
    values: np.ndarray | list[str]
    if output.name == LABEL:
        values = ["" if one.error else answers.top(one, 1)[0]["label"] for one in images]
    elif output.name == ERROR:
        values = [one.error for one in images]
    elif output.name == UNSURE:
        values = np.array([bool(one.error or answers.unsure(one)) for one in images], bool)
    elif output.classes:
        count = min(output.classes, classes)
        shape, datatype = [len(images), count], "BYTES"
        values = [text for one in images for text in _classification(one, answers.release.classes, count)]
    else:
        shape = [len(images), classes]
        values = np.array([one.scores or (0.0,) * classes for one in images], np.float32)
    return {"name": output.name, "datatype": datatype, "shape": shape}, values


def _classification(one: Answered, classes: Sequence[str], count: int) -> list[str]:
    """Return the likeliest classes as Triton writes them, ``value:index:label``; of equal ones the later is first."""
    if one.error:
        return [""] * count
    order = sorted(range(len(one.scores)), key=lambda index: (one.scores[index], index), reverse=True)[:count]
    return [f"{one.scores[index]:f}:{index}:{classes[index]}" for index in order]


def _binary(values: np.ndarray | list[str]) -> bytes:
    """Return a tensor's bytes: little-endian; those of text each with their length before them."""
    if isinstance(values, np.ndarray):
        return values.astype(values.dtype.newbyteorder("<")).tobytes()
    encoded = [text.encode() for text in values]
    return b"".join(struct.pack("<I", len(text)) + text for text in encoded)


def _flat(values: np.ndarray | list[str]) -> list[Any]:
    return values if isinstance(values, list) else values.ravel().tolist()

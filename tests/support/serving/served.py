"""A store with releases that answer: networks that name the strongest of three colours, each in an order of its own."""

import io
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from releases import leave_record

from evergreen.release.golden import FILE, FOLDER, Golden
from runs.releases import release_of
from storage.champions import Champions, Event
from storage.digests import sha256_bytes
from storage.steps.keys import KeyParts
from storage.store import Store

RECIPE = "colours"
CLASSES = ("blue", "green", "red")
SIDE = 8
COLOURS = {"red": (220, 30, 40), "green": (20, 200, 60), "blue": (10, 40, 230)}


def picture(colour: str, size: tuple[int, int] = (20, 12), kind: str = "PNG") -> bytes:
    """Return the bytes of a picture of one colour."""
    data = io.BytesIO()
    Image.new("RGB", size, COLOURS[colour]).save(data, kind)
    return data.getvalue()


@cache
def network(order: tuple[int, int, int], sharpness: float = 8.0) -> bytes:
    """Return a ``.tflite`` of (1, 8, 8, 3) float32 in 0-255 -> (1, 3): the colours' shares, in an order, sharpened."""
    import tensorflow as tf

    kernel = np.eye(3, dtype=np.float32)[:, list(order)] * sharpness / 255

    @tf.function(input_signature=[tf.TensorSpec((1, SIDE, SIDE, 3), tf.float32)])
    def answer(image: tf.Tensor) -> tf.Tensor:
        return tf.nn.softmax(tf.linalg.matmul(tf.reduce_mean(image, axis=(1, 2)), kernel))

    made = tf.lite.TFLiteConverter.from_concrete_functions([answer.get_concrete_function()], answer)
    return bytes(made.convert())


def _proved() -> dict[str, bytes]:
    return {"verification.json": json.dumps([{"format": "tflite-float32", "verified": "passed"}]).encode()}


def _golden(changed: Mapping[str, Any]) -> dict[str, bytes]:
    """Return golden images of each class, with what the right network answers, and something else in their place."""
    images = {colour: picture(colour) for colour in CLASSES}
    logits = np.array([[COLOURS[colour][at] for at in RIGHT] for colour in CLASSES]) * 8 / 255
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    names = tuple(sha256_bytes(data) for data in images.values())
    told = Golden(CLASSES, names, CLASSES, {"tflite-float32": scores.tolist()})
    files = {f"{FOLDER}{sha256_bytes(data)}": data for data in images.values()}
    return {FILE: json.dumps(told.as_json() | changed).encode(), **files}


# Red, green and blue of a picture as the classes blue, green and red; and as somebody has them who mixed them up.
RIGHT, MIXED_UP = (2, 1, 0), (0, 1, 2)


class Served:
    """A store whose recipe has as many releases as a test wants."""

    def __init__(self, root: Path) -> None:
        self.store = Store(root)
        self.champions = Champions(root)

    def release(
        self,
        name: str,
        order: tuple[int, int, int] = RIGHT,
        *,
        labels: tuple[str, ...] = CLASSES,
        data: bytes | None = None,
        unsure_below: float | None = 0.6,
        golden: bool = False,
        told: Mapping[str, Any] | None = None,
        serve: Mapping[str, Any] | None = None,
        recipe: str = RECIPE,
        **image: object,
    ) -> str:
        """Publish a release, and return its digest.

        Args:
            name: makes it another one.
            order: of the network's outputs.
            labels: what stands beside its model.
            data: of the model's file, in place of a network's.
            unsure_below: what its evaluation chose.
            golden: whether it has golden images, with the answers of the network that is right.
            told: what stands in ``golden.json`` in place of what should.
            serve: what its recipe says in that section.
            recipe: the recipe's name.
            image: fields of the section ``image``.
        """
        store = self.store
        fed = {"height": SIDE, "width": SIDE, "resize": "squash", "interpolation": "area", **image}
        lines = "".join(f"{label}\n" for label in labels).encode()
        model = network(order) if data is None else data
        parts = {
            "dataset": store.publish(
                "dataset", {"dataset.csv": f"path\n{name}\n".encode()}, {"classes": list(CLASSES)}
            ),
            "model": store.publish("model", {"model.keras": name.encode()}, {"classes": list(CLASSES), "image": fed}),
            "evaluation": store.publish(
                "evaluation", {"calibration.json": b'{"unsure_below": %s}' % str(unsure_below or "null").encode()}, {}
            ),
            "exports": store.publish(
                "exports",
                {"tflite-float32/model.tflite": model, "tflite-float32/labels.txt": lines},
                {"classes": list(CLASSES), "formats": ["tflite-float32"], "name": name},
            ),
            "verification": store.publish("verification", _proved() | (_golden(told or {}) if golden else {}), {}),
        }
        manifest = release_of(recipe, parts, serve)
        release = store.publish(manifest.kind, {}, manifest.facts)
        key = KeyParts("bundle", 1, {kind: ref.sha256 for kind, ref in parts.items()}, {"name": recipe}, {}, {})
        leave_record(store, key, release, inputs=dict(key.inputs), recipe=recipe)
        return release.sha256

    def promote(self, release: str, recipe: str = RECIPE) -> None:
        """Make a release the champion, as a run would."""
        model = self.store.manifest(release).facts["parts"]["model"]["sha256"]
        seen = self.champions.state(recipe)
        self.champions.commit(recipe, seen, Event("promoted", release, model, "as the test says"))

    def roll_back(self, recipe: str = RECIPE) -> None:
        """Step back to the champion before."""
        seen = self.champions.state(recipe)
        assert seen.champion
        event = Event("rolled back", seen.champion.release, seen.champion.model, "as the test says")
        self.champions.commit(recipe, seen, event)

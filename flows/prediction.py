"""Classify files with the newest model of a recipe."""

from pathlib import Path
from typing import Any

from evergreen.datasets.door import open_image
from evergreen.errors import BadImage, BadInput
from evergreen.sections.data import Image
from evergreen.vision.predict import predict
from flows.summary import newest_run, output_of
from storage.store import Store
from tasks.model_file import MODEL


def predict_files(paths: list[Path], store: Store, recipe: str | None, top: int) -> list[dict[str, Any]]:
    """Return one entry a file: ``image`` and ``top`` (label, probability), or ``image`` and ``error``.

    Args:
        paths: image files; a bad one does not stop the others.
        store: where the model is.
        recipe: the recipe whose newest model answers; None takes the newest of all.
        top: how many classes are listed.

    Raises:
        BadInput: no completed run has a model.
    """
    summary = newest_run(store, recipe)
    digest = output_of(summary, "train") if summary else None
    if digest is None:
        wanted = f"a trained model of recipe {recipe}" if recipe else "a trained model"
        raise BadInput(f"expected {wanted} in {store.root}, found none; run: evergreen retrain {recipe or 'digits'}")
    manifest = store.manifest(digest)
    classes = list(manifest.facts["classes"])
    answers: dict[Path, dict[str, Any]] = {}
    good: dict[Path, bytes] = {}
    for path in paths:
        try:
            data = path.read_bytes()
            open_image(data)
            good[path] = data
        except OSError as error:
            answers[path] = {"image": str(path), "error": error.strerror or str(error)}
        except BadImage as error:
            answers[path] = {"image": str(path), "error": str(error)}
    if good:
        with store.workspace() as folder:
            store.materialise(manifest.ref(), folder)
            image = Image.model_validate(manifest.facts["image"])
            scores = predict(list(good.values()), folder / MODEL, classes, image)
        for path, row in zip(good, scores, strict=True):
            best = row.argsort()[::-1][:top]
            likeliest = [{"label": classes[index], "probability": round(float(row[index]), 6)} for index in best]
            answers[path] = {"image": str(path), "top": likeliest}
    return [answers[path] for path in paths]

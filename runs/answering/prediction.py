"""Classify what a person names with the model that they mean; for the command and for the flow alike."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf, isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO

from evergreen.addresses import secret_in
from evergreen.errors import BadImage, BadInput
from evergreen.images.thumbnails import smaller
from evergreen.judging.judged import judged_images
from evergreen.reports.predictions import ContactSheet, Prediction
from evergreen.sections.data import Image, Screen
from evergreen.sections.refusing.told import TRY
from evergreen.sources.fetching.small_file import name_of
from evergreen.sources.given import STDIN, is_url, named
from runs.answering.explained import Explained
from runs.answering.model_meant import KERAS, Meant, in_format, model_meant, opened_keras
from runs.answering.reading import screen_of
from runs.answering.sorted_folders import labels_by_folder
from runs.tables import CALIBRATION, read_json, read_table
from storage.artifacts import Ref
from storage.digests import sha256_bytes
from storage.errors import ArtifactMissing, StoreError
from storage.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.vision.predict import Answer, Model


_TFLITE, _FLOAT32 = "tflite", "tflite-float32"


@dataclass(frozen=True)
class Request:
    """What is to be classified, and by which model.

    Attributes:
        paths: files, folders, patterns, URLs, and ``-``; or else one of the next two.
        sample: so many random test images of the model's own dataset, through TFLite unless a format is named.
        unlabelled: the images without labels of the model's own dataset.
        seed: of the sample.
        recipe: whose champion answers; None takes the newest run's recipe.
        model: a reference to a model, as in ``model_meant``.
        format: the format in which it answers; None takes Keras, or what the reference says.
        top: how many classes are listed.
    """

    paths: Sequence[str] = ()
    sample: int = 0
    unlabelled: bool = False
    seed: int = 0
    recipe: str | None = None
    model: str | None = None
    format: str | None = None
    top: int = 3


@dataclass(frozen=True)
class Wanted:
    """One image to classify: its name, what reads it, and its label if that is known."""

    name: str
    read: Callable[[], bytes]
    truth: str | None = None


@dataclass(frozen=True)
class Job:
    """A request, understood: nothing is missing, and nothing is read yet.

    Attributes:
        meant: the model.
        classes: its class names in order.
        image: how it is fed.
        screen: the limits of its own images, and which of their values are black and white.
        threshold: top-1 probability below which an answer is called unsure, infinite if on validation none was high
            enough for the stated precision; None if the model's evaluation chose none.
        wanted: the images in the order of the answers.
        skipped: files in folders that are no images by their names.
        top: how many classes are listed.
        scored: how the labels of images are known that a person named, in words; empty if they are not.
        learned: SHA-256 of the files that the model learned from, or was chosen by; empty where nothing is scored, or
            nobody knows.
    """

    store: Store
    meant: Meant
    classes: list[str]
    image: Image
    screen: Screen
    threshold: float | None
    wanted: list[Wanted]
    skipped: int
    top: int
    scored: str = ""
    learned: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """Return which model answers, and how: recipe, run, model, format, unsure_below, caution."""
        meant = self.meant
        about = {"recipe": meant.recipe, "run": meant.run, "model": meant.model, "format": meant.format}
        reached = self.threshold is not None and isfinite(self.threshold)
        return about | {"unsure_below": self.threshold if reached else None, "caution": meant.caution or None}


def understand(request: Request, store: Store, stdin: BinaryIO | None = None) -> Job:
    """Find the model and the images that a request means.

    Raises:
        BadInput: there is no such model, or no images were named, or in two ways.
        StoreError: the store does not know the model, or it is damaged.
    """
    ways = [bool(request.paths), request.sample > 0, request.unlabelled]
    if sum(ways) != 1:
        raise BadInput(
            "expected images (paths, URLs or -), or --sample N, or --unlabelled, and one of these alone; received "
            f"{'none' if not any(ways) else 'several'}\n{TRY}evergreen predict --sample 12"
        )
    meant = model_meant(store, request.recipe, request.model)
    meant = in_format(store, meant, request.format or (_some_tflite(store, meant) if request.sample else None))
    manifest = store.manifest(meant.model)
    classes = list(manifest.facts["classes"])
    skipped, scored = 0, ""
    if request.paths:
        found = named(request.paths, stdin)
        labels, scored = labels_by_folder([image.folders for image in found.images], classes)
        wanted = [Wanted(image.name, image.read, label) for image, label in zip(found.images, labels, strict=True)]
        skipped = found.skipped
    elif request.sample:
        wanted = _sample(store, meant, request)
    else:
        wanted = _unlabelled(store, meant)
    image = Image.model_validate(manifest.facts["image"])
    screen = screen_of(store, meant.model, meant.dataset)
    threshold = _threshold(store, meant)
    learned = _learned(store, meant) if scored else frozenset()
    return Job(store, meant, classes, image, screen, threshold, wanted, skipped, request.top, scored, learned)


def refuse_in_batch(request: Request) -> None:
    """Refuse what a batch cannot have, or must not: its parameters are stored and shown.

    Raises:
        BadInput: standard input, or a URL that holds a secret.
    """
    if STDIN in request.paths:
        raise BadInput("a batch has no standard input: name a file, or predict without a batch")
    for path in request.paths:
        if is_url(path) and (found := secret_in(path)):
            raise BadInput(
                f"the URL {name_of(path)} holds {found}, and the parameters of a batch are stored and shown: fetch the "
                "image first, or predict without a batch"
            )


def answer(job: Job, sheet: ContactSheet | None = None, explained: Explained | None = None) -> Iterator[Prediction]:
    """Yield one prediction an image, in their order; a bad image stops no other.

    Args:
        job: what is asked.
        sheet: the pictures are put on it.
        explained: heat maps of them are written there.

    Raises:
        BadInput: a heat map cannot be written.
        ExportRefused: the model cannot be opened, or its runtime is not installed.
        StoreError: the model is damaged.
    """
    with TemporaryDirectory(prefix="evergreen-") as name:
        opened: list[Model] = []
        answered = _answered(job, Path(name), opened, sheet, explained.side if explained else None)
        if explained:
            yield from explained.written(answered, opened, job.classes, job.image)
        else:
            yield from (prediction for prediction, _ in answered)
    if sheet:
        sheet.close()


def _answered(
    job: Job, folder: Path, opened: "list[Model]", sheet: ContactSheet | None, side: int | None
) -> "Iterator[tuple[Prediction, Answer]]":
    """Yield what ``answer`` does, and what the model said, with the picture kept if it has a ``side``."""
    from evergreen.vision.predict import predict

    def open_model() -> "Model":
        opened.append(_open(job, folder))
        return opened[-1]

    digests: dict[int, str] = {}
    reads = [partial(_noted, digests, at, one.read) if job.learned else one.read for at, one in enumerate(job.wanted)]
    keep = partial(smaller, side=side) if side else smaller if sheet else None
    answers = predict(reads, open_model, job.image, keep, job.screen)
    for at, (one, found) in enumerate(zip(job.wanted, answers, strict=True)):
        if found.scores is None:
            yield Prediction(one.name, error=found.error.removeprefix(f"{one.name}: ")), found
            continue
        best = found.scores.argsort(kind="stable")[::-1][: job.top]
        top = tuple((job.classes[index], round(float(found.scores[index]), 6)) for index in best)
        unsure = None if job.threshold is None else bool(found.scores.max() < job.threshold)
        prediction = Prediction(one.name, top, unsure, one.truth, learned=digests.pop(at, "") in job.learned)
        if sheet and found.kept is not None:
            sheet.add(prediction, smaller(found.kept))
        yield prediction, found


def _noted(digests: dict[int, str], at: int, read: Callable[[], bytes]) -> bytes:
    """Read a file, and keep its SHA-256."""
    data = read()
    digests[at] = sha256_bytes(data)
    return data


def _open(job: Job, folder: Path) -> "Model":
    """Write the model into the folder, checked, and open it."""
    from evergreen.vision.predict import open_export

    meant, store = job.meant, job.store
    if meant.format == KERAS:
        return opened_keras(store, meant, folder, job.classes)
    store.materialise(_ref(store, meant.exports), folder, under=f"{meant.format}/")
    return open_export(folder, meant.format, job.classes)


def _some_tflite(store: Store, meant: Meant) -> str:
    """Return the TFLite format that shows a model off: its own if it is one, float32, else any it was exported in."""
    if meant.format.startswith(_TFLITE):
        return meant.format
    exported = list(store.manifest(meant.exports).facts["formats"]) if meant.exports else []
    others = [name for name in exported if name.startswith(_TFLITE)]
    return _FLOAT32 if _FLOAT32 in others or not others else others[0]


def _threshold(store: Store, meant: Meant) -> float | None:
    """Return ``Job.threshold``."""
    if meant.evaluation is None:
        return None
    try:
        chosen = read_json(store, _ref(store, meant.evaluation), CALIBRATION)["unsure_below"]
    except ArtifactMissing:  # an evaluation of before there was a threshold, or one that was cleared away
        return None
    return inf if chosen is None else float(chosen)


def _learned(store: Store, meant: Meant) -> frozenset[str]:
    """Return ``Job.learned``: of the training and validation images of the model's own dataset."""
    if meant.dataset is None:
        return frozenset()
    table = read_table(store, _ref(store, meant.dataset))
    judged = judged_images(table)  # validation, where there is no test split
    return frozenset(table["sha256"]) - frozenset(judged["sha256"])


def _sample(store: Store, meant: Meant, request: Request) -> list[Wanted]:
    """Return random images of the test split, or of validation where there is no test split."""
    judged = judged_images(read_table(store, _ref(store, meant.dataset)))
    drawn = judged.sort_values("path").sample(min(request.sample, len(judged)), random_state=request.seed)
    return _rows(store, drawn, truth=True)


def _unlabelled(store: Store, meant: Meant) -> list[Wanted]:
    table = read_table(store, _ref(store, meant.dataset), "unlabelled.csv")
    if table.empty:
        raise BadInput(f"the dataset of {meant.recipe or 'this model'} has no images without labels: name a folder")
    return _rows(store, table.sort_values("path"), truth=False)


def _rows(store: Store, table: "pd.DataFrame", *, truth: bool) -> list[Wanted]:
    labels = list(table["label"]) if truth else [None] * len(table)
    return [
        Wanted(path, partial(_stored, store, digest), label)
        for path, digest, label in zip(table["path"], table["sha256"], labels, strict=True)
    ]


def _stored(store: Store, digest: str) -> bytes:
    try:
        return store.read_blob(digest)
    except StoreError as error:
        raise BadImage(str(error)) from None


def _ref(store: Store, digest: str | None) -> Ref:
    if digest is None:
        raise BadInput(f"what this model was trained on or exported as is not recorded in {store.root}: name a run")
    return store.manifest(digest).ref()

"""The teachers of a training: those that are in the store, and those that are trained first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from evergreen.datasets.balance import balance, repeats
from evergreen.datasets.carve import carve
from evergreen.datasets.known import COLUMNS, refuse_known
from evergreen.digests import sha256_of
from evergreen.errors import BadDataset, PreflightFailed, TrainingDiverged, WeightsUnavailable
from evergreen.images.processors import threads_of
from evergreen.images.shelves import Folder
from evergreen.judging.ended import words
from evergreen.sections.teacher import refuse_other_classes
from evergreen.vision.networks import saving
from evergreen.vision.networks.precision import precision_of
from evergreen.vision.teaching.answers import Teacher, Teachers, order_of
from evergreen.vision.training.checkpoint import Checkpoints

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.recipe import Recipe
    from evergreen.sections.training import Train
    from evergreen.vision.train import Callbacks, Labelled, Training

# Trains a recipe on images, and writes the network to a file, with its checkpoints in a folder.
Trains = Callable[["Labelled", Mapping[str, float], Mapping[str, float], "Recipe", Path, Path, "Callbacks"], "Training"]


@dataclass(frozen=True)
class Given:
    """A model that is in the store.

    Attributes:
        name: as the recipe names it.
        file: a ``.keras`` file.
        classes: its classes, in order.
        learned: sha256, pixels and phash of every image that it learned from or was chosen by; what those that taught
            it did, too.
        images: of how many of them it learned itself, and by how many it was chosen.
        val_accuracy: on its own validation images; None if nobody knows.
    """

    name: str
    file: Path
    classes: list[str]
    learned: pd.DataFrame
    images: tuple[int, int]
    val_accuracy: float | None = None


@dataclass(frozen=True)
class Ready:
    """A network that can answer.

    Attributes:
        file: a ``.keras`` file.
        classes: its classes, in order.
        is_kept: whether it is in the store.
        facts: JSON values that ``run.json`` has of it: ``name``, ``digest`` (SHA-256 of the file), ``trained`` (here,
            for this student alone), ``val_accuracy``, ``images`` (learned from), ``validated_by``, ``seconds`` and
            ``ended`` of a training here.
    """

    file: Path
    classes: list[str]
    is_kept: bool
    facts: dict[str, Any]


def check(labelled: Labelled, recipe: Recipe, given: Iterable[Given]) -> None:
    """Refuse, before anything is trained, teachers that may not teach or cannot.

    Raises:
        BadRecipe: a teacher has other classes.
        BadDataset: a teacher knows an image by which its student is judged or its epochs are told apart, or that cannot
            be found out.
    """
    teaching = recipe.teaching
    if teaching is None:
        return
    lacks = sorted({*COLUMNS} - {*labelled.dataset})
    if lacks:
        raise BadDataset(f"train.teacher: expected images with {', '.join(COLUMNS)}; the dataset lacks {lacks}")
    for teacher in teaching.recipes:
        if teacher.repair.classes:
            refuse_other_classes(teacher.name, teacher.repair.classes, labelled.classes)
    for one in given:
        refuse_other_classes(one.name, one.classes, labelled.classes)
        refuse_known(labelled.dataset, one.learned, teaching.near_duplicate_bits, one.name)


@contextmanager
def ready(
    labelled: Labelled,
    recipe: Recipe,
    given: Iterable[Given],
    checkpoints: Path | None,
    callbacks: Callbacks,
    trains: Trains,
) -> Iterator[list[Ready]]:
    """Train the teachers that are to be trained, or find them trained, and give all of them while the student learns.

    Each learns from the student's training images alone, a tenth of which (``carve``) tells its epochs apart; class
    weights and repeats are those of what it learns from. A teacher that is trained lies, with its checkpoints while it
    is not, below the student's checkpoints until those go: whatever stops the training, it is not trained again.

    Args:
        labelled: the student's images: path, label, sha256, split, pixels, phash.
        recipe: the student's; its ``teaching``, ``seed``, ``train.threads`` and ``train.devices`` are read.
        given: models that are in the store.
        checkpoints: of the student; without them a trained teacher is kept no longer than this lasts.
        callbacks: who hears of the student.
        trains: as the type says.

    Raises:
        BadDataset: no training image can be spared for the teachers' validation.
        TrainingDiverged, PreflightFailed, WeightsUnavailable: as ``train``, of a teacher.
    """
    teaching = recipe.teaching
    if teaching is None:
        yield []
        return
    with TemporaryDirectory() as temporary:
        folder = checkpoints or Path(temporary)
        found = [_given(one) for one in given]
        if teaching.recipes:
            dataset = labelled.dataset
            table = carve(dataset[dataset["split"] == "train"], teaching.near_duplicate_bits)
            carved = replace(labelled, dataset=table)
            for own in teaching.recipes:
                found.append(_trained(carved, _as_student(own, recipe), folder, callbacks, trains))
        yield found


def opened(
    found: Iterable[Ready], classes: list[str], train: Train, folder: Folder | None, say: Callable[[str], None]
) -> Teachers | None:
    """Load the teachers, to be asked in the student's order of classes; None where there are none.

    Args:
        found: as ``ready`` gives them.
        classes: the student's, in order.
        train: of the student's recipe.
        folder: where their answers are kept, for images that came to the student's size by the same rule.
        say: told which views they look at.
    """
    if train.teacher is None:
        return None
    return Teachers(
        [
            Teacher(
                one.facts["name"],
                saving.load_to_run(one.file, one.classes),
                one.facts["digest"],
                order_of(classes, one.classes),
                one.is_kept,
            )
            for one in found
        ],
        train.teacher.temperature,
        train.teacher.weight,
        folder,
        f"{precision_of(train)}-{threads_of(train)}",
        say,
    )


def facts_of(found: Iterable[Ready], train: Train) -> dict[str, Any] | None:
    """Return what ``run.json`` says of who taught, as ``judging.taught.words`` takes it; None without a teacher."""
    if train.teacher is None:
        return None
    settings = {"temperature": train.teacher.temperature, "weight": train.teacher.weight}
    return settings | {"teachers": [one.facts for one in found]}


def _given(one: Given) -> Ready:
    facts = {
        "name": one.name,
        "digest": sha256_of(one.file),
        "trained": False,
        "val_accuracy": one.val_accuracy,
        "images": one.images[0],
        "validated_by": one.images[1],
    }
    return Ready(one.file, one.classes, True, facts)


def _as_student(teacher: Recipe, student: Recipe) -> Recipe:
    """Return a teacher's recipe with what has to be its student's: the seed, how many threads and devices compute."""
    own = {"threads": student.train.threads, "devices": student.train.devices}
    train = teacher.train.model_copy(update=own)
    return teacher.model_copy(update={"seed": student.seed, "train": train})


def _trained(carved: Labelled, teacher: Recipe, folder: Path, callbacks: Callbacks, trains: Trains) -> Ready:
    """Train one teacher, or take it up where it was stopped, or find it trained."""
    file, told = folder / f"teacher-{teacher.name}.keras", folder / f"teacher-{teacher.name}.json"
    if facts := _told(told, file):
        callbacks.say(f"teacher {teacher.name}: trained already")
        return Ready(file, carved.classes, False, facts)
    sides = carved.dataset["split"].value_counts()
    callbacks.say(
        f"teacher {teacher.name}: trained first, on {sides['train']:,} of the {len(carved.dataset):,} training images; "
        f"{sides['validation']:,} tell its epochs apart"
    )

    def stopped(ended: dict[str, Any]) -> None:
        callbacks.stopped({"why": ended["why"], "phases": [], "teacher": {"name": teacher.name, **ended}})

    heard = replace(
        callbacks,
        on_epoch=lambda report: callbacks.on_epoch(replace(report, who=f"teacher {teacher.name}")),
        say=lambda text: callbacks.say(f"teacher {teacher.name}: {text}"),
        stopped=stopped,
    )
    weights = balance(carved.dataset, carved.classes, teacher.balance)
    often = repeats(carved.dataset, carved.classes, teacher.balance)
    folder.mkdir(parents=True, exist_ok=True)
    states = folder / f"teacher-{teacher.name}"
    try:
        done = trains(carved, weights, often, teacher, file, states, heard)
    except (BadDataset, PreflightFailed, TrainingDiverged, WeightsUnavailable) as error:
        raise type(error)(f"teacher {teacher.name}: {error}") from error
    kept = done.history[done.history["kept"]].iloc[0]
    facts = {
        "name": teacher.name,
        "digest": sha256_of(file),
        "trained": True,
        "val_accuracy": float(kept["val_accuracy"]),
        "images": int(sides["train"]),
        "validated_by": int(sides["validation"]),
        "seconds": round(done.seconds, 3),
        "features_seconds": round(done.once, 3),
        "ended": words(done.ended),
    }
    part = told.with_suffix(".part")
    part.write_text(json.dumps(facts), encoding="utf-8")
    part.replace(told)
    Checkpoints(states).clear()  # not before: a kill in between would cost the whole training
    return Ready(file, carved.classes, False, facts)


def _told(told: Path, file: Path) -> dict[str, Any] | None:
    """Return what a trained teacher left, if its file is the one that it left."""
    if not told.is_file() or not file.is_file():
        return None
    facts: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
    return facts if facts["digest"] == sha256_of(file) else None

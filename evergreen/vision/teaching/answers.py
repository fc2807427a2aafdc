"""What teachers answer for each view of a student's images: asked once, and kept like features."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.images.rows import RowCache
from evergreen.images.shelves import Folder
from evergreen.vision.training.features import outputs
from evergreen.vision.training.losses import softened

if TYPE_CHECKING:
    from evergreen.vision.training.views import View


@dataclass(frozen=True)
class Teacher:
    """A network that answers.

    Attributes:
        name: as people call it.
        model: from raw images, (N, H, W, 3) in 0-255, to (N, K) probabilities.
        digest: SHA-256 of its file.
        order: (K,) int64, where each of the student's classes stands among the teacher's.
        is_kept: whether others may learn from it too: then what it answers does not count as this training's time.
    """

    name: str
    model: Any
    digest: str
    order: np.ndarray
    is_kept: bool


@dataclass
class Teachers:
    """All teachers of a training, and what they have answered in it so far.

    Attributes:
        all: one or more.
        temperature: by which their answers are softened.
        weight: share of the loss that is about them.
        folder: where answers are kept, below one folder a teacher and view; None keeps them in memory.
        computed: by which precision and on how many threads: the last digits of an answer depend on it.
        say: told which views the teachers look at.
        paid_once: seconds, since ``once`` was asked last, in which teachers answered that are kept.
    """

    all: Sequence[Teacher]
    temperature: float
    weight: float
    folder: Folder | None
    computed: str
    say: Callable[[str], None]
    paid_once: float = 0.0
    known: dict[str, np.ndarray] = field(default_factory=dict)

    def once(self) -> float:
        """Return the seconds, since it was asked last, that went into answers which every later training can read."""
        seconds, self.paid_once = self.paid_once, 0.0
        return seconds


def taught(view: View, teachers: Teachers | None) -> View:
    """Return a view of a training side with what the teachers answer for its very pictures, softened.

    Each teacher is asked for the picture that the student sees, changed and mixed, brought to the teacher's own size.
    Answers of several are averaged before they are softened.

    Args:
        view: as the student sees it.
        teachers: who is asked; with None the view is returned as it is.
    """
    if teachers is None:
        return view
    if view.name not in teachers.known:
        teachers.say(f"the teacher answers for {len(view.side.keys):,} pictures (view {len(teachers.known) + 1})")
        answers = np.mean([_answers(view, teacher, teachers) for teacher in teachers.all], axis=0)
        teachers.known[view.name] = softened(answers, teachers.temperature)
    return replace(view, side=replace(view.side, taught=teachers.known[view.name]))


def _answers(view: View, teacher: Teacher, teachers: Teachers) -> np.ndarray:
    """Return one teacher's probabilities for all pictures of a view, (N, K) float32, in the student's class order."""
    height, width = teacher.model.input_shape[1:3]

    def gather(positions: np.ndarray) -> np.ndarray:
        return fitted(view.gather(positions), height, width)

    began = time.monotonic()
    name = f"teacher-{teacher.digest[:32]}-{teachers.computed}"
    folder = teachers.folder / name / view.name if teachers.folder else None
    rows = RowCache(folder, (len(teacher.order),), np.float32).rows(
        view.side.keys, partial(outputs, teacher.model, gather)
    )
    if teacher.is_kept:
        teachers.paid_once += time.monotonic() - began
    return rows.gather(np.arange(len(rows)))[:, teacher.order]


def fitted(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bring a student's pictures to the size of its teacher's: by areas where they shrink, else bilinearly.

    Args:
        images: (N, H, W, 3) uint8.
        height: of the teacher's images, in pixels.
        width: of the teacher's images, in pixels.

    Returns:
        (N, height, width, 3) uint8.
    """
    import cv2

    if images.shape[1:3] == (height, width):
        return images
    shrinks = height * width < images.shape[1] * images.shape[2]
    by = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.stack([cv2.resize(image, (width, height), interpolation=by) for image in images])


def order_of(classes: Sequence[str], its: Sequence[str]) -> np.ndarray:
    """Return where each of some classes stands among a teacher's, (K,) int64."""
    where: Mapping[str, int] = {name: position for position, name in enumerate(its)}
    return np.array([where[name] for name in classes], np.int64)

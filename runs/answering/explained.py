"""Pictures that show which parts of an image spoke for the answer: one file an image, in a folder of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from evergreen.errors import BadInput
from evergreen.paths import can_be_named, is_folder, is_there, path_of
from evergreen.reports.predictions import Prediction
from evergreen.sections.data import Image

if TYPE_CHECKING:
    from evergreen.vision.predict import Answer, Model

_SIDE = 480
_MANY = 32
_LONGEST = 60


class Explained:
    """Heat maps of the answers of one model, as pictures in a folder.

    Attributes:
        folder: where they are.
        method: how they were made, ``grad-cam`` or ``occlusion``; empty before the first.
        count: how many were written.
    """

    side = _SIDE

    def __init__(self, folder: Path) -> None:
        """Take a folder that is not there yet, or an empty one, so that nothing is overwritten.

        Raises:
            BadInput: it holds something, is a file, or cannot be made.
        """
        self.folder = path_of(folder).absolute()
        self.method, self.count = "", 0
        try:
            if not can_be_named(self.folder) or (is_there(self.folder) and not is_folder(self.folder)):
                raise BadInput(f"expected a folder for the heat maps, received {folder}: name another with --explain")
            self.folder.mkdir(exist_ok=True)
            if any(self.folder.iterdir()):
                raise BadInput(
                    f"expected a new or an empty folder for the heat maps, {folder} holds files: none is overwritten; "
                    "name another with --explain"
                )
        except OSError as error:
            raise BadInput(f"the folder {folder} cannot be made: {error.strerror or error}") from error

    def written(
        self, answered: Iterable[tuple[Prediction, Answer]], opened: list[Model], classes: list[str], image: Image
    ) -> Iterator[Prediction]:
        """Yield predictions in their order, each with the picture that explains it; one without an answer has none.

        Args:
            answered: predictions, and what the model said, with the pictures ``kept``.
            opened: holds the model, once there is an answer.
            classes: class names in order.
            image: how pictures became the network's.

        Raises:
            BadInput: a picture cannot be written.
        """
        remaining, done = iter(answered), 0
        while some := list(islice(remaining, _MANY)):
            explains = [(number, *pair) for number, pair in enumerate(some) if pair[1].seen is not None]
            maps = self._maps(explains, opened, classes) if explains else []
            found = [prediction for prediction, _ in some]
            for (number, prediction, answer), heat in zip(explains, maps, strict=True):
                path = self.folder / f"{done + number + 1:04}-{safe(prediction.image)}.png"
                self._write(path, prediction, answer, heat, image)
                found[number] = replace(prediction, explained=str(path))
            done += len(some)
            yield from found

    def _maps(self, explains: list[tuple[int, Prediction, Answer]], opened: list[Model], classes: list[str]) -> Any:
        import numpy as np

        from evergreen.vision.explaining.explain import explainer

        model = opened[-1]
        if not self.method:
            self._made = explainer(model, getattr(model, "network", None))
            self.method = self._made.method
        answers = np.array([classes.index(prediction.top[0][0]) for _, prediction, _ in explains])
        return self._made.heat(np.stack([answer.seen for *_, answer in explains if answer.seen is not None]), answers)

    def _write(self, path: Path, prediction: Prediction, answer: Answer, heat: Any, image: Image) -> None:
        from evergreen.reports.explaining.picture import beside
        from evergreen.vision.explaining.scale import on_picture

        kept = answer.kept
        if kept is None:
            raise ValueError("expected the picture to be kept")
        height, width, _ = kept.shape
        drawn = beside(kept, on_picture(heat, height, width, image), _title(prediction), self.method)
        try:
            with path.open("xb") as file:
                file.write(drawn)
        except OSError as error:
            raise BadInput(f"{path} cannot be written: {error.strerror or error}") from error
        self.count += 1

    def as_json(self) -> dict[str, Any]:
        """Return ``folder``, ``method`` and ``count``."""
        return {"folder": str(self.folder), "method": self.method or None, "count": self.count}

    def in_words(self) -> str:
        """Return how many pictures were written, where and how."""
        from evergreen.reports.explaining.picture import METHODS

        by = f" by {METHODS[self.method]}" if self.method else ""
        return f"{self.count:,} heat map{'' if self.count == 1 else 's'}{by}, in {self.folder}"


def safe(name: str) -> str:
    """Return the last part of an image's name as the part of a file's name that every system takes."""
    last = PurePosixPath(name.replace("\\", "/").rstrip("/").rpartition("/")[2]).stem
    return (
        "".join(char if char.isalnum() or char in "-_" else "_" for char in last)
        .encode()[:_LONGEST]
        .decode(errors="ignore")
    )


def _title(prediction: Prediction) -> str:
    label, probability = prediction.top[0]
    unsure = ", unsure" if prediction.unsure else ""
    truth = ""
    if prediction.truth is not None:
        truth = ", right" if prediction.truth == label else f", wrong: {prediction.truth}"
    return f"{label} {probability:.0%}{unsure}{truth}. {prediction.image.rpartition('/')[2]}"

"""evergreen.vision.teaching.answers: what a teacher is shown, in whose order it answers, and how often it is asked."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from evergreen.images.rows import Rows
from evergreen.vision.teaching.answers import Teacher, Teachers, fitted, order_of, taught
from evergreen.vision.training.batches import Side
from evergreen.vision.training.views import View


class _Model:
    """Answers for each picture with how bright it is, and remembers the pictures."""

    input_shape = (None, 4, 6, 3)

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        self.seen.append(images)
        bright = images.mean(axis=(1, 2, 3)) / 255
        return np.float32(np.stack([bright, 1 - bright, 0 * bright], axis=1))


def _view(name: str = "view", shown: int = 204) -> View:
    side = Side(Rows.of(np.zeros((2, 8, 8, 3), np.uint8)), np.eye(2, 3), np.ones(2), [b"a" * 32, b"b" * 32])
    pictures = np.stack([np.full((8, 8, 3), shown, np.uint8), np.full((8, 8, 3), 51, np.uint8)])
    return View(side, pictures.__getitem__, name)


def _teachers(folder: Path | None, *models: Any, kept: bool = False, temperature: float = 1.0) -> Teachers:
    order = order_of(["x", "y", "z"], ["y", "x", "z"])
    each = [Teacher(str(number), model, f"{number}" * 64, order, kept) for number, model in enumerate(models)]
    return Teachers(each, temperature, 0.5, folder, "float32-2", lambda _: None)


def test_a_teacher_is_shown_the_very_picture_at_its_own_size_and_answers_in_its_students_order() -> None:
    model = _Model()
    view = taught(_view(), _teachers(None, model))
    assert [images.shape for images in model.seen] == [(64, 4, 6, 3)]  # always as many
    assert (model.seen[0][0] == 204).all()
    assert view.side.taught is not None
    np.testing.assert_allclose(view.side.taught, [[0.2, 0.8, 0], [0.8, 0.2, 0]], atol=1e-6)
    assert taught(view, None) is view


def test_several_answer_on_average_before_they_are_softened() -> None:
    other = SimpleNamespace(
        input_shape=(None, 8, 8, 3), predict_on_batch=lambda block: np.float32([[0, 0.4, 0.6]] * len(block))
    )
    view = taught(_view(), _teachers(None, _Model(), other, temperature=2.0))
    assert view.side.taught is not None
    powers = np.sqrt([[0.3, 0.4, 0.3], [0.6, 0.1, 0.3]])
    np.testing.assert_allclose(view.side.taught, powers / powers.sum(axis=1, keepdims=True), atol=1e-6)


def test_each_view_is_asked_for_once_and_kept_by_teacher_and_view(tmp_path: Path) -> None:
    model = _Model()
    teachers = _teachers(tmp_path, model, kept=True)
    for view in (_view("one"), _view("two", 100), _view("one")):
        taught(view, teachers)
    assert len(model.seen) == 2
    assert teachers.once() > 0
    assert teachers.once() == 0
    again, own = _Model(), _teachers(tmp_path, model)
    taught(_view("one"), _teachers(tmp_path, again))
    assert not again.seen  # by a teacher of the same digest
    taught(_view("three"), own)
    assert own.once() == 0  # of one that is trained for this student: its time is the training's
    assert sorted(path.name for path in tmp_path.glob("*/*")) == ["one", "three", "two"]
    assert [path.name for path in tmp_path.iterdir()] == [f"teacher-{'0' * 32}-float32-2"]


@pytest.mark.parametrize("size", [(4, 4), (16, 24), (8, 8)])
def test_pictures_shrink_by_areas_and_grow_smoothly(size: tuple[int, int]) -> None:
    images = np.zeros((1, 8, 8, 3), np.uint8)
    images[:, ::2] = 200
    found = fitted(images, *size)
    assert found.shape == (1, *size, 3)
    assert (found is images) == (size == (8, 8))
    if size == (4, 4):
        assert (found == 100).all()  # two rows each
    if size == (16, 24):
        assert set(np.unique(found)) == {0, 50, 150, 200}

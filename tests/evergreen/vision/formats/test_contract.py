"""evergreen.vision.formats.contract: the class order beside an export, and a predictor that is called."""

from pathlib import Path

import numpy as np

from evergreen.vision.formats.contract import Answers, Predictor, read_labels, write_labels


def test_labels_come_back_in_their_order(tmp_path: Path) -> None:
    classes = ["kæt", "a b", "0", "dog"]
    write_labels(tmp_path, classes)
    assert read_labels(tmp_path) == classes
    assert (tmp_path / "labels.txt").read_bytes() == "kæt\na b\n0\ndog\n".encode()


def test_calling_a_predictor_is_running_it_for_its_scores() -> None:
    scores = np.array([[0.25, 0.75]], np.float32)
    predictor = Predictor(lambda images: Answers(scores * len(images), None, 0.0, np.zeros(len(images)), 1))
    assert np.array_equal(predictor(np.zeros((1, 8, 8, 3), np.uint8)), scores)

"""evergreen.vision.golden: which images are kept, so that two classes that change places show."""

import numpy as np
import pandas as pd
import pytest

from evergreen.release.golden import Golden
from evergreen.vision.golden import MOST, golden_images


def sample(count: int) -> pd.DataFrame:
    return pd.DataFrame({"label": [f"of {at}" for at in range(count)], "sha256": [f"{at:064d}" for at in range(count)]})


def scores(top: list[int], lead: list[float], classes: int) -> np.ndarray:
    found = np.full((len(top), classes), 0.1, np.float32)
    for at, (index, more) in enumerate(zip(top, lead, strict=True)):
        found[at, index] = 0.1 + more
    return found


def chosen(
    answers: dict[str, np.ndarray], big: frozenset[int] = frozenset(), passed: frozenset[str] = frozenset()
) -> list[int]:
    golden, files = golden_images(
        sample(len(next(iter(answers.values())))),
        [str(at) for at in range(next(iter(answers.values())).shape[1])],
        answers,
        lambda digest: b"x" * (2**21 + 1000 - int(digest) if int(digest) in big else 10),
        passed,
    )
    at = [int(name) for name in golden.names]
    assert list(files) == list(golden.names)
    assert golden.labels == tuple(f"of {index}" for index in at)
    for name, given in answers.items():
        assert golden.answers[name] == given[at].tolist()
    return at


def test_one_a_class_the_clearest_each() -> None:
    top, lead = [0, 0, 1, 1, 2, 0, 1], [0.1, 0.6, 0.3, 0.2, 0.05, 0.5, 0.7]
    assert chosen({"tflite-int8": scores(top, lead, 3)}) == [6, 1, 4, 5]  # and the next clearest, up to four


def test_what_is_clear_in_one_format_alone_is_not_clear() -> None:
    one = scores([0, 0, 1, 1, 2], [0.8, 0.5, 0.5, 0.4, 0.5], 3)
    other = scores([1, 0, 1, 1, 2], [0.8, 0.5, 0.1, 0.3, 0.5], 3)
    assert chosen({"tflite-int8": one, "tflite-float32": other})[:3] == [1, 4, 3]


def test_a_large_file_is_kept_where_its_class_has_no_other() -> None:
    answers = {"tflite-int8": scores([0, 0, 1], [0.8, 0.5, 0.5], 2)}
    assert sorted(chosen(answers, frozenset({0}))) == [1, 2]
    assert sorted(chosen(answers, frozenset({2}))) == [0, 1, 2]
    assert chosen({"tflite-int8": scores([0] * 6, [0.5] * 6, 2)}, frozenset(range(6))) == [3], "the smallest of four"


def test_an_export_that_failed_chooses_nothing() -> None:
    right, wrong = scores([0, 0, 1, 2, 2], [0.2, 0.5, 0.5, 0.1, 0.5], 3), scores([0] * 5, [0.9] * 5, 3)
    answers = {"tflite-int8": wrong, "tflite-float32": right}
    assert chosen(answers, passed=frozenset({"tflite-float32"}))[:3] == [1, 2, 4]


def test_classes_that_are_never_answered_are_told_apart_by_their_probabilities() -> None:
    answers = np.full((12, 5), 0.02, np.float32)
    answers[:, 0] = 0.9  # whatever is shown, but for these
    answers[7] = [0.5, 0.25, 0.02, 0.02, 0.21]
    answers[9] = [0.5, 0.02, 0.25, 0.02, 0.21]
    at = chosen({"tflite-float32": answers})
    assert {7, 9} <= set(at)
    classes = tuple(map(str, range(5)))
    golden = Golden(classes, tuple(map(str, at)), tuple(map(str, at)), {"tflite-float32": answers[at].tolist()})
    for one, other in [(a, b) for a in range(5) for b in range(a)]:
        swapped = answers[at].copy()
        swapped[:, [one, other]] = swapped[:, [other, one]]
        assert golden.mismatch("tflite-float32", classes, swapped.tolist()), (one, other)


def test_of_a_thousand_classes_some_and_of_a_model_that_says_one_thing_some_images() -> None:
    many = chosen({"tflite-int8": scores(list(range(1000)), list(np.linspace(0.1, 0.9, 1000)), 1000)})
    assert many == list(range(999, 999 - MOST, -1))
    assert len(chosen({"tflite-int8": scores([1] * 9, [0.5] * 9, 2)})) == 4


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_images_are_all_kept(count: int) -> None:
    assert len(chosen({"tflite-int8": scores([0] * count, [0.5] * count, 2)})) == count

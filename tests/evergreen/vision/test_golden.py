"""evergreen.vision.golden: which images are kept, so that two classes that change places show."""

import numpy as np
import pandas as pd
import pytest

from evergreen.vision.golden import MOST, golden_images


def sample(count: int) -> pd.DataFrame:
    return pd.DataFrame({"label": [f"of {at}" for at in range(count)], "sha256": [f"{at:064d}" for at in range(count)]})


def scores(top: list[int], lead: list[float], classes: int) -> np.ndarray:
    found = np.full((len(top), classes), 0.1, np.float32)
    for at, (index, more) in enumerate(zip(top, lead, strict=True)):
        found[at, index] = 0.1 + more
    return found


def chosen(answers: dict[str, np.ndarray], big: frozenset[int] = frozenset()) -> list[int]:
    (count, classes) = next(iter(answers.values())).shape
    golden, files = golden_images(
        sample(count),
        [str(at) for at in range(classes)],
        answers,
        lambda digest: b"x" * (2**21 + 1 if int(digest) in big else 10),
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


def test_of_a_thousand_classes_some_and_of_a_model_that_says_one_thing_some_images() -> None:
    many = chosen({"tflite-int8": scores(list(range(1000)), list(np.linspace(0.1, 0.9, 1000)), 1000)})
    assert many == list(range(999, 999 - MOST, -1))
    assert len(chosen({"tflite-int8": scores([1] * 9, [0.5] * 9, 2)})) == 4


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_images_are_all_kept(count: int) -> None:
    assert len(chosen({"tflite-int8": scores([0] * count, [0.5] * count, 2)})) == count

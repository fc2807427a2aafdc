"""evergreen.vision.formats.catalogue.names: families, and what writes them."""

from typing import get_args

import pytest

from evergreen.sections.release import Format
from evergreen.vision.formats.catalogue.names import INT8, family, writers


def test_formats_of_recipes_are_of_six_families() -> None:
    names = get_args(Format)
    assert INT8 in names
    assert list(dict.fromkeys(map(family, names))) == ["keras", "savedmodel", "tflite", "tfjs", "onnx", "openvino"]


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("keras", []), ("savedmodel", []), (INT8, []), ("tfjs", ["tensorflowjs"]), ("tfjs-uint8", ["tensorflowjs"]),
        ("onnx", ["onnx", "tf2onnx"]), ("openvino", ["openvino"]),
    ],
)  # fmt: skip
def test_tensorflow_and_keras_write_all_of_them_some_with_others(name: str, beside: list[str]) -> None:
    assert list(writers(name)) == ["tensorflow", "keras", *beside]

"""evergreen.vision.formats.quantizing.ranges: measured once, quantized again and again, some operations in float32."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evergreen.vision.formats import tflite
from evergreen.vision.formats.quantizing import ranges
from evergreen.vision.formats.quantizing.judge import answered


@pytest.fixture(scope="module")
def measured(spoiled: Any) -> bytes:
    return ranges.measured(spoiled.trained, spoiled.of(10))


def _interpreter(data: bytes) -> Any:
    import tensorflow as tf

    resolver = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    return tf.lite.Interpreter(model_content=data, experimental_op_resolver_type=resolver)


def test_without_exceptions_it_answers_as_the_export_does_to_the_last_bit(
    spoiled: Any, measured: bytes, tmp_path: Path
) -> None:
    tflite.write(spoiled.trained, tmp_path, "int8")
    export = (tmp_path / tflite.FILE).read_bytes()
    ours = ranges.quantized(measured)
    assert np.array_equal(answered(ours, spoiled.images).scores, answered(export, spoiled.images).scores)
    assert [row["op_name"] for row in _interpreter(ours)._get_ops_details()] == [
        row["op_name"] for row in _interpreter(export)._get_ops_details()
    ]
    assert _interpreter(ours).get_signature_list() == _interpreter(export).get_signature_list()


def test_the_operations_are_the_networks_in_order(measured: bytes) -> None:
    found = ranges.operations(measured)
    kinds = [
        operation.kind for operation in found if operation.kind in {"CONV_2D", "MEAN", "FULLY_CONNECTED", "SOFTMAX"}
    ]
    assert kinds == ["CONV_2D", "CONV_2D", "MEAN", "FULLY_CONNECTED", "SOFTMAX"]
    for before, after in pairwise(found):
        assert set(before.gives) & set(after.reads)
    assert len({operation.name for operation in found}) == len(found)


@pytest.mark.parametrize("which", ["CONV_2D", "SOFTMAX", "every"])
def test_what_stays_in_float32_does_and_the_ends_take_and_give_uint8(measured: bytes, which: str) -> None:
    every = ranges.operations(measured)
    chosen = [operation.name for operation in every if which in (operation.kind, "every")]
    mixed = _interpreter(ranges.quantized(measured, chosen))
    (source,), (sink,) = mixed.get_input_details(), mixed.get_output_details()
    assert (source["dtype"], source["quantization"]) == (np.uint8, (1.0, 0))
    assert (sink["dtype"], sink["quantization"]) == (np.uint8, (1 / 256, 0))
    types = {detail["index"]: detail["dtype"] for detail in mixed.get_tensor_details()}
    in_float = [row["op_name"] for row in mixed._get_ops_details() if types[row["outputs"][0]] == np.float32]
    kinds = [operation.kind for operation in every if operation.name in chosen]
    assert [kind for kind in in_float if kind not in {"DEQUANTIZE"}] == kinds

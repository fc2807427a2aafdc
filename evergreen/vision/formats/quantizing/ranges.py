"""TensorFlow's int8 in two halves: the ranges are measured once, and layers quantized as often as it takes.

``tf.lite.experimental.QuantizationDebugger`` does it by the same calls, but cannot have uint8 at the model's ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from evergreen.vision.formats import tflite
from evergreen.vision.formats.contract import Representative, Trained


@dataclass(frozen=True)
class Operation:
    """One operation of a TFLite model, in the order of execution.

    Attributes:
        name: of the tensor that it gives, by which the converter knows it.
        kind: such as CONV_2D.
        reads: indices of the tensors that it takes.
        gives: indices of those that it makes.
    """

    name: str
    kind: str
    reads: tuple[int, ...]
    gives: tuple[int, ...]


def measured(trained: Trained, representative: Representative) -> bytes:
    """Return the network in float32 as TFLite, with the range of every activation; nothing can run it so.

    Args:
        trained: the model.
        representative: the images that it sees meanwhile.
    """
    converter = tflite.converter(replace(trained, representative=representative), "int8")
    converter._experimental_calibrate_only = True
    data: bytes = converter.convert()
    return data


def quantized(ranges: bytes, in_float: Iterable[str] = ()) -> bytes:
    """Return the int8 model, with uint8 at its ends: what ``tflite.write`` gives, if nothing stays in float32.

    Args:
        ranges: as ``measured`` gives them.
        in_float: names of operations that stay in float32; what they take and give is converted around them.
    """
    import tensorflow as tf
    from tensorflow.lite.python.convert import mlir_quantize

    ends = {"input_data_type": tf.uint8, "output_data_type": tf.uint8}
    data: bytes = mlir_quantize(ranges, **ends, denylisted_nodes=list(in_float) or None)
    return data


def operations(ranges: bytes) -> list[Operation]:
    """Return the operations of a network, in order; ``ranges`` as ``measured`` gives them."""
    import tensorflow as tf

    resolver = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = tf.lite.Interpreter(model_content=ranges, experimental_op_resolver_type=resolver)
    names = {detail["index"]: detail["name"] for detail in interpreter.get_tensor_details()}
    return [
        Operation(names[row["outputs"][0]], row["op_name"], tuple(row["inputs"]), tuple(row["outputs"]))
        for row in interpreter._get_ops_details()
    ]

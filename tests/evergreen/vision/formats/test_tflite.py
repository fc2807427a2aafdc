"""evergreen.vision.formats.tflite: int8 takes and gives bytes."""

from typing import Any

import numpy as np


def test_int8_takes_and_gives_uint8_and_the_pixels_go_in_as_they_are(exports: Any) -> None:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(str(exports.folder / "tflite-int8" / "model.tflite"))
    (source,), (sink,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert (source["dtype"], sink["dtype"]) == (np.uint8, np.uint8)
    assert source["quantization"] == (1.0, 0)
    assert sink["quantization"] == (1 / 256, 0)
    kinds = {detail["dtype"] for detail in interpreter.get_tensor_details()}
    assert np.float32 not in kinds


def test_every_tflite_takes_one_image_by_the_one_signature_that_it_has(exports: Any) -> None:
    from ai_edge_litert.interpreter import Interpreter

    for name in (name for name in exports.formats if name.startswith("tflite")):
        interpreter = Interpreter(str(exports.folder / name / "model.tflite"))
        (source,), (sink,) = interpreter.get_input_details(), interpreter.get_output_details()
        assert (source["shape_signature"].tolist(), sink["shape_signature"].tolist()) == ([1, 8, 8, 3], [1, 3])
        assert interpreter.get_signature_list() == {"serving_default": {"inputs": ["image"], "outputs": ["scores"]}}

"""Which function opens which export format in its own runtime."""

from collections.abc import Callable
from pathlib import Path

from evergreen.vision.formats import savedmodel, tfjs, tflite
from evergreen.vision.formats.contract import Predictor

# Format -> opens the folder of an export.
OPEN_PREDICTOR: dict[str, Callable[[Path], Predictor]] = {
    "savedmodel": savedmodel.open_predictor,
    "tflite-float32": tflite.open_predictor,
    "tflite-int8": tflite.open_predictor,
    "tfjs": tfjs.open_predictor,
}

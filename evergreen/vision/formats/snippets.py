"""Five lines that run an export, for whoever receives its folder and has its runtime."""

from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evergreen.sections.data import Image

_FILTERS = {"area": "AREA", "bilinear": "LINEAR", "bicubic": "CUBIC", "nearest": "NEAREST"}
_RESAMPLING = {"area": "BOX", "bilinear": "BILINEAR", "bicubic": "BICUBIC", "nearest": "NEAREST"}

_KERAS = """\
# In this folder: python run.py photo.jpg     (pip install tensorflow keras $needs)
import sys, keras, $imports
image = $photo
model = keras.saving.load_model("model.keras", compile=False)
scores = model.predict(image.astype("float32"), verbose=0)[0]
print(dict(zip(open("labels.txt", encoding="utf-8").read().splitlines(), scores.tolist())))
"""

_SAVED_MODEL = """\
# In this folder: python run.py photo.jpg     (pip install tensorflow $needs)
import sys, tensorflow as tf, $imports
image = $photo
model = tf.saved_model.load(".")
answer = model.signatures["serving_default"](image=tf.constant(image, tf.float32))
print(dict(zip([name.decode() for name in answer["classes"].numpy()[0]], answer["scores"].numpy()[0].tolist())))
"""

_TFLITE = """\
# In this folder: python run.py photo.jpg     (pip install ai-edge-litert $needs)
import sys, $imports; from ai_edge_litert.interpreter import Interpreter
image = $photo
model = Interpreter("model.tflite").get_signature_runner()
scores = model(image=image$cast)["scores"][0]$scale
print(dict(zip(open("labels.txt", encoding="utf-8").read().splitlines(), scores.tolist())))
"""

# Node decodes no pictures by itself, so it takes the raw bytes.
_TFJS = """\
// npm install @tensorflow/tfjs-core@4 @tensorflow/tfjs-converter@4 @tensorflow/tfjs-backend-cpu@4
// In this folder: node run.mjs photo.rgb     (raw RGB bytes of $width x $height pixels)
import * as tf from '@tensorflow/tfjs-core'; import '@tensorflow/tfjs-backend-cpu'; import { loadGraphModel } \
from '@tensorflow/tfjs-converter'; import { readFileSync as read } from 'node:fs';
const { weightsManifest: [{ paths, weights: weightSpecs }], ...model } = JSON.parse(read('model.json', 'utf8'));
const weightData = Uint8Array.from(Buffer.concat(paths.map((path) => read(path)))).buffer;
const network = await loadGraphModel({ load: async () => ({ ...model, weightSpecs, weightData }) });
console.log(model.userDefinedMetadata.classes, await network.predict(tf.tensor4d(Float32Array.from(read(\
process.argv[2])), [1, $height, $width, 3])).data());
"""


def snippet(name: str, image: "Image") -> tuple[str, str]:
    """Return a file name and a program of five lines that prints the scores of one image.

    Args:
        name: the format.
        image: the input's size and how an image is brought to it. ``squash`` is done to the pixel as in training;
            ``crop`` and ``pad`` by Pillow's functions of that meaning, whose filters differ in the last digits.
    """
    family = name.split("-")[0]
    text = {"keras": _KERAS, "savedmodel": _SAVED_MODEL, "tflite": _TFLITE, "tfjs": _TFJS}[family]
    int8 = name == "tflite-int8"
    filled = Template(text).substitute(
        _photo(image),
        height=image.height,
        width=image.width,
        cast="" if int8 else '.astype("float32")',
        scale=" / 256" if int8 else "",
    )
    return "run.mjs" if family == "tfjs" else "run.py", filled


def _photo(image: "Image") -> dict[str, str]:
    """Return the expression that reads a file as (1, H, W, 3) uint8, what it imports, and what that needs."""
    size = f"({image.width}, {image.height})"
    if image.resize == "squash":
        photo = "cv2.imread(sys.argv[1], cv2.IMREAD_COLOR_RGB)"
        photo = f"cv2.resize({photo}, {size}, interpolation=cv2.INTER_{_FILTERS[image.interpolation]})[None]"
        return {"photo": photo, "imports": "cv2", "needs": "opencv-python-headless"}
    fitted = "fit" if image.resize == "crop" else "pad"
    upright = 'ImageOps.exif_transpose(Image.open(sys.argv[1])).convert("RGB")'
    filtered = f"Image.Resampling.{_RESAMPLING[image.interpolation]}"
    photo = f"np.asarray(ImageOps.{fitted}({upright}, {size}, {filtered}))[None]"
    return {"photo": photo, "imports": "numpy as np; from PIL import Image, ImageOps", "needs": "pillow"}

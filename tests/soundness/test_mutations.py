"""One change at a time: exactly the steps that it reaches run again, and no other.

``DOWN[step]`` is a step with everything below it. Where a step that ran gives the bytes it gave before, the wave ends.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from evergreen.recipe import Recipe, parse_recipe
from evergreen.steps import STEPS
from runs import keys
from runs.plan import plan
from storage.champions import Champions, Event, EventName

ALL = {step.name for step in STEPS}
DOWN: dict[str, set[str]] = {}
for _step in reversed(STEPS):
    DOWN[_step.name] = {_step.name}.union(*(DOWN[other.name] for other in STEPS if _step.name in other.inputs.values()))

# A new release asks for the champion, is compared, and asks to be promoted.
FROM_BUNDLE = {"bundle", "challenge", "compare", "promote", "report"}
# The model cards that exports carry hold the metrics.
FROM_EVALUATE = {"evaluate", "export", "verify"} | FROM_BUNDLE
FROM_TRAIN = {"train", "reference"} | FROM_EVALUATE
# A probe of the backbone is fitted anew for what it sees, and for nothing of how the network is trained.
PROBED = {"baseline", "diagnose"} | FROM_TRAIN
# A probe of the baseline looks at mirror images where a training does; labels are judged by images as they are.
MIRRORED = {"baseline"} | FROM_TRAIN
JUDGED = {"compare", "promote", "report"}
# Every kind of source is in the keys of these two, whichever the recipe names; the folder of photos is as it was.
ASKED = {"probe", "acquire"}

# -- every recipe field ------------------------------------------------------------------------------------------------

# dotted field -> (another valid value, the steps that must run). A list's index is written as 0.
NOTHING: set[str] = set()
FIELDS: dict[str, tuple[Any, set[str]]] = {
    "name": ("other", {"bundle", "challenge", "promote", "report"}),
    "title": ("Other", {"report"}),
    "seed": (8, DOWN["split"]),
    "source.local.path": (None, NOTHING),  # test_the_folder_moved
    "unpack.max_entries": (1000, {"unpack"}),
    "unpack.max_gib": (1, {"unpack"}),
    "unpack.max_ratio": (50, {"unpack"}),
    "unpack.ratio_above_mib": (10, {"unpack"}),
    "unpack.links": ("drop", {"unpack"}),
    "unpack.names": ("gbk", {"unpack"}),
    "repair.classes": (["bright", "dark"], DOWN["repair"]),
    "repair.rename": ({"dim": "dark"}, {"repair", "report"}),  # which says that nobody is called so
    "repair.subsets": ({"pictures": "train"}, {"repair"}),
    "repair.level": ("first", {"repair"}),
    "repair.leave_out": (["nobody"], {"repair", "report"}),
    "repair.not_images": ("quarantine", {"repair"}),
    "labels.pattern": (None, NOTHING),  # test_labels_from_elsewhere
    "labels.table": (None, NOTHING),
    "labels.file": (None, NOTHING),
    "labels.label": (None, NOTHING),
    "labels.suffix": (None, NOTHING),
    "labels.subset": (None, NOTHING),
    "labels.decisions": ("others.labels.yaml", NOTHING),  # where they are written; what they say: tests/runs/test_keys
    "screen.max_megapixels": (20, {"screen", "export", "verify"} | FROM_BUNDLE),
    "screen.conflicts": ("keep", {"screen"}),
    "screen.near_duplicate_bits": (2, {"screen", "split", "diagnose", "reference"} | JUDGED),
    "screen.seconds_per_image": (60, {"screen"}),
    "screen.range": ([0, 4095], {"screen", "split"} | PROBED),
    "split.method": (None, NOTHING),  # others are not built; the generated test below sees that they change the key
    "split.validation": (0.25, DOWN["split"]),
    "split.test": (0.25, DOWN["split"]),
    "split.group": ([], {"split", "diagnose", "reference", "report"}),
    "balance.weights": ("none", {"balance"}),
    "balance.explicit": (None, NOTHING),
    "balance.beta": (0.5, {"balance"}),
    "balance.oversample": (None, NOTHING),
    "evaluate.top_k": (2, FROM_EVALUATE),
    "evaluate.unsure_precision": (0.9, FROM_EVALUATE),
    "evaluate.shortcut_images": (10, FROM_EVALUATE),
    "evaluate.views.mirror": (True, FROM_EVALUATE),
    "evaluate.views.shifts": (1, FROM_EVALUATE),
    "evaluate.baseline_images": (10, {"baseline", "report"}),
    "diagnose.enabled": (False, {"diagnose", "report"}),
    "diagnose.images": (10, {"diagnose", "report"}),
    "diagnose.features": ("pixels", {"diagnose", "report"}),
    "evaluate.folds": (2, {"deal", "fold 1", "fold 2", "folds", "diagnose", "report"}),
    "export.formats": (["tfjs"], {"export", "verify"} | FROM_BUNDLE),
    "export.representative_images": (20, {"export", "verify"} | FROM_BUNDLE),
    "export.int8.min_agreement": (0.5, {"export", "verify"} | FROM_BUNDLE),
    "export.int8.max_accuracy_loss": (0.5, {"export", "verify"} | FROM_BUNDLE),
    "export.int8.images": (9, {"export", "verify"} | FROM_BUNDLE),
    "export.int8.minutes": (0, {"export", "verify"} | FROM_BUNDLE),
    "verify.images": (10, {"verify"} | FROM_BUNDLE),
    "verify.max_difference": (0.01, {"verify"} | FROM_BUNDLE),
    "verify.min_agreement_float16": (0.9, {"verify"} | FROM_BUNDLE),
    "verify.min_agreement_quantized": (0.9, {"verify"} | FROM_BUNDLE),
    "verify.max_accuracy_loss": (0.1, {"verify"} | FROM_BUNDLE),
    "gate.min_accuracy": (0.5, JUDGED),
    "gate.min_recall_per_class": (0.5, JUDGED),
    "gate.min_gain": (0.1, JUDGED),
    "gate.max_class_drop": (0.1, JUDGED),
    "gate.max_shortcut_loss": (0.1, JUDGED),
    "gate.min_images": (10, JUDGED),
    "gate.require_verified": (["tfjs"], JUDGED),
    "retrain_when.min_new_share": (0.1, NOTHING),
    "retrain_when.max_age_days": (30, NOTHING),
    "retrain_when.drift": (0.01, NOTHING),
    "retrain_when.drift_images": (50, NOTHING),
    "serve.format": ("tflite-float32", {"bundle", "challenge", "promote"}),
    "track.mlflow": ("sqlite:///x.db", NOTHING),
    "track.tensorboard": (True, NOTHING),
    "image.height": (20, PROBED),
    "image.width": (20, PROBED),
    "image.resize": ("pad", PROBED),
    "image.interpolation": ("nearest", PROBED),
    "augment.background": ({"replace": 0.3}, FROM_TRAIN),
    "augment.rotation": (5, FROM_TRAIN),
    "augment.width_shift": (0.1, FROM_TRAIN),
    "augment.height_shift": (0.1, FROM_TRAIN),
    "augment.shear": (5, FROM_TRAIN),
    "augment.zoom": (0.1, FROM_TRAIN),
    "augment.horizontal_flip": (True, MIRRORED),
    "augment.vertical_flip": (True, FROM_TRAIN),
    "augment.translate": (2, FROM_TRAIN),
    "augment.brightness": ([0.5, 1.5], FROM_TRAIN),
    "augment.contrast": (0.1, FROM_TRAIN),
    "augment.hue": (0.1, FROM_TRAIN),
    "augment.channel_shift": (5, FROM_TRAIN),
    "augment.grey": (0.2, FROM_TRAIN),
    "augment.blur": (0.02, FROM_TRAIN),
    "augment.noise": (10, FROM_TRAIN),
    "augment.jpeg": (40, FROM_TRAIN),
    "augment.random_resolution": ([0.8, 1.2], FROM_TRAIN),
    "augment.magnitude": (0.2, MIRRORED),
    "augment.rand_augment": ({"operations": 1}, FROM_TRAIN),
    "augment.fill": ("wrap", FROM_TRAIN),
    "augment.erasing": ({"probability": 1, "size": 4}, FROM_TRAIN),
    "augment.mixup": (0.2, FROM_TRAIN),
    "augment.cutmix": (1, FROM_TRAIN),
    "train.backbone": (None, NOTHING),  # not without train.cnn; see test_another_network
    "train.weights": ("none", PROBED),
    "train.cnn.0.filters": (8, FROM_TRAIN),
    "train.cnn.0.convolutions": (2, FROM_TRAIN),
    "train.cnn.0.kernel": (5, FROM_TRAIN),
    "train.cnn.0.padding": ("valid", FROM_TRAIN),
    "train.cnn.0.activation": ("gelu", FROM_TRAIN),
    "train.cnn.0.batch_norm": (False, FROM_TRAIN),
    "train.cnn.0.batch_norm_scale": (False, FROM_TRAIN),
    "train.cnn.0.batch_norm_momentum": (0.6, FROM_TRAIN),
    "train.cnn.0.initialization": ("identity", FROM_TRAIN),
    "train.cnn.0.residual": (None, NOTHING),  # not with one convolution; see test_another_network
    "train.cnn.0.whiten": (None, NOTHING),  # not with other filters; see test_another_network
    "train.cnn.0.pool": ("average", FROM_TRAIN),
    "train.cnn.0.pool_position": ("first", FROM_TRAIN),
    "train.cnn.0.dropout": (0.1, FROM_TRAIN),
    "train.head.convolutions": ([{"filters": 8}], FROM_TRAIN),
    "train.head.pooling": ("max", FROM_TRAIN),
    "train.head.dropout": (0.1, FROM_TRAIN),
    "train.head.output_bias": (False, FROM_TRAIN),
    "train.head.output_scale": (0.5, FROM_TRAIN),
    "train.head.dense.0.units": (16, FROM_TRAIN),
    "train.head.dense.0.activation": ("elu", FROM_TRAIN),
    "train.head.dense.0.l2": (0.01, FROM_TRAIN),
    "train.head.dense.0.dropout": (0.1, FROM_TRAIN),
    "train.phases.0.unfreeze": (None, NOTHING),  # test_what_is_unfrozen
    "train.phases.0.batch_norm": (None, NOTHING),  # test_what_is_unfrozen
    "train.phases.0.epochs": (3, FROM_TRAIN),
    "train.phases.0.learning_rate": (0.01, FROM_TRAIN),
    "train.phases.0.optimizer": ("sgd", FROM_TRAIN),
    "train.phases.0.batch": (16, FROM_TRAIN),
    "train.phases.0.decay": (0.5, FROM_TRAIN),
    "train.phases.0.ema_momentum": (0.9, FROM_TRAIN),
    "train.phases.0.momentum": (None, NOTHING),  # test_an_optimizer_and_a_schedule
    "train.phases.0.nesterov": (None, NOTHING),
    "train.phases.0.weight_decay": (0.01, FROM_TRAIN),
    "train.phases.0.bias_rate": (2, FROM_TRAIN),
    "train.phases.0.stage_rate": (None, NOTHING),  # test_what_is_unfrozen
    "train.phases.0.schedule": ("cosine", FROM_TRAIN),
    "train.phases.0.warmup": (0.1, FROM_TRAIN),
    "train.phases.0.start_factor": (None, NOTHING),  # test_an_optimizer_and_a_schedule
    "train.phases.0.end_factor": (None, NOTHING),
    "train.phases.0.early_stopping.monitor": ("loss", FROM_TRAIN),
    "train.phases.0.early_stopping.patience": (3, FROM_TRAIN),
    "train.phases.0.reduce_on_plateau": ({"patience": 2}, FROM_TRAIN),
    "train.label_smoothing": (0.1, FROM_TRAIN),
    "train.focal": (2, FROM_TRAIN),
    "train.teacher": ({"recipe": "cifar10-fast"}, FROM_TRAIN),
    "train.keep": ("val_accuracy", FROM_TRAIN),
    "train.stop_when": ({"accuracy": 0.9, "val_accuracy": 0.9}, FROM_TRAIN),
    "train.time_limit_minutes": (5, FROM_TRAIN),
    "train.views": (2, FROM_TRAIN),
    "train.features_gib": (1, FROM_TRAIN),
    "train.precision": ("float32", FROM_TRAIN),
    "train.threads": (3, PROBED),
    "train.devices": (2, FROM_TRAIN),
}


def _fields(value: Any, path: str = "") -> list[str]:
    """Return every field that a recipe's values hold, lists by their first item; a section that is not set is one."""
    if isinstance(value, BaseModel):
        names = [name for name in type(value).model_fields if path != "source." or getattr(value, name) is not None]
        return [field for name in names for field in _fields(getattr(value, name), f"{path}{name}.")]
    if isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        return _fields(value[0], f"{path}0.")
    return [path.rstrip(".")]


def test_every_field_of_a_recipe_has_an_entry(world: Any) -> None:
    assert set(_fields(world.recipe)) == set(FIELDS)


def _with(recipe: Recipe, path: str, value: Any) -> Recipe:
    values = recipe.model_dump(mode="json")
    target: Any = values
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in way:
        target = target[part]
    target[last] = value
    return parse_recipe(values, "test")


@pytest.mark.parametrize("field", [field for field, (value, _) in FIELDS.items() if value is not None])
def test_another_value_reruns_what_reads_it(shared: Any, field: str) -> None:
    value, expected = FIELDS[field]
    recipe = _with(shared.recipe, field, value)
    assert shared.would_run(recipe) >= expected
    assert shared.run(recipe) == expected
    assert shared.would_run(recipe) == set()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"backbone": "MobileNetV2", "cnn": []}, PROBED),
        ({"cnn": [{"filters": 16}, {"filters": 32}, {"filters": 64}]}, FROM_TRAIN),
        ({"cnn": [{"filters": 8, "convolutions": 2, "residual": True}]}, FROM_TRAIN),
        ({"cnn": [{"filters": 24, "kernel": 2, "whiten": True}]}, FROM_TRAIN),
    ],
)
def test_another_network(shared: Any, changes: dict[str, Any], expected: set[str]) -> None:
    recipe = _with(shared.recipe, "train", shared.recipe.train.model_dump(mode="json") | changes)
    assert shared.run(recipe) == expected


def test_what_is_unfrozen_and_a_weights_file_that_changed(world: Any, tmp_path: Path) -> None:
    weights = tmp_path / "own.weights.h5"
    weights.write_bytes(b"first")
    values = {"backbone": "MobileNetV2", "cnn": [], "weights": str(weights)}
    train = world.recipe.train.model_dump(mode="json") | values
    recipe = _with(world.recipe, "train", train)
    assert world.run(recipe) == PROBED
    assert world.run(recipe) == set()
    some = {**train, "phases": [{**phase, "unfreeze": 3} for phase in train["phases"]]}
    assert world.run(_with(world.recipe, "train", some)) == FROM_TRAIN
    still = {**train, "phases": [{**phase, "batch_norm": "frozen"} for phase in train["phases"]]}
    assert world.run(_with(world.recipe, "train", still)) == FROM_TRAIN
    slow = {**train, "phases": [{**phase, "stage_rate": 0.5} for phase in train["phases"]]}
    assert world.run(_with(world.recipe, "train", slow)) == FROM_TRAIN
    weights.write_bytes(b"other")
    assert world.run(recipe) == PROBED


def test_an_optimizer_and_a_schedule(shared: Any) -> None:
    """Fields that no optimizer or schedule of the recipe has, one by one on top of those that have them."""
    phases = shared.recipe.model_dump(mode="json")["train"]["phases"]
    phases[0]["learning_rate"] = 0.0123  # another test has sgd at the recipe's own
    for field, value in (
        ("optimizer", "sgd"), ("momentum", 0.9), ("nesterov", True), ("schedule", "one-cycle"), ("start_factor", 0.1),
        ("end_factor", 0.1),
    ):  # fmt: skip
        phases[0][field] = value
        assert shared.run(_with(shared.recipe, "train.phases", phases)) == FROM_TRAIN


def test_explicit_weights(shared: Any) -> None:
    weights = {"weights": "explicit", "explicit": {"dark": 1, "bright": 2}}
    recipe = _with(shared.recipe, "balance", shared.recipe.balance.model_dump(mode="json") | weights)
    assert shared.run(recipe) == {"balance"} | FROM_TRAIN


def test_oversampling_instead_of_weights(shared: Any) -> None:
    values = shared.recipe.balance.model_dump(mode="json") | {"weights": "none", "oversample": True}
    assert shared.run(_with(shared.recipe, "balance", values)) == {"balance"}  # the world's classes are equally large


@pytest.mark.parametrize(
    "labels",
    [
        {"pattern": r"(?P<label>[a-z]+)\d"},
        {"table": "a.csv", "file": "f", "label": "l"},
        {"table": "a.csv", "file": "f", "label": "l", "suffix": ".png"},
        {"table": "a.csv", "file": "f", "label": "l", "subset": "s"},
    ],
)
def test_labels_from_elsewhere_are_another_key(shared: Any, labels: dict[str, str]) -> None:
    assert "repair" in shared.would_run(_with(shared.recipe, "labels", labels))


def test_another_split_method_is_another_key(shared: Any) -> None:
    assert "split" in shared.would_run(_with(shared.recipe, "split.method", "keras"))


# -- code --------------------------------------------------------------------------------------------------------------

DOOR = "evergreen/images/door.py"
REPAIR, NAMES, BALANCE = (f"evergreen/datasets/{name}.py" for name in ("repair", "labelling/names", "balance"))
REACH_DOOR = {"screen"} | PROBED


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        pytest.param(NAMES, "_SHORTEST = 5", "_SHORTEST = 6", {"repair"}, id="a constant"),
        pytest.param(DOOR, "if not data:", "if not len(data):", REACH_DOOR, id="a helper"),
        pytest.param(DOOR, "/ 257)", "/ 256)", REACH_DOOR, id="a helper's helper"),
        pytest.param(DOOR, "= MAX_MEGAPIXELS,", "= 40.0,", REACH_DOOR, id="a default argument"),
        pytest.param(NAMES, "def tidy(", "@str\ndef tidy(", {"repair"}, id="a decorator"),
        pytest.param(
            REPAIR, "    renames: pd.DataFrame", "    renames: pd.DataFrame = None", {"repair"}, id="a class attribute"
        ),
        pytest.param("evergreen/reports/report.html.j2", "<h2>", "<h3>", {"report"}, id="a template"),
        pytest.param("evergreen/reports/page.css", "62rem", "60rem", {"report"}, id="a style"),
        pytest.param("evergreen/reports/looking/map.js", "= 24;", "= 25;", {"report"}, id="the page's script"),
        pytest.param(  # a probe that judges labels is calibrated by it too
            "evergreen/judging/calibration.py", "_BINS = 15", "_BINS = 10", {"diagnose"} | FROM_EVALUATE, id="bins"
        ),
        pytest.param(
            "evergreen/vision/formats/runtimes/tfjs_node.mjs",
            "('wasm')",
            "('cpu')",
            {"verify"} | FROM_BUNDLE,
            id="a script",
        ),
        pytest.param(
            "evergreen/reports/browser/web/litert.js",
            "'fp32'",
            "'fp16'",
            {"verify"} | FROM_BUNDLE,
            id="the page's module",
        ),
        pytest.param(
            "evergreen/vision/networks/backbones.py",
            "offset=-1,",
            "offset=-1.5,",
            PROBED,
            id="the network",
        ),
        pytest.param(
            "evergreen/vision/formats/tflite.py",
            "TFLITE_BUILTINS_INT8]",
            "TFLITE_BUILTINS]",
            {"reference", "export", "verify"} | FROM_BUNDLE,  # a reference is what predict answers, for every format
            id="a format",
        ),
        pytest.param(
            "evergreen/sources/archives/members.py",
            "MAX_NAME_BYTES = 255",
            "MAX_NAME_BYTES = 250",
            {"unpack"},
            id="a limit",
        ),
        *(
            pytest.param(f"evergreen/sources/{name}.py", "\ndef ", "\n_NEW = 1\n\n\ndef ", ASKED, id=name)
            for name in ("kinds", "embedded", "local", "http_source", "kaggle_source", "keras_source")
        ),
        pytest.param(BALANCE, '"""Class weights', '"""The class weights', NOTHING, id="a docstring"),
        pytest.param(BALANCE, "    counts =", "    # A comment.\n    counts =", NOTHING, id="a comment"),
        pytest.param(BALANCE, "classes: list[str]", "classes: list", NOTHING, id="an annotation"),
        pytest.param(BALANCE, "1.0)", "1.0 )", NOTHING, id="formatting"),
        pytest.param("evergreen/sections/data.py", "Resampling filter", "The filter", NOTHING, id="a description"),
        pytest.param("evergreen/recipe.py", "indent=2", "indent=4", NOTHING, id="the recipe's module"),
    ],
)
def test_a_change_of_code(world: Any, file: str, old: str, new: str, expected: set[str]) -> None:
    world.edit(file, lambda text: text.replace(old, new, 1))
    assert world.would_run() >= expected
    assert world.run() == expected


@pytest.mark.parametrize(
    ("library", "expected"),
    [
        ("tensorflowjs", {"export", "verify"} | FROM_BUNDLE),
        ("matplotlib", {"report"}),
        ("cleanlab", {"diagnose", "report"}),
        ("tensorflow", PROBED),
        ("ai-edge-litert", {"export", "verify"} | FROM_BUNDLE),
        ("flatbuffers", {"export", "verify"} | FROM_BUNDLE),
        ("mediapipe", {"verify"} | FROM_BUNDLE),
        ("npm:@litertjs/core", {"verify"} | FROM_BUNDLE),
        ("node", {"verify"} | FROM_BUNDLE),
        ("chromium", {"verify"} | FROM_BUNDLE),
        ("prefect", NOTHING),
        ("scikit-learn", {"probe", "acquire", "split", "baseline", "diagnose", "reference"} | FROM_EVALUATE),
        ("scipy", {"split", "baseline", "diagnose", "reference"} | FROM_EVALUATE),
    ],
)
def test_a_version_of_a_library(world: Any, monkeypatch: pytest.MonkeyPatch, library: str, expected: set[str]) -> None:
    real = keys._version
    monkeypatch.setattr(keys, "_version", lambda name: "99" if name == library else real(name))
    assert world.run() == expected


# -- images ------------------------------------------------------------------------------------------------------------


def _replace_keeping_time(photos: Path) -> None:
    path, other = photos / "dark/dark 1.png", photos / "dark/dark 2.png"
    stamp, data = path.stat(), bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(bytes(data) if other.stat().st_size != stamp.st_size else other.read_bytes())
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


def _reorder(photos: Path) -> None:
    for path in sorted(photos.rglob("*.png"), reverse=True):
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data)


def _touch(photos: Path) -> None:
    for path in photos.rglob("*.png"):
        os.utime(path, (5, 5))


def _add(photos: Path) -> None:
    shutil.copy(photos / "dark/dark 1.png", photos / "dark/copy.png")


STORY = {"probe", "acquire", "unpack", "repair", "report"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(_add, ALL, id="one added"),
        pytest.param(lambda photos: (photos / "dark/dark 3.png").unlink(), ALL, id="one removed"),
        pytest.param(
            lambda photos: (photos / "dark/dark 3.png").rename(photos / "bright/dark 3.png"), ALL, id="one relabelled"
        ),
        pytest.param(_replace_keeping_time, ALL, id="one replaced, its size and time kept"),
        pytest.param(_reorder, NOTHING, id="files reordered"),
        pytest.param(_touch, NOTHING, id="files touched"),
        pytest.param(
            lambda photos: (photos / "dark").rename(photos / "d ark"), STORY, id="a folder renamed, same class"
        ),
        pytest.param(lambda photos: (photos / "dark/.DS_Store").write_bytes(b"x"), STORY, id="junk added"),
        pytest.param(
            lambda photos: (photos / "dark/broken.png").write_bytes(b"x"),
            STORY | {"screen", "diagnose"},  # which reads what is quarantined: one picture under two labels
            id="an unreadable one added",
        ),
        pytest.param(lambda photos: (photos / "empty").mkdir(), NOTHING, id="an empty folder added"),
    ],
)
def test_a_change_of_images(world: Any, change: Callable[[Path], Any], expected: set[str]) -> None:
    time.sleep(0.05)
    change(world.photos)
    ran = world.run()
    if expected == ALL:
        # The classes stay balanced or not; their weights are computed again either way.
        assert ran >= ALL - {"balance"}
    else:
        assert ran == expected
    assert world.would_run() == NOTHING


# -- champions ---------------------------------------------------------------------------------------------------------


def test_after_a_first_promotion_nothing_is_left_to_do(world: Any) -> None:
    world.verdict = "promote"
    changed = _with(world.recipe, "gate.min_images", 9)
    assert world.run(changed) == JUDGED
    state = Champions(world.store.root).state("digits")
    assert state.champion
    assert world.would_run(changed) == NOTHING
    assert world.run(changed) == NOTHING
    assert Champions(world.store.root).state("digits") == state
    # A gate that would refuse the champion now takes no title away.
    world.verdict = "rejected"
    assert world.run(_with(world.recipe, "gate.min_images", 8)) == JUDGED
    assert Champions(world.store.root).state("digits").champion == state.champion


def test_another_champion_is_met_and_the_old_comparison_found_again(world: Any) -> None:
    world.verdict = "promote"
    other = _with(world.recipe, "train.phases.0.epochs", 3)
    assert world.run(other) == FROM_TRAIN
    assert world.would_run() == {"challenge", "compare", "promote", "report"}
    world.verdict = "rejected"
    assert world.run() == {"challenge", *JUDGED}
    assert world.would_run() == NOTHING
    assert world.would_run(other) == NOTHING


def test_what_people_decide_about_champions_is_a_reason_to_run_promote(world: Any) -> None:
    champions = Champions(world.store.root)

    def by_hand(event: EventName) -> None:
        state = champions.state("digits")
        assert state.champion
        champions.commit("digits", state, Event(event, state.champion.release, state.champion.model, "by hand"))

    world.verdict = "promote"
    one, two, three = (_with(world.recipe, "train.phases.0.epochs", epochs) for epochs in (3, 4, 5))
    world.run(one)
    first = champions.current("digits")
    world.run(two)
    by_hand("rolled back")
    assert champions.current("digits") == first
    assert world.would_run(two) == {"promote"}
    assert world.run(two) == {"promote"}
    assert champions.current("digits") == first
    assert world.would_run(two) == NOTHING
    by_hand("pinned")
    world.run(three)
    assert champions.current("digits") == first
    assert world.would_run(three) == NOTHING
    by_hand("unpinned")
    assert world.run(three) == {"promote"}
    assert champions.current("digits") != first
    told = [event.event for event in champions.history("digits")]
    assert told[1:] == [  # after the baseline's own
        "promoted", "promoted", "rolled back", "blocked", "pinned", "rejected", "unpinned", "promoted",
    ]  # fmt: skip


# -- places and surroundings -------------------------------------------------------------------------------------------


def test_the_store_moved(world: Any, tmp_path: Path) -> None:
    world.store.root.rename(tmp_path / "moved")
    world.store = type(world.store)(tmp_path / "moved")
    assert world.run() == NOTHING


def test_the_checkout_moved(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world.project.rename(tmp_path / "elsewhere")
    monkeypatch.setattr(keys, "PROJECT", tmp_path / "elsewhere")
    assert world.run() == NOTHING


def test_the_folder_moved(world: Any, tmp_path: Path) -> None:
    world.photos.rename(tmp_path / "pictures")
    ran = world.run(_with(world.recipe, "source.local.path", str(tmp_path / "pictures")))
    assert ran <= {"probe", "acquire", "unpack"}


def test_a_source_beside_it_comes_in_changes_its_order_and_moves(
    world: Any, tmp_path: Path, png: Callable[..., bytes]
) -> None:
    since = tmp_path / "since"
    (since / "bright").mkdir(parents=True)
    (since / "bright/new.png").write_bytes(png(987))
    base = world.recipe.source.model_dump(mode="json")

    def run(*sources: Any) -> set[str]:
        return set(world.run(_with(world.recipe, "source", list(sources))))

    assert run(base) == NOTHING
    came = {"local": {"path": str(since)}}
    assert run(base, came) == DOWN["acquire"] | {"probe"}
    assert run(came, base) == NOTHING
    moved = {"local": {"path": str(since.rename(tmp_path / "elsewhere"))}}
    assert run(base, moved) == {"probe", "acquire", "unpack", "repair", "screen", "report"}
    assert run(base) == NOTHING


@pytest.mark.parametrize(
    "surroundings", [{"TZ": "Asia/Jakarta"}, {"LC_ALL": "C", "LANG": "C"}, {"PYTHONHASHSEED": "7"}, {"PYTHONUTF8": "0"}]
)
def test_other_surroundings(world: Any, surroundings: dict[str, str]) -> None:
    command = [
        str(Path(sys.executable).with_name("evergreen")), "plan", "digits", "--json", "--store", str(world.store.root),
        "--source", str(world.photos), "--set", "repair.classes=[dark, bright]",
        "--set", "split={method: exact, validation: 0.2, test: 0.2}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | surroundings)
    assert {step["name"]: step["state"] for step in json.loads(done.stdout)["steps"]} == dict.fromkeys(ALL, "reused")


# -- damage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["deleted", "cut", "manifest deleted", "record torn"])
@pytest.mark.parametrize("step", [step.name for step in STEPS if step.cached])
def test_a_damaged_artifact_is_a_miss_and_made_again(world: Any, step: str, damage: str) -> None:
    entry = next(entry for entry in plan(world.recipe, world.store) if entry.name == step)
    manifest = world.store.root / "manifests" / entry.output.sha256[:2] / entry.output.sha256
    own = [
        blob for name, blob in world.store.manifest(entry.output.sha256).files.items() if not name.startswith("files/")
    ]
    target = {
        "deleted": world.store.blob_path(own[-1].sha256) if own else manifest,  # a release has no files of its own
        "cut": world.store.blob_path(own[-1].sha256) if own else manifest,
        "manifest deleted": manifest,
        "record torn": world.store.root / "records" / entry.key,
    }[damage]
    target.chmod(0o644)
    if damage.endswith("deleted"):
        target.unlink()
    else:
        target.write_bytes(target.read_bytes()[:-1])
    assert step in world.would_run()
    world.run()
    assert world.would_run() == NOTHING
    again = next(entry for entry in plan(world.recipe, world.store) if entry.name == step)
    assert again.output == entry.output
    assert world.store.damaged(again.output) == []

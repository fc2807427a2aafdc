"""evergreen.vision.training.mirrored: two devices learn what one learns, each time to the same bytes.

The devices are two parts of a processor (``EVERGREEN_LOGICAL_CPUS``), in a process of their own: TensorFlow divides it
before it starts. No GPU has run this.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_teachers import teacher_file
from tiny_training import RECIPE

from evergreen.errors import DevicesMissing
from evergreen.vision.networks import runtime
from evergreen.vision.networks.build import build
from evergreen.vision.training import mirrored

PROJECT = Path(__file__).resolve().parents[4]
Call = tuple[str, list[str], int]

HEAD = "train.head={pooling: average, dense: [{units: 8, activation: leaky_relu, l2: 0.01}]}"
DROPPING = "train.head={pooling: average, dense: [{units: 8, l2: 0.01, dropout: 0.3}]}"
PLAIN, NORM = "train.cnn=[{filters: 4, batch_norm: false}]", "train.cnn=[{filters: 4}]"
# Batches of 5: eight of them, in parts of two images and of three, and one of a single image.
FIVES = "train.phases=[{epochs: 2, learning_rate: 0.02, batch: 5, ema_momentum: 0.5}]"
# Batches of 7: parts of three images and of four, and a last one in even parts.
SEVENS = "train.phases=[{epochs: 2, learning_rate: 0.02, batch: 7}]"


def trained(folder: Path, *calls: Call, devices: int = 2) -> list[dict[str, Any]]:
    """Do some trainings, each a name, settings, and after how many batches it is stopped, in one process."""
    environment = os.environ | {"EVERGREEN_LOGICAL_CPUS": str(devices), "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["PYTHONPATH"] = os.pathsep.join([str(PROJECT), str(PROJECT / "tests/support/networks")])
    command = [sys.executable, "-m", "two_devices", str(folder)]
    ran = subprocess.run(command, env=environment, input=json.dumps(calls), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    found: list[dict[str, Any]] = json.loads(ran.stdout.splitlines()[-1])
    return found


def assert_alike(one: dict[str, Any], other: dict[str, Any], atol: float = 2e-5) -> None:
    """Assert that two trainings have the same losses and weights, but for last digits."""
    assert one["history"].keys() == other["history"].keys()
    for name, values in one["history"].items():
        np.testing.assert_allclose(values, other["history"][name], atol=atol, err_msg=name)
    np.testing.assert_allclose(one["weights"], other["weights"], atol=atol)


def test_two_devices_learn_what_one_does_and_go_on_to_the_same_bytes(tmp_path: Path) -> None:
    settings = [HEAD, PLAIN, FIVES, "train.devices=2"]
    one, two, stopped, resumed = trained(
        tmp_path,
        ("one", [HEAD, PLAIN, FIVES, "unchecked"], 0),
        ("two", [HEAD, PLAIN, FIVES, "train.devices=all"], 0),
        ("resumed", [*settings, "unchecked"], 12),  # in the second epoch
        ("resumed", settings, 0),
    )
    assert_alike(one, two)
    assert one["devices"] is None and two["devices"] == 2
    assert any(line.endswith("on 2 devices") for line in two["said"])
    assert any("2 parts of the processor train together" in line for line in two["said"])
    assert not any("devices" in line for line in one["said"])
    assert "digest" not in stopped
    assert any("going on where it was stopped" in line for line in resumed["said"])
    assert resumed["digest"] == two["digest"]
    assert resumed["history"] == two["history"]


@pytest.mark.soak
def test_what_each_device_draws_is_part_of_a_checkpoint(tmp_path: Path) -> None:
    settings = [DROPPING, PLAIN, SEVENS, "train.devices=2"]
    whole, _, resumed = trained(tmp_path, ("whole", settings, 0), ("other", settings, 8), ("other", settings, 0))
    assert resumed["digest"] == whole["digest"]
    assert resumed["history"] == whole["history"]


@pytest.mark.soak
@pytest.mark.parametrize("devices", [2, 3])
def test_batch_norms_take_their_moments_from_the_whole_batch(tmp_path: Path, devices: int) -> None:
    """Of parts of unequal size too, of averaged weights, and of a batch of fewer images than there are devices."""
    calls: list[Call] = [
        (f"{name} {number}", [HEAD, NORM, phases, f"train.devices={number}"], 0)
        for name, phases in (("fives", FIVES), ("sevens", SEVENS))
        for number in (1, devices)
    ]
    found = trained(tmp_path, *calls, devices=devices)
    assert_alike(found[0], found[1], 1e-4)
    assert_alike(found[2], found[3], 1e-4)


@pytest.mark.soak
@pytest.mark.parametrize(
    "settings",
    [
        [
            "train.cnn=[{filters: 54, convolutions: 1, activation: gelu, whiten: true}]",
            "train.phases=[{epochs: 2, batch: 7, optimizer: adamw, weight_decay: 0.01, bias_rate: 4}]",
            "train.focal=2",
            "train.label_smoothing=0.1",
            "augment={mixup: 0.4, rotation: 20}",
        ],
        [
            "image={height: 32, width: 32}",
            "train.backbone=EfficientNetLite0",
            "train.cnn=[]",
            "train.views=1",
            "train.phases=[{unfreeze: none, epochs: 1, batch: 7}, "
            "{unfreeze: 20, epochs: 1, batch: 7, optimizer: sgd, learning_rate: 0.001, stage_rate: 0.5}]",
        ],
        [
            NORM,
            "train.phases=[{epochs: 2, batch: 7, optimizer: sgd, momentum: 0.9, nesterov: true, schedule: one-cycle}]",
        ],
    ],
)
def test_what_a_recipe_may_ask_of_a_training_holds_for_two_devices(tmp_path: Path, settings: list[str]) -> None:
    one, two = trained(tmp_path, ("one", [HEAD, *settings], 0), ("two", [HEAD, *settings, "train.devices=2"], 0))
    assert_alike(one, two, 1e-4)


@pytest.mark.soak
def test_a_teacher_of_several_devices_teaches_as_one_does(tmp_path: Path) -> None:
    teacher = f"train.teacher={{recipe: [{teacher_file(tmp_path)}]}}"
    settings = [HEAD, PLAIN, SEVENS, teacher, "train.views=2", "augment={rotation: 20}", "train.focal=1"]
    one, two = trained(tmp_path, ("one", settings, 0), ("two", [*settings, "train.devices=2"], 0))
    assert_alike(one, two, 1e-4)
    assert any(line.startswith("teacher big: train.devices: 2 parts") for line in two["said"])


@pytest.mark.soak
def test_the_scale_of_a_loss_in_float16_is_one_for_all_devices(tmp_path: Path) -> None:
    settings = ["mixed", DROPPING, NORM, SEVENS, "train.devices=2"]
    whole, _, resumed = trained(tmp_path, ("whole", settings, 0), ("other", settings, 8), ("other", settings, 0))
    assert resumed["digest"] == whole["digest"]
    assert whole["history"]["loss"][1] < whole["history"]["loss"][0]


def test_a_model_of_one_device_stays_as_it_is() -> None:
    runtime.start()
    model = mirrored.built(1, lambda: build(RECIPE.train, RECIPE.image, 3))
    model.compile("sgd", "categorical_crossentropy")
    mirrored.spread(model)
    assert not {"train_step", "test_step"} & set(vars(model))
    assert runtime.copies(model.weights[0]) == [model.weights[0]]
    with pytest.raises(DevicesMissing, match="expected 4096 GPUs that TensorFlow can use; found none"):
        mirrored.built(4096, lambda: model)

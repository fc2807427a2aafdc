"""evergreen.vision.training.devices: on how many devices a network is trained, and what is said where they lack."""

from pathlib import Path

import pytest

from evergreen.errors import BadRecipe, DevicesMissing
from evergreen.recipe import Recipe, load_recipe
from evergreen.vision.networks import precision
from evergreen.vision.training import devices


def _recipe(number: str) -> Recipe:
    return load_recipe("digits", [f"train.devices={number}"])


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Give the machine three GPUs."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("EVERGREEN_LOGICAL_CPUS", raising=False)
    for name in "abc":
        (tmp_path / name).mkdir()
    monkeypatch.setattr(precision, "_GPUS", tmp_path)
    monkeypatch.setattr(precision, "_has_gpu", lambda: True)
    return monkeypatch


def test_gpus_are_counted_as_they_are_shown_to_tensorflow(machine: pytest.MonkeyPatch) -> None:
    assert devices.chosen(_recipe("all").train) == devices.chosen(_recipe("3").train) == 3
    assert (
        devices.words(_recipe("all").train) == "train.devices: 3 GPUs train together, each on its part of every batch"
    )
    machine.setenv("CUDA_VISIBLE_DEVICES", "2")
    assert devices.words(_recipe("all").train) == "train.devices: all is one here, the GPU"
    with pytest.raises(DevicesMissing, match=r"expected 3 GPUs .*; found 1: .*--set train\.devices=1"):
        devices.chosen(_recipe("3").train)
    machine.delenv("CUDA_VISIBLE_DEVICES")
    machine.setattr(precision, "_GPUS", Path("/nowhere"))
    assert devices.devices_of(_recipe("all").train) == 1  # the driver does not say


def test_a_processor_is_one_device_unless_tests_divide_it(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(precision, "_has_gpu", lambda: False)
    assert devices.chosen(_recipe("all").train) == devices.chosen(load_recipe("digits").train) == 1
    assert devices.words(_recipe("all").train) == "train.devices: all is one here, the processor"
    assert devices.words(load_recipe("digits").train) == ""
    with pytest.raises(DevicesMissing, match="expected 2 GPUs that TensorFlow can use; found none"):
        devices.chosen(_recipe("2").train)
    machine.setenv("EVERGREEN_LOGICAL_CPUS", "2")
    assert devices.chosen(_recipe("all").train) == devices.chosen(_recipe("2").train) == 2
    assert "2 parts of the processor" in devices.words(_recipe("2").train)


def test_no_device_is_without_an_image_of_a_batch() -> None:
    batches = "train.phases=[{epochs: 1, batch: 8}, {epochs: 1, batch: 3}]"
    assert load_recipe("digits", [batches, "train.devices=3"]).train.devices == 3
    with pytest.raises(BadRecipe, match=r"at most the images of a batch, 3 in the smallest phase; received 4"):
        load_recipe("digits", [batches, "train.devices=4"])
    for wrong in ("0", "65", "many"):
        with pytest.raises(BadRecipe, match=r"train\.devices"):
            _recipe(wrong)

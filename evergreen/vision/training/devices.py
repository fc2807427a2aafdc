"""On how many devices a network is trained: known without TensorFlow, for a key asks too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergreen.errors import DevicesMissing
from evergreen.images.processors import LOGICAL_CPUS, logical_cpus
from evergreen.vision.networks.precision import gpus

if TYPE_CHECKING:
    from evergreen.sections.training import Train


def here() -> int:
    """Return how many devices can train on this machine: its GPUs, else the processor (or its parts in tests)."""
    return gpus() or logical_cpus()


def devices_of(train: Train) -> int:
    """Return on how many devices a recipe's network is trained on this machine, whether it has them or not."""
    return here() if train.devices == "all" else train.devices


def missing(train: Train) -> str:
    """Return, in words, that a recipe wants more devices than there are, and what to do; empty if they are here."""
    return too_few(devices_of(train), gpus()) if devices_of(train) > here() else ""


def too_few(wanted: int, found: int) -> str:
    """Say that there are fewer GPUs than are wanted, and what to do."""
    return (
        f"train.devices: expected {wanted} GPUs that TensorFlow can use; found {found or 'none'}: train on a machine "
        f"that has them, or with --set train.devices={max(1, found)} (all: as many as there are). "
        f"{LOGICAL_CPUS} is for tests alone"
    )


def chosen(train: Train) -> int:
    """Return on how many devices a recipe's network is trained.

    Raises:
        DevicesMissing: this machine has fewer.
    """
    if told := missing(train):
        raise DevicesMissing(told)
    return devices_of(train)


def words(train: Train) -> str:
    """Say on what a network is trained; nothing for a recipe that leaves it at one device."""
    number = devices_of(train)
    kind = "GPU" if gpus() else "part of the processor"
    if number > 1:
        plural = f"{number} {kind}s" if gpus() else f"{number} parts of the processor"
        return f"train.devices: {plural} train together, each on its part of every batch"
    return f"train.devices: all is one here, the {kind if gpus() else 'processor'}" if train.devices == "all" else ""
